import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { distinctSpec, type RenderAnswer } from '../support/client.ts';
import { loadWithWrk } from './load.ts';
import { withService } from './service.ts';
import { withRedis } from './with-redis.ts';

const inFlight = 64;
const seconds = 6;
const rounds = 3;
const bareKoa = fileURLToPath(new URL('./bare-koa.js', import.meta.url));

/** Compares the GET of a finished image with bare Koa that answers the same bytes from one Redis GET, taking turns. */
export async function cached(): Promise<void> {
  await withService({ WORKER_PROCESSES: '1' }, async (service) => {
    const client = await service.client();
    const answer = await client.post('/v1/renders', distinctSpec(), { prefer: 'wait=10' });
    const { id } = (await answer.json()) as RenderAnswer;
    const bytes = await client.image(id);
    await withRedis(async (redisUrl) => {
      const redis = new Redis(redisUrl);
      await redis.set('image', bytes);
      redis.disconnect();
      const child = fork(bareKoa, [redisUrl, 'image']);
      const [{ port }] = (await once(child, 'message')) as [{ port: number }];
      try {
        await compare(`http://127.0.0.1:${port}/`, `${client.baseUrl}/v1/renders/${id}/image`, bytes.length);
      } finally {
        child.disconnect();
      }
    });
  });
}

async function compare(floorUrl: string, ourUrl: string, sizeBytes: number): Promise<void> {
  console.log(`${inFlight} in flight, an image of ${sizeBytes} bytes, ${seconds} s a round`);
  for (const url of [floorUrl, ourUrl]) await loadWithWrk(url, { inFlight, seconds: 2 });
  const ratios: number[] = [];
  for (let round = 1; round <= rounds; round++) {
    const floor = await loadWithWrk(floorUrl, { inFlight, seconds });
    const ours = await loadWithWrk(ourUrl, { inFlight, seconds });
    if (ours.failures > 0) throw new Error(`${ours.failures} requests were not answered with the image`);
    const ratio = ours.requestsPerSecond / floor.requestsPerSecond;
    ratios.push(ratio);
    console.log(
      `round ${round}: bare Koa + Redis GET ${floor.requestsPerSecond.toFixed(0)}/s, cached image ` +
        `${ours.requestsPerSecond.toFixed(0)}/s (p99 ${ours.latencyMs.p99} ms), ratio ${(ratio * 100).toFixed(0)} %`,
    );
  }
  const median = ratios.sort((a, b) => a - b)[rounds >> 1] ?? 0;
  console.log(`median ratio ${(median * 100).toFixed(0)} % (aim: ≥ 90 %)`);
}
