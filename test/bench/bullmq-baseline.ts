import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Queue, QueueEvents } from 'bullmq';
import { Redis } from 'ioredis';

const workerFile = fileURLToPath(new URL('./bullmq-worker.js', import.meta.url));

/** Measures BullMQ's own add-and-wait with an empty processor, jobs per second. */
export async function bullmqAddAndWait(
  redisUrl: string,
  {
    workers,
    concurrency,
    inFlight,
    warmUpSeconds,
    seconds,
  }: { workers: number; concurrency: number; inFlight: number; warmUpSeconds: number; seconds: number },
): Promise<number> {
  const children = Array.from({ length: workers }, () => fork(workerFile, [redisUrl, String(concurrency)]));
  await Promise.all(children.map((child) => once(child, 'message')));
  const connection = new Redis(redisUrl, { maxRetriesPerRequest: null });
  const queue = new Queue('empty', { connection });
  const eventsConnection = connection.duplicate();
  const events = new QueueEvents('empty', { connection: eventsConnection, lastEventId: '0' });
  queue.setMaxListeners(0); // each job that is waited for adds one
  await events.waitUntilReady();

  let finished = 0;
  const start = Date.now() + warmUpSeconds * 1000;
  const end = start + seconds * 1000;
  const addAndWait = async (): Promise<void> => {
    while (Date.now() < end) {
      const job = await queue.add('empty', { ids: ['rnd_0123456789'] }, { removeOnComplete: { count: 1000 } });
      await job.waitUntilFinished(events, 30_000);
      if (Date.now() >= start) finished++;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, addAndWait));
  const rate = finished / ((Date.now() - start) / 1000);

  await events.close();
  await queue.close();
  for (const child of children) child.disconnect();
  await Promise.all(children.map((child) => once(child, 'exit')));
  connection.disconnect();
  eventsConnection.disconnect();
  return rate;
}
