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
