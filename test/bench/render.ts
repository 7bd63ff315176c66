import { bullmqAddAndWait, koaAddAndWait } from './bullmq-baseline.ts';
import { type LoadResult, loadWithWrk, postDistinctRenders } from './load.ts';
import { withService } from './service.ts';

const load = {
  inFlight: 64,
  seconds: 10,
  /** Until the processes' hot code is compiled. */
  warmUpSeconds: 15,
  workers: 2,
  concurrency: 4,
};
const sizePx = 300;
const rounds = 3;

/**
 * Compares submit-and-wait over HTTP, every render another one, with BullMQ's add-and-wait and an empty processor, first in a bare
 * loop, which has no HTTP and adds all jobs that ended together at once, then behind bare Koa: the same number of workers and in
 * flight, taking turns.
 */
export async function render(): Promise<void> {
  const { inFlight, workers, concurrency, seconds } = load;
  console.log(
    `${inFlight} in flight, ${workers} worker processes × ${concurrency}, ${sizePx} px, ${seconds} s a round`,
  );
  const ratios: { bare: number; koa: number }[] = [];
  for (let round = 1; round <= rounds; round++) {
    const bare = await bullmqAddAndWait(load);
    const koa = await koaAddAndWait(load, sizePx);
    const ours = await ourRenders();
    for (const { failures } of [koa, ours])
      if (failures > 0) throw new Error(`${failures} requests were not answered with a completed render`);
    const ratio = { bare: ours.requestsPerSecond / bare, koa: ours.requestsPerSecond / koa.requestsPerSecond };
    ratios.push(ratio);
    console.log(
      `round ${round}: BullMQ add-and-wait ${bare.toFixed(0)}/s, behind bare Koa ${told(koa)}, renders ${told(ours)}, ` +
        `ratio ${percent(ratio.bare)}, to bare Koa ${percent(ratio.koa)}`,
    );
  }
  const median = (of: 'bare' | 'koa') => ratios.map((ratio) => ratio[of]).sort((a, b) => a - b)[rounds >> 1] ?? 0;
  console.log(`median ratio ${percent(median('bare'))} (aim: ≥ 120 %), to bare Koa ${percent(median('koa'))}`);
}

function ourRenders(): Promise<LoadResult> {
  const { inFlight, seconds, warmUpSeconds, workers, concurrency } = load;
  const env = { WORKER_PROCESSES: String(workers), WORKER_CONCURRENCY: String(concurrency) };
  return withService(env, async (service) => {
    const key = await service.apiKey();
    const post = (time: number) =>
      loadWithWrk(`http://127.0.0.1:${service.port}`, {
        inFlight,
        seconds: time,
        script: postDistinctRenders(key, sizePx),
      });
    await post(warmUpSeconds);
    return post(seconds);
  });
}

function told({ requestsPerSecond, latencyMs: { p50, p95, p99 } }: LoadResult): string {
  return `${requestsPerSecond.toFixed(0)}/s (p50 ${p50} ms, p95 ${p95} ms, p99 ${p99} ms)`;
}

function percent(ratio: number): string {
  return `${(ratio * 100).toFixed(0)} %`;
}
