import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';

export type RenderAnswer = {
  id: string;
  status: string;
  spec: Record<string, unknown>;
  encodedText: string;
  image: { url: string; sha256: string; sizeBytes: number; contentType: string; width: number } | null;
  error: { code: string; detail: string; pointer: string | null } | null;
  [field: string]: unknown;
};

export type Client = ReturnType<typeof createClient>;

/** Speaks to a running API as a caller would. */
export function createClient(baseUrl: string, apiKey: string) {
  const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
  return {
    baseUrl,
    authorization: headers.authorization,
    get: (path: string, more: Record<string, string> = {}) =>
      fetch(`${baseUrl}${path}`, { headers: { authorization: headers.authorization, ...more } }),
    post: (path: string, body: unknown, more: Record<string, string> = {}) =>
      fetch(`${baseUrl}${path}`, { method: 'POST', headers: { ...headers, ...more }, body: JSON.stringify(body) }),
    async render(id: string): Promise<RenderAnswer> {
      const answer = await fetch(`${baseUrl}/v1/renders/${id}`, { headers });
      if (answer.status !== 200) throw new Error(`GET of ${id}: ${answer.status} ${await answer.text()}`);
      return (await answer.json()) as RenderAnswer;
    },
    async image(id: string): Promise<Buffer> {
      const answer = await fetch(`${baseUrl}/v1/renders/${id}/image`);
      if (answer.status !== 200) throw new Error(`GET of ${id}'s image: ${answer.status} ${await answer.text()}`);
      return Buffer.from(await answer.arrayBuffer());
    },
  };
}

/** A URL spec that no other test has asked for. */
export function distinctSpec(more: Record<string, unknown> = {}): Record<string, unknown> {
  return { content: { type: 'url', url: `https://example.com/${randomBytes(8).toString('hex')}` }, ...more };
}

/** Asks again and again until `probe` answers something other than null, undefined or false. */
export async function eventually<Found>(
  what: string,
  probe: () => Promise<Found | null | undefined | false>,
  timeoutMs = 60_000,
): Promise<Found> {
  const deadline = Date.now() + timeoutMs;
  let last: unknown = null;
  while (Date.now() < deadline) {
    try {
      const found = await probe();
      if (found) return found;
    } catch (error) {
      last = error;
    }
    await pause(100);
  }
  throw new Error(`Not within ${timeoutMs} ms: ${what}`, { cause: last });
}

/** Runs `work` over all items, `width` at a time, answers in the items' order. */
export async function inParallel<Item, Result>(
  items: Item[],
  width: number,
  work: (item: Item, index: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = new Array(items.length);
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++;
      results[index] = await work(items[index] as Item, index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, lane));
  return results;
}
