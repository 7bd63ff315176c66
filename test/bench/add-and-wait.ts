import { Queue, QueueEvents } from 'bullmq';
import { Redis } from 'ioredis';

/** Opens BullMQ's own way to have something done: `addAndWait` resolves when a worker has finished the job that it added. */
export async function openAddAndWait(
  redisUrl: string,
): Promise<{ addAndWait(): Promise<void>; close(): Promise<void> }> {
  const connection = new Redis(redisUrl, { maxRetriesPerRequest: null });
  const queue = new Queue('empty', { connection });
  const eventsConnection = connection.duplicate();
  const events = new QueueEvents('empty', { connection: eventsConnection, lastEventId: '0' });
  queue.setMaxListeners(0); // each job that is waited for adds one
  await events.waitUntilReady();
  return {
    async addAndWait() {
      const job = await queue.add('empty', { ids: ['rnd_0123456789'] }, { removeOnComplete: { count: 1000 } });
      await job.waitUntilFinished(events, 30_000);
    },
    async close() {
      await events.close();
      await queue.close();
      connection.disconnect();
      eventsConnection.disconnect();
    },
  };
}
