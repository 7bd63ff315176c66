import { bullmqAddAndWait } from './bullmq-baseline.ts';
import { loadWithWrk, postDistinctRenders } from './load.ts';
import { withService } from './service.ts';
import { withRedis } from './with-redis.ts';

const inFlight = 64;
const seconds = 10;
/** Until the processes' hot code is compiled; BullMQ's bare loop gets the same. */
const warmUpSeconds = 15;
const workers = 2;
const concurrency = 4;
const sizePx = 300;
const rounds = 3;

/**
 * Compares submit-and-wait over HTTP, every render another one, with BullMQ's bare add-and-wait and an empty processor: the same
 * number of workers and in flight, taking turns.
 */
export async function render(): Promise<void> {
  console.log(
    `${inFlight} in flight, ${workers} worker processes × ${concurrency}, ${sizePx} px, ${seconds} s a round`,
  );
  const ratios: number[] = [];
  for (let round = 1; round <= rounds; round++) {
    const floor = await withRedis((url) =>
      bullmqAddAndWait(url, { workers, concurrency, inFlight, warmUpSeconds, seconds }),
    );
    const ours = await withService(
      { WORKER_PROCESSES: String(workers), WORKER_CONCURRENCY: String(concurrency) },
      async (service) => {
        const key = await service.apiKey();
        const load = (seconds: number) =>
          loadWithWrk(`http://127.0.0.1:${service.port}`, {
            inFlight,
            seconds,
            script: postDistinctRenders(key, sizePx),
          });
        await load(warmUpSeconds);
        return load(seconds);
      },
    );
    if (ours.failures > 0) throw new Error(`${ours.failures} requests were not answered with a completed render`);
    ratios.push(ours.requestsPerSecond / floor);
    const { p50, p95, p99 } = ours.latencyMs;
    console.log(
      `round ${round}: BullMQ add-and-wait ${floor.toFixed(0)}/s, renders ${ours.requestsPerSecond.toFixed(0)}/s ` +
        `(p50 ${p50} ms, p95 ${p95} ms, p99 ${p99} ms), ratio ${((ratios.at(-1) ?? 0) * 100).toFixed(0)} %`,
    );
  }
  const median = ratios.sort((a, b) => a - b)[rounds >> 1] ?? 0;
  console.log(`median ratio ${(median * 100).toFixed(0)} % (aim: ≥ 120 %)`);
}
