import { Queue } from 'bullmq';
import { queueNames } from '../contract/jobs.ts';
import type { Log } from '../log.ts';
import { jobOptionsOf, queuePrefix } from './job-options.ts';
import { closeRedis, firstOutcome, openRedis } from './redis-connection.ts';

export type BoardQueue = Queue;

export type BoardQueues = { queues: readonly BoardQueue[]; close(): Promise<void> };

/**
 * Opens every queue for the eyes and hands of an operator, on a connection of its own: emptying a long queue may take seconds, and
 * no request is to wait behind it. Redis away is no error.
 */
export async function openBoardQueues(redis: { url: string; prefix: string }, log: Log): Promise<BoardQueues> {
  const connection = openRedis(redis.url, 'operator', { name: 'board', log });
  const queues = queueNames.map((name) => {
    const queue = new Queue(name, {
      connection,
      prefix: queuePrefix(redis.prefix),
      skipVersionCheck: true,
      skipWaitingForReady: true,
      skipMetasUpdate: true,
      defaultJobOptions: jobOptionsOf(name),
    });
    queue.on('error', (error) => log.debug({ queue: name, reason: error.message }, 'queue error')); // the connection's log says it
    return queue;
  });
  await firstOutcome(connection);
  return {
    queues,
    async close() {
      for (const queue of queues) await queue.close();
      await closeRedis(connection);
    },
  };
}

export type QueueFacts = {
  /** Jobs by state: waiting, active, delayed, failed. */
  counts: Record<'waiting' | 'active' | 'delayed' | 'failed', number>;
  /** Since when the oldest waiting job has been due, ms since 1970; null when none waits. */
  oldestDueAt: number | null;
  isPaused: boolean;
};

/** Asks how a queue stands. */
export async function factsOf(queue: BoardQueue): Promise<QueueFacts> {
  const [counts, isPaused, oldest] = await Promise.all([
    queue.getJobCounts('waiting', 'prioritized', 'active', 'delayed', 'failed'),
    queue.isPaused(),
    queue.getJobs(['waiting', 'prioritized'], 0, 0, true),
  ]);
  const { waiting = 0, prioritized = 0, active = 0, delayed = 0, failed = 0 } = counts;
  // A job that ended meanwhile is undefined.
  const due = oldest.flatMap((job) => (job ? [job.timestamp + (job.delay ?? 0)] : []));
  return {
    counts: { waiting: waiting + prioritized, active, delayed, failed },
    oldestDueAt: due.length === 0 ? null : Math.min(...due),
    isPaused,
  };
}
