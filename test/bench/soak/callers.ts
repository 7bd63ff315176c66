import { randomBytes } from 'node:crypto';
import sharp from 'sharp';
import type { Shot } from './steady-load.ts';

const smallestPx = 100;
const largestPx = 2000;
/** Below this a logo of usual size leaves no symbol that readers read. */
const smallestWithLogoPx = 300;

/** Makes so many keys of the role `write`. */
export async function makeKeys(base: string, operatorKey: string, count: number): Promise<string[]> {
  const make = async (_: unknown, index: number): Promise<string> => {
    const answer = await fetch(`${base}/v1/keys`, {
      method: 'POST',
      headers: { authorization: `Bearer ${operatorKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ name: `soak ${index + 1}`, role: 'write' }),
    });
    if (answer.status !== 201) throw new Error(`POST /v1/keys: ${answer.status} ${await answer.text()}`);
    return ((await answer.json()) as { key: string }).key;
  };
  return Promise.all(Array.from({ length: count }, make));
}

export async function uploadLogo(base: string, key: string): Promise<string> {
  const picture = sharp({ create: { width: 400, height: 300, channels: 4, background: '#c02020' } });
  const answer = await fetch(`${base}/v1/logos`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'image/png' },
    body: new Uint8Array(await picture.png().toBuffer()),
  });
  if (answer.status !== 201) throw new Error(`POST /v1/logos: ${answer.status} ${await answer.text()}`);
  return ((await answer.json()) as { id: string }).id;
}

/** Renders that nobody has asked for before: sizes spread evenly over 100…2000 px, every fifth with a logo, keys in turn. */
export function mixedRenders(keys: readonly string[], logoId: string): (number: number) => Shot {
  const run = randomBytes(6).toString('hex');
  return (number) => {
    const hasLogo = number % 5 === 0;
    const least = hasLogo ? smallestWithLogoPx : smallestPx;
    // The golden ratio's multiples fall evenly, in no order.
    const size = least + Math.round(((number * 0.618033988749895) % 1) * (largestPx - least));
    const spec = {
      content: { type: 'url', url: `https://example.com/${run}/${number}` },
      size,
      ...(hasLogo && { logo: { id: logoId } }),
    };
    return { path: '/v1/renders', key: keys[number % keys.length] as string, body: JSON.stringify(spec) };
  };
}
