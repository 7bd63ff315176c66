import { randomUUID } from 'node:crypto';
import type { Handler, WorkDeps } from '../handlers.ts';
import { purgeBatches } from './purge-batches.ts';
import { everyPage, type PurgeDeps, type PurgeStep } from './purge-deps.ts';
import { purgeLogos } from './purge-logos.ts';
import { purgeOrphans } from './purge-orphans.ts';
import { purgeRecords } from './purge-records.ts';
import { purgeRenders } from './purge-renders.ts';

/** A job works about so long; the rest is another's, behind the sweeps that have come to the queue meanwhile. */
const jobMs = 5000;

const purgeIdempotency: PurgeStep = ({ database, now, onPurged }, hasTime) =>
  everyPage(1000, hasTime, async (limit) => {
    const count = await database.idempotency.purgeExpired(now(), limit);
    if (count > 0) onPurged('idempotency records', count);
    return count;
  });

/** Batches first: they are the largest. Logos behind renders, which may have been the last to have them. */
const steps: readonly PurgeStep[] = [purgeBatches, purgeRenders, purgeLogos, purgeIdempotency, purgeRecords];

const purgeExpired: PurgeStep = async (deps, hasTime) => {
  for (const step of steps) if (!(await step(deps, hasTime))) return false;
  return true;
};

/** Removes everything whose time is over and every orphan, to the last. May run beside the jobs, and again after a crash. */
export async function purgeEverything(deps: PurgeDeps): Promise<void> {
  const always = (): boolean => true;
  await purgeExpired(deps, always);
  await purgeOrphans(deps, null, always);
}

type JobDeps = Omit<PurgeDeps, 'onPurged'> & Pick<WorkDeps, 'queues' | 'log'>;

/** A purge that fails is not tried again: the next hour's does its work. */
async function withinItsTime(deps: JobDeps, purge: (deps: PurgeDeps, hasTime: () => boolean) => Promise<void>) {
  const counts: Record<string, number> = {};
  const onPurged: PurgeDeps['onPurged'] = (what, count) => {
    counts[what] = (counts[what] ?? 0) + count;
  };
  const until = performance.now() + jobMs;
  try {
    await purge({ ...deps, onPurged }, () => performance.now() < until);
    return { verdict: 'done' as const };
  } catch (error) {
    deps.log.warn({ err: error }, 'this purge did not come to its end');
    return { verdict: 'failed' as const, error: error instanceof Error ? error : new Error(String(error)) };
  } finally {
    if (Object.keys(counts).length > 0) deps.log.info({ purged: counts }, 'what had outlived its time is removed');
  }
}

/** Removes what has outlived its time: batches, images, renders, logos, idempotency records, records of changes, days of use. */
export function createPurge(deps: JobDeps): Handler<'purge'> {
  return () =>
    withinItsTime(deps, async (purgeDeps, hasTime) => {
      if (await purgeExpired(purgeDeps, hasTime)) return;
      await deps.queues.add([{ name: 'purge', payload: {}, jobId: `purge-${randomUUID()}` }]);
    });
}

/** Removes objects that no row owns. */
export function createPurgeOrphans(deps: JobDeps): Handler<'purge-orphans'> {
  return ({ after }) =>
    withinItsTime(deps, async (purgeDeps, hasTime) => {
      const next = await purgeOrphans(purgeDeps, after, hasTime);
      if (next === null) return;
      await deps.queues.add([
        { name: 'purge-orphans', payload: { after: next }, jobId: `purge-orphans-${randomUUID()}` },
      ]);
    });
}
