import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { openAddAndWait } from './add-and-wait.ts';
import { type LoadResult, loadWithWrk, postDistinctRenders } from './load.ts';
import { withRedis } from './with-redis.ts';

export type BaselineLoad = {
  workers: number;
  concurrency: number;
  inFlight: number;
  warmUpSeconds: number;
  seconds: number;
};

const workerFile = fileURLToPath(new URL('./bullmq-worker.js', import.meta.url));
const bareKoa = fileURLToPath(new URL('./bare-koa-queue.js', import.meta.url));

/** Measures BullMQ's own add-and-wait with an empty processor, jobs per second, in a loop of one process. */
export function bullmqAddAndWait(load: BaselineLoad): Promise<number> {
  const { inFlight, warmUpSeconds, seconds } = load;
  return withWorkers(load, async (redisUrl) => {
    const { addAndWait, close } = await openAddAndWait(redisUrl);
    let finished = 0;
    const start = Date.now() + warmUpSeconds * 1000;
    const end = start + seconds * 1000;
    const again = async (): Promise<void> => {
      while (Date.now() < end) {
        await addAndWait();
        if (Date.now() >= start) finished++;
      }
    };
    await Promise.all(Array.from({ length: inFlight }, again));
    const rate = finished / ((Date.now() - start) / 1000);
    await close();
    return rate;
  });
}

/** Measures the same behind bare Koa, asked over HTTP for the renders that the service is asked for. */
export function koaAddAndWait(load: BaselineLoad, sizePx: number): Promise<LoadResult> {
  const { inFlight, warmUpSeconds, seconds } = load;
  return withWorkers(load, async (redisUrl) => {
    const child = fork(bareKoa, [redisUrl]);
    const [{ port }] = (await once(child, 'message')) as [{ port: number }];
    const post = (time: number) =>
      loadWithWrk(`http://127.0.0.1:${port}`, { inFlight, seconds: time, script: postDistinctRenders('', sizePx) });
    try {
      await post(warmUpSeconds);
      return await post(seconds);
    } finally {
      child.disconnect();
    }
  });
}

function withWorkers<Result>(
  { workers, concurrency }: BaselineLoad,
  measure: (redisUrl: string) => Promise<Result>,
): Promise<Result> {
  return withRedis(async (redisUrl) => {
    const children = Array.from({ length: workers }, () => fork(workerFile, [redisUrl, String(concurrency)]));
    await Promise.all(children.map((child) => once(child, 'message')));
    try {
      return await measure(redisUrl);
    } finally {
      for (const child of children) child.disconnect();
      await Promise.all(children.map((child) => once(child, 'exit')));
    }
  });
}
