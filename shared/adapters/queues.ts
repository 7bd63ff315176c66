import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { type JobName, type JobPayload, jobs, type QueueName, queueNames } from '../contract/jobs.ts';
import { unavailable } from '../errors.ts';
import type { Log } from '../log.ts';
import { createAnnouncements } from './announcements.ts';
import { jobOptionsOf, queuePrefix, racedQueues, serialQueues } from './job-options.ts';
import { closeRedis, firstOutcome, openRedis, redisUnavailable } from './redis-connection.ts';
import { monitorRedis, type RedisMonitor, type RedisState } from './redis-monitor.ts';
import { type QueueScripts, queueScripts } from './redis-scripts.ts';

/** `delayMs`: the job rests on its queue for so long first. `isNew`: its id was made for it, so that none can have failed under it. */
export type NewJob = {
  [Name in JobName]: { name: Name; payload: JobPayload<Name>; jobId: string; delayMs?: number; isNew?: true };
}[JobName];

/** New work is refused above this share of Redis' memory: a full one could not move the jobs it has. */
const fullShare = 0.8;

/** So many jobs or ids go in one command, so that no command outlasts the time it has. */
const chunkSize = 500;

export type Queues = Awaited<ReturnType<typeof connectQueues>>;

/**
 * Connects the producers' side of all queues. Redis away is no error: `state()` says so, calls fail within about a second,
 * and the connection comes back by itself.
 */
export async function connectQueues(redis: { url: string; prefix: string }, log: Log) {
  const producer = openRedis(redis.url, 'producer', { name: 'queues', log });
  const monitor = monitorRedis(producer, log);
  const scripts = queueScripts(producer);
  const queues = openQueues(producer, redis.prefix, log);
  const announcements = createAnnouncements(producer, redis, log);
  await firstOutcome(producer);
  await monitor.check();

  return {
    /**
     * Puts jobs on their queues, in one round trip up to 500 of them. A job whose id lives already is left as it is; one that
     * failed under this id before is put to work again, with all its attempts.
     *
     * @throws AppError `unavailable`: `queue_full` when Redis has no memory left, else `queue_unavailable`. Some of the jobs may
     * have been added, or be added later still; adding them again is harmless.
     */
    add: (newJobs: NewJob[]): Promise<void> => addJobs({ producer, queues, scripts }, newJobs),

    /** Which of the jobs are waiting, delayed, prioritized or active; the others have ended, failed or never were. */
    liveJobs: (queue: QueueName, jobIds: string[]): Promise<Set<string>> =>
      findLiveJobs(scripts, queues.get(queue) as Queue, jobIds),

    /** True when Redis is new or was emptied since the last claim, in whichever process: then whoever got true sweeps everything. */
    async claimEpoch(): Promise<boolean> {
      const claim = producer.set(`${redis.prefix}:epoch`, new Date().toISOString(), 'NX');
      return (await answerOf('Could not ask for the epoch', claim)) === 'OK';
    },

    ...announcements.said,

    state: (): RedisState => monitor.state(),
    assertAcceptsWork: (): void => assertAcceptsWork(monitor),

    async close(): Promise<void> {
      monitor.stop();
      await announcements.close();
      for (const queue of queues.values()) await queue.close();
      await closeRedis(producer);
    },
  };
}

/**
 * BullMQ's queues on one connection. They neither wait for it nor ask it anything at first: their waiting, once it had failed, would
 * fail every later call too.
 */
function openQueues(producer: Redis, prefix: string, log: Log): Map<QueueName, Queue> {
  const open = (name: QueueName): Queue => {
    const queue = new Queue(name, {
      connection: producer,
      prefix: queuePrefix(prefix),
      skipVersionCheck: true,
      skipWaitingForReady: true,
      skipMetasUpdate: true,
      defaultJobOptions: jobOptionsOf(name),
    });
    queue.on('error', (error) => log.debug({ queue: name, reason: error.message }, 'queue error')); // the connection's log says it
    return queue;
  };
  return new Map(queueNames.map((name) => [name, open(name)]));
}

type AddDeps = { producer: Redis; queues: Map<QueueName, Queue>; scripts: QueueScripts };

async function addJobs(deps: AddDeps, newJobs: NewJob[]): Promise<void> {
  for (const { jobId } of newJobs) {
    if (!/^(?!\d+$)[^:]+$/.test(jobId)) throw new Error(`Job id ${jobId}: expected no ":" and not only digits`);
  }
  for (const chunk of chunks(newJobs)) {
    const names = [...new Set(chunk.map(({ name }) => jobs[name].queue))];
    const adding = names.map((queue) =>
      addToQueue(
        deps,
        queue,
        chunk.filter(({ name }) => jobs[name].queue === queue),
      ),
    );
    await answerOf(`Could not add ${newJobs.length} job(s)`, Promise.all(adding));
  }
}

/** All of it is written to the socket in this order without waiting, so it costs one round trip. */
async function addToQueue({ producer, queues, scripts }: AddDeps, name: QueueName, newJobs: NewJob[]): Promise<void> {
  const queue = queues.get(name) as Queue;
  const known = newJobs.filter(({ isNew }) => isNew !== true).map(({ jobId }) => jobId);
  await Promise.all([
    known.length > 0 ? scripts.forgetFailed(queue.keys, known) : null,
    // With every job, not once at start: when Redis is emptied the limit goes with the jobs, and comes back with them.
    serialQueues.has(name) ? producer.hset(queue.keys.meta as string, 'concurrency', 1) : null,
    addToBullmq(queue, newJobs),
    // Adding it woke whoever waited longest, and took the marker; this wakes the next, who would else be woken by the first.
    racedQueues.has(name) ? producer.zadd(queue.keys.marker as string, 0, '0') : null,
  ]);
}

/** A pipeline for one job costs several times the job: ioredis defines BullMQ's five dozen scripts on each anew. */
async function addToBullmq(queue: Queue, newJobs: NewJob[]): Promise<void> {
  const added = newJobs.map(({ name, payload, jobId, delayMs = 0 }) => ({
    name,
    data: payload,
    opts: { jobId, delay: delayMs },
  }));
  const [first] = added;
  if (first && added.length === 1) await queue.add(first.name, first.data, first.opts);
  else await queue.addBulk(added);
}

async function findLiveJobs(scripts: QueueScripts, queue: Queue, jobIds: string[]): Promise<Set<string>> {
  const asked = Promise.all(chunks(jobIds).map((chunk) => scripts.liveJobs(queue.keys, chunk)));
  return new Set((await answerOf(`Could not look up ${jobIds.length} job(s)`, asked)).flat());
}

function assertAcceptsWork(monitor: RedisMonitor): void {
  const { reachable, memoryShare } = monitor.state();
  if (!reachable) throw unavailable('queue_unavailable', 'The queue does not answer at present: try again shortly');
  if (memoryShare !== null && memoryShare > fullShare)
    throw unavailable('queue_full', 'The queue is full at present: try again when some work is done', undefined, 5);
}

async function answerOf<Answer>(what: string, asked: Promise<Answer>): Promise<Answer> {
  try {
    return await asked;
  } catch (error) {
    throw redisUnavailable(what, error);
  }
}

function chunks<Item>(items: Item[]): Item[][] {
  const count = Math.ceil(items.length / chunkSize);
  return Array.from({ length: count }, (_, index) => items.slice(index * chunkSize, (index + 1) * chunkSize));
}
