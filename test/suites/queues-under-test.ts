import { Redis } from 'ioredis';
import { afterAll, afterEach, expect, vi } from 'vitest';
import { type RunningJob, startJobWorker, type Verdict } from '../../shared/adapters/job-worker.ts';
import { connectQueues, type Queues } from '../../shared/adapters/queues.ts';
import type { QueueName } from '../../shared/contract/jobs.ts';
import { createLog } from '../../shared/log.ts';
import { uniquePrefix } from '../support/servers.ts';

const log = createLog('test', 'silent');

/** Queues and workers on the Redis at `url()`: what a test opens is closed after it, and every key removed at the end. */
export function queuesUnderTest(url: () => string) {
  const closers: (() => Promise<void>)[] = [];
  const prefixes: string[] = [];
  let prefix = '';

  const newPrefix = (): void => {
    prefix = uniquePrefix();
    prefixes.push(prefix);
  };
  const connect = async (): Promise<Queues> => {
    const queues = await connectQueues({ url: url(), prefix }, log);
    closers.push(() => queues.close());
    return queues;
  };
  const work = async (
    queue: QueueName,
    process: (job: RunningJob) => Promise<Verdict>,
    options: { concurrency?: number; lockMs?: number; stalledCheckMs?: number } = {},
  ) => {
    const worker = await startJobWorker({
      queue,
      redis: { url: url(), prefix },
      concurrency: 4,
      log,
      process,
      ...options,
    });
    closers.push(() => worker.close({ graceMs: 2000 }));
    return worker;
  };
  const raw = async <Answer>(ask: (redis: Redis) => Promise<Answer>): Promise<Answer> => {
    const redis = new Redis(url());
    try {
      return await ask(redis);
    } finally {
      redis.disconnect();
    }
  };
  const gone = async (queues: Queues, queue: QueueName, jobId: string): Promise<void> => {
    await vi.waitFor(async () => expect(await queues.liveJobs(queue, [jobId])).toEqual(new Set()), { timeout: 20_000 });
  };

  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });
  afterAll(() =>
    raw(async (redis) => {
      for (const used of prefixes) {
        for await (const keys of redis.scanStream({ match: `${used}*`, count: 1000 }))
          if (keys.length > 0) await redis.unlink(keys);
      }
    }),
  );

  return { newPrefix, connect, work, raw, gone, prefix: () => prefix };
}
