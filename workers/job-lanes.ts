import { type JobWorker, startJobWorker } from '../shared/adapters/job-worker.ts';
import type { QueueName } from '../shared/contract/jobs.ts';

/** A `pool` process draws whatever comes; a `suspect` process draws what may crash it, and nothing else. */
export type WorkerKind = 'pool' | 'suspect';

/** Attempts to call webhooks that a process has under way: they wait for others and cost next to nothing meanwhile. */
const webhookConcurrency = 48;

type Lane = { queue: QueueName; concurrency: number; lockMs: number; stalledCheckMs: number };

/**
 * A job takes milliseconds; a lock that was not renewed for this long belongs to a process that is dead or hangs. Suspects
 * are given less, because a crash is what they are expected to do.
 */
function lanesOf(kind: WorkerKind, concurrency: number): Lane[] {
  if (kind === 'suspect') return [{ queue: 'suspect', concurrency: 1, lockMs: 5000, stalledCheckMs: 2000 }];
  const times = { lockMs: 10_000, stalledCheckMs: 5000 };
  return [
    // A job carries up to 32 renders: two fill each other's pauses, and more would wait here for what another process could begin.
    { queue: 'renders', concurrency: Math.ceil(concurrency / 2), ...times },
    { queue: 'logos', concurrency: 1, ...times },
    { queue: 'maintenance', concurrency: 1, ...times },
    { queue: 'scans', concurrency, ...times },
    { queue: 'roll-ups', concurrency: 1, ...times },
    // One of each at a time: batches fill what single renders leave (right-of-way.ts).
    { queue: 'batches', concurrency: 1, ...times },
    { queue: 'batch-rows', concurrency: 1, ...times },
    { queue: 'events', concurrency: 1, ...times },
    { queue: 'webhooks', concurrency: webhookConcurrency, ...times },
  ];
}

type Options = Pick<Parameters<typeof startJobWorker>[0], 'redis' | 'log' | 'process'> & {
  kind: WorkerKind;
  /** WORKER_CONCURRENCY: what the lanes make of it differs. */
  concurrency: number;
};

export type JobLanes = {
  /** Those that do batch work. */
  batches: JobWorker[];
  /**
   * From now on no lane takes jobs, but for one at most that it waits for already; those in hand are finished, `graceMs` at most for all
   * of them together: then they stall and run elsewhere.
   */
  close(options: { graceMs: number }): Promise<void>;
};

/** Starts to work on every queue of a kind of process, each with as many jobs at a time as suits it. */
export async function startJobLanes({ kind, concurrency, ...shared }: Options): Promise<JobLanes> {
  const lanes = await Promise.all(
    lanesOf(kind, concurrency).map(async (lane) => ({ ...lane, worker: await startJobWorker({ ...lane, ...shared }) })),
  );
  return {
    batches: lanes.filter(({ queue }) => queue === 'batches' || queue === 'batch-rows').map(({ worker }) => worker),
    async close(options) {
      const closed = await Promise.allSettled(lanes.map(({ worker }) => worker.close(options)));
      const failures = closed.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
      if (failures.length > 0) throw new AggregateError(failures, 'Some job workers could not be closed');
    },
  };
}
