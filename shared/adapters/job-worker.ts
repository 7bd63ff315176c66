import { setTimeout as delay } from 'node:timers/promises';
import { type Job, UnrecoverableError, Worker } from 'bullmq';
import type { QueueName } from '../contract/jobs.ts';
import type { Log } from '../log.ts';
import { queuePrefix, retryDelayMs } from './job-options.ts';
import { closeRedis, openRedis } from './redis-connection.ts';

/** How far the run got that got furthest, in steps of its own, and how often the job had stalled by then. */
export type Reached = { step: number; stalls: number };

export type RunningJob = {
  id: string;
  name: string;
  /** As it came from the queue: to be checked. */
  payload: unknown;
  /** How often a process that ran this job died or was blocked for long; 0 on a job's normal way. */
  stalls: number;
  /** What was noted last; it lasts as long as the count of stalls. Null: nothing was. */
  reached: Reached | null;
  /** Notes how far this run got, for those that run the job after its process died; without waiting, as it may be lost. */
  noteReached: (reached: Reached) => void;
  /** 1, 2 … */
  attempt: number;
  /** Whether the job is given up after this attempt if it asks for another. */
  lastAttempt: boolean;
};

export type Verdict = { verdict: 'done' } | { verdict: 'retry'; error: Error } | { verdict: 'failed'; error: Error };

export type JobWorker = {
  /** Takes no jobs until `goOn`, but for one at most that it waits for already. */
  rest(): void;
  goOn(): void;
  close(options: { graceMs: number }): Promise<void>;
};

type JobWorkerOptions = {
  queue: QueueName;
  redis: { url: string; prefix: string };
  /** Jobs at the same time in this process. */
  concurrency: number;
  log: Log;
  /** Runs a job, at least once, perhaps more often. A throw counts as `retry`. */
  process: (job: RunningJob) => Promise<Verdict>;
  /** A job whose process has not renewed its lock for so long has stalled. Default 10 s. */
  lockMs?: number;
  /** How often stalled jobs are looked for. Default 5 s. */
  stalledCheckMs?: number;
};

/** Time for storing the result of what has just ended, when closing. */
const settleMs = 500;

/** Pause of a worker that Redis, out of memory, gives no job. */
const fullPauseMs = 1000;

/**
 * Runs the jobs of one queue until it is closed. Redis away, frozen, restarted or emptied is waited out, at start too.
 *
 * `retry` puts the job back with backoff until its attempts are used up; `failed` ends it at once. A stalled job runs again,
 * however often, with `stalls` counted.
 */
export async function startJobWorker(options: JobWorkerOptions): Promise<JobWorker> {
  const { queue, redis, log } = options;
  const connection = openRedis(redis.url, 'worker', { name: `worker-${queue}`, log });
  let running = 0;
  const worker = new Worker(
    queue,
    async (job: Job) => {
      running++;
      try {
        await runJob(job, options.process);
      } finally {
        running--;
      }
    },
    {
      connection,
      prefix: queuePrefix(redis.prefix),
      concurrency: options.concurrency,
      lockDuration: options.lockMs ?? 10_000,
      stalledInterval: options.stalledCheckMs ?? 5000,
      // One crash stalls every job of its process; failing the innocent is not BullMQ's to decide.
      maxStalledCount: Number.MAX_SAFE_INTEGER,
      runRetryDelay: 1000,
      settings: { backoffStrategy: retryDelayMs },
    },
  );
  reportErrors(worker, queue, log);

  return {
    rest: () => void worker.pause(true),
    goOn: () => {
      if (!worker.closing) void worker.resume();
    },

    /**
     * Takes no more jobs, but for one at most that it waits for already, and waits for those under way, `graceMs` at most; what is not
     * done then stalls and runs elsewhere.
     */
    async close({ graceMs }) {
      const closing = worker.close();
      // Nothing to wait for, and BullMQ would wait for Redis.
      const idle = running === 0 && connection.status !== 'ready';
      const inTime = await Promise.race([
        closing.then(() => true),
        delay(idle ? settleMs : graceMs, false, { ref: false }),
      ]);
      if (!inTime) {
        if (running > 0) log.warn({ queue, running }, 'jobs were still running when time was up: they will stall');
        await abandon(worker, closing);
      }
      await closeRedis(connection);
    },
  };
}

async function runJob(job: Job, process: JobWorkerOptions['process']): Promise<void> {
  const attempt = job.attemptsMade + 1;
  const result = await process({
    id: job.id ?? '',
    name: job.name,
    payload: job.data,
    stalls: job.stalledCounter,
    reached: reachedOf(job.progress),
    noteReached: (reached) => void job.updateProgress(reached).catch(() => undefined),
    attempt,
    lastAttempt: attempt >= (job.opts.attempts ?? 1),
  });
  if (result.verdict === 'retry') throw result.error;
  if (result.verdict === 'failed') throw new UnrecoverableError(result.error.message);
}

function reachedOf(progress: Job['progress']): Reached | null {
  const { step, stalls } = Object(progress) as Partial<Reached>;
  return typeof step === 'number' && typeof stalls === 'number' ? { step, stalls } : null;
}

/** Logs messages only, since an error of Redis carries the whole command; a message that repeats is told once in ten seconds. */
function reportErrors(worker: Worker, queue: QueueName, log: Log): void {
  const toldAt = new Map<string, number>();
  worker.on('error', (error) => {
    if (isConnectionLoss(error)) return; // the connection's own log says so, once
    if (/\bOOM\b/.test(error.message)) void pauseWhileFull(worker);
    const now = performance.now();
    if (now - (toldAt.get(error.message) ?? -Infinity) < 10_000) return;
    if (toldAt.size > 100) toldAt.clear();
    toldAt.set(error.message, now);
    log.warn({ queue, reason: error.message }, 'worker error');
  });
  worker.on('stalled', (jobId) => log.warn({ queue, jobId }, 'job stalled'));
  worker.on('failed', (job, error) => {
    const attempt = job?.attemptsMade;
    log.debug({ queue, jobId: job?.id, job: job?.name, attempt, reason: error.message }, 'job attempt failed');
  });
}

function isConnectionLoss(error: NodeJS.ErrnoException): boolean {
  return error.code?.startsWith('E') === true || /^(Connection is closed|Socket timeout)/.test(error.message);
}

/** BullMQ asks again at once when it was refused a job, thousands of times a second. */
async function pauseWhileFull(worker: Worker): Promise<void> {
  if (worker.isPaused()) return;
  await worker.pause(true);
  await delay(fullPauseMs, undefined, { ref: false });
  if (!worker.closing) await worker.resume();
}

/** Cuts the worker off from Redis: nothing it still does is stored, no lock is renewed. */
async function abandon(worker: Worker, closing: Promise<void>): Promise<void> {
  closing.catch(() => undefined); // it fails for want of the connection that is cut here
  await worker.getBackend().close(true); // `worker.close(true)` would only join the close that waits
}
