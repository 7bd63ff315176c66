import { randomUUID } from 'node:crypto';
import type { OpenWork } from '../shared/adapters/database/database.ts';
import type { NewJob } from '../shared/adapters/queues.ts';
import { maxRendersPerJob, type QueueName } from '../shared/contract/jobs.ts';
import { sweepBatches } from './batches/sweep-batches.ts';
import { sweepTasks } from './batches/sweep-tasks.ts';
import type { Handler, WorkDeps } from './handlers.ts';
import { suspectJobId } from './suspects.ts';

const everyMs = 10_000;
/** Work queued later than this ago is left alone: it may be on its way from its row to its queue. */
const untouchedMs = 30_000;
const pageSize = 500;

type SweepDeps = Pick<WorkDeps, 'database' | 'queues' | 'log' | 'now'>;
type Requeued = { id: string; jobId: string; suspect: boolean };
type SweptStore = {
  name: string;
  queue: QueueName;
  store: {
    openWork(query: {
      before: number;
      limit: number;
      after: { queuedAt: number; id: string } | null;
    }): Promise<OpenWork[]>;
    requeue(rows: Requeued[], now: number): Promise<void>;
  };
  maxPerJob: number;
  jobOf: (ids: string[], jobId: string) => NewJob;
  suspectJobOf: (id: string, jobId: string) => NewJob;
};

/**
 * Adds a sweep every 10 s, with an id of the time slot, so that the processes of a deployment add one between them. The
 * timers live in the processes because Redis may be emptied. Returns how to stop it.
 */
export function startSweeping({ queues, log, now }: SweepDeps): () => void {
  const add = (): void => {
    const jobId = `sweep-${Math.floor(now() / everyMs)}`;
    queues
      .add([{ name: 'sweep', payload: {}, jobId }])
      .catch((err: unknown) => log.warn({ err }, 'no sweep could be queued this time'));
  };
  let timer = setTimeout(function next() {
    add();
    timer = setTimeout(next, untilNextSlot(now()));
  }, untilNextSlot(now()));
  return () => clearTimeout(timer);
}

function untilNextSlot(now: number): number {
  return everyMs - (now % everyMs);
}

/**
 * Puts open rows that have no live job back on their queues: those queued over 30 s ago, or all of them when Redis was
 * emptied. Rows whose jobs merely wait are left alone. Each row names its new job, durably, before that is added.
 *
 * A sweep that fails is not tried again: the next slot's does its work.
 */
export function createSweep(deps: SweepDeps): Handler<'sweep'> {
  const stores = sweptStores(deps);
  return async () => {
    try {
      const emptied = await deps.queues.claimEpoch();
      if (emptied) deps.log.warn('Redis is new or was emptied: every open row is looked at');
      const before = emptied ? deps.now() + 1 : deps.now() - untouchedMs;
      for (const swept of stores) await sweepStore(deps, swept, before);
      await sweepTasks(deps, before);
      await sweepBatches(deps);
      return { verdict: 'done' };
    } catch (error) {
      deps.log.warn({ err: error }, 'this sweep did not come to its end');
      return { verdict: 'failed', error: error instanceof Error ? error : new Error(String(error)) };
    }
  };
}

function sweptStores({ database }: SweepDeps): SweptStore[] {
  return [
    {
      name: 'logos',
      queue: 'logos',
      store: database.logos,
      maxPerJob: 1,
      jobOf: ([logoId = ''], jobId) => ({ name: 'check-logo', payload: { logoId }, jobId }),
      suspectJobOf: (logoId, jobId) => ({ name: 'check-suspect-logo', payload: { logoId }, jobId }),
    },
    {
      name: 'renders',
      queue: 'renders',
      store: database.renders,
      maxPerJob: maxRendersPerJob,
      jobOf: (renderIds, jobId) => ({ name: 'render-codes', payload: { renderIds }, jobId }),
      suspectJobOf: (renderId, jobId) => ({ name: 'render-suspect', payload: { renderId }, jobId }),
    },
  ];
}

async function sweepStore({ queues, log, now }: SweepDeps, swept: SweptStore, before: number): Promise<void> {
  let after: { queuedAt: number; id: string } | null = null;
  let requeued = 0;
  for (;;) {
    const page: OpenWork[] = await swept.store.openWork({ before, limit: pageSize, after });
    const lost = await withoutLiveJob(queues, swept.queue, page);
    if (lost.length > 0) {
      const { rows, jobs } = newJobs(swept, lost);
      await swept.store.requeue(rows, now());
      await queues.add(jobs);
      requeued += lost.length;
    }
    const last = page.at(-1);
    if (last === undefined || page.length < pageSize) break;
    after = { queuedAt: last.queuedAt, id: last.id };
  }
  if (requeued > 0) log.warn({ requeued }, `open ${swept.name} had no job and were queued again`);
}

async function withoutLiveJob(queues: SweepDeps['queues'], queue: QueueName, rows: OpenWork[]): Promise<OpenWork[]> {
  const alive = async (name: QueueName, suspect: boolean): Promise<Set<string>> => {
    const ids = new Set(rows.filter((row) => row.suspect === suspect).map(({ jobId }) => jobId));
    return ids.size === 0 ? ids : queues.liveJobs(name, [...ids]);
  };
  const [ordinary, suspects] = await Promise.all([alive(queue, false), alive('suspect', true)]);
  return rows.filter(({ jobId, suspect }) => !(suspect ? suspects : ordinary).has(jobId));
}

function newJobs(swept: SweptStore, lost: OpenWork[]): { rows: Requeued[]; jobs: NewJob[] } {
  const suspects = lost
    .filter(({ suspect }) => suspect)
    .map(({ id }) => ({ id, jobId: suspectJobId(id), suspect: true }));
  const ordinary = lost.filter(({ suspect }) => !suspect).map(({ id }) => id);
  const rows: Requeued[] = [...suspects];
  const jobs: NewJob[] = suspects.map(({ id, jobId }) => swept.suspectJobOf(id, jobId));
  for (let start = 0; start < ordinary.length; start += swept.maxPerJob) {
    const ids = ordinary.slice(start, start + swept.maxPerJob);
    const jobId = `swept-${randomUUID()}`;
    rows.push(...ids.map((id) => ({ id, jobId, suspect: false })));
    jobs.push(swept.jobOf(ids, jobId));
  }
  return { rows, jobs };
}
