import { expect } from 'vitest';
import { type Client, distinctSpec, eventually, inParallel, type RenderAnswer } from './client.ts';

/** Posts `count` renders that nobody has asked for before, without waiting, and answers the accepted ids. */
export async function acceptRenders(
  client: Client,
  count: number,
  spec: (index: number) => Record<string, unknown> = () => distinctSpec(),
): Promise<string[]> {
  const indices = Array.from({ length: count }, (_, index) => index);
  return inParallel(indices, 32, async (index) => {
    const answer = await client.post('/v1/renders', spec(index), { prefer: 'respond-async' });
    if (answer.status !== 202 && answer.status !== 200)
      throw new Error(`POST /v1/renders: ${answer.status} ${await answer.text()}`);
    return ((await answer.json()) as RenderAnswer).id;
  });
}

/** Waits until every render has ended and answers them in the order of `ids`. */
export async function whenAllEnded(client: Client, ids: string[], timeoutMs = 120_000): Promise<RenderAnswer[]> {
  const ended = new Map<string, RenderAnswer>();
  await eventually(
    `${ids.length} renders end`,
    async () => {
      const open = ids.filter((id) => !ended.has(id));
      await inParallel(open, 16, async (id) => {
        const render = await client.render(id);
        if (render.status === 'completed' || render.status === 'failed') ended.set(id, render);
      });
      return ended.size === new Set(ids).size;
    },
    timeoutMs,
  );
  return ids.map((id) => ended.get(id) as RenderAnswer);
}

/** Expects every render to be completed and its object to be there, whole. */
export async function expectAllCompleted(client: Client, ids: string[], timeoutMs?: number): Promise<RenderAnswer[]> {
  const renders = await whenAllEnded(client, ids, timeoutMs);
  expect(renders.filter(({ status }) => status !== 'completed').map(({ id, error }) => ({ id, error }))).toEqual([]);
  await inParallel(renders, 16, async (render) => {
    const answer = await client.get(`/v1/renders/${render.id}/image`);
    expect(answer.status).toBe(200);
    expect((await answer.arrayBuffer()).byteLength).toBe(render.image?.sizeBytes);
  });
  return renders;
}
