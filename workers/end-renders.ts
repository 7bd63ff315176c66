import type { Outcome, RenderResult, RenderRow } from '../shared/adapters/database/database.ts';
import type { RenderOutcome } from '../shared/adapters/database/webhook-store.ts';
import { relayJob } from '../shared/adapters/delivery-jobs.ts';
import { imageKey } from '../shared/domain/object-key.ts';
import { groupCommit } from '../shared/group-commit.ts';
import type { WorkDeps } from './handlers.ts';

/** A render that has ended; `bytes` are its image's, already in the object store, or null when it failed. */
export type EndedRender = { row: RenderRow; outcome: Outcome<RenderResult>; bytes: Buffer | null };

export type EndRenders = (ended: EndedRender[]) => Promise<void>;

/** Jobs of one process whose ends go into one write. */
const maxGroup = 16;

/**
 * Returns a function that writes how renders ended and tells whoever waits for them. Jobs that end side by side share one
 * write to the database, one to the cache and one message.
 *
 * When it returns, the rows say how they ended; only power loss could undo that, and then they are drawn and ended again. Cache
 * and message may be lost: both only make it faster.
 */
export function createEndRenders(
  deps: Pick<WorkDeps, 'database' | 'objects' | 'queues' | 'imageCache' | 'log' | 'tally'>,
): EndRenders {
  const sizes = deps.tally.histogram('qrfactory_group_size', { group: 'ends' });
  const finish = groupCommit<EndedRender[], Set<string>>(
    async (jobs) => {
      const told = await deps.database.renders.end(await withWishes(deps, jobs.flat()));
      if (told.some(({ toTell }) => toTell)) void relay(deps);
      const ids = new Set(told.map(({ id }) => id));
      return jobs.map(() => ids);
    },
    { maxGroup, observe: (size) => sizes.observe(size) },
  );
  const tell = groupCommit<EndedRender[], null>(
    async (jobs) => {
      await tellEnded(deps, jobs.flat());
      return jobs.map(() => null);
    },
    { maxGroup },
  );
  return async (ended) => {
    if (ended.length === 0) return;
    const finished = await finish(ended);
    await tell(ended.filter(({ row }) => finished.has(row.id)));
    await removeUnowned(
      deps,
      ended.filter(({ row, bytes }) => bytes !== null && !finished.has(row.id)),
    );
  };
}

/** Says of each end whether an endpoint wants to be told: asked anew each time, so that one that was just made misses nothing. */
async function withWishes({ database }: Pick<WorkDeps, 'database'>, ended: EndedRender[]): Promise<RenderOutcome[]> {
  const wanted = await database.webhooks.wantedEvents(ended.map(({ row }) => row.tenantId));
  if (wanted.size === 0) return ended.map(({ outcome }) => outcome);
  return ended.map(({ row, outcome }) => {
    const type = outcome.error === null ? 'render.completed' : 'render.failed';
    return { isWanted: wanted.get(row.tenantId)?.has(type) ?? false, ...outcome };
  });
}

/** The marks stand in the rows: without this job the timer's does the work. */
async function relay({ queues, log }: Pick<WorkDeps, 'queues' | 'log'>): Promise<void> {
  await queues.add([relayJob()]).catch((err: unknown) => log.warn({ err }, 'ended renders: no relay queued'));
}

async function tellEnded(
  { queues, imageCache, log }: Pick<WorkDeps, 'queues' | 'imageCache' | 'log'>,
  ended: EndedRender[],
): Promise<void> {
  if (ended.length === 0) return;
  const images = ended.flatMap(({ row, bytes }) => (bytes === null ? [] : [{ id: row.id, bytes }]));
  const lost = (what: string) => (err: unknown) =>
    log.warn({ err, renders: ended.length }, `ended renders: no ${what}`);
  // Bytes first, so that whoever is woken finds them.
  await imageCache.put(images).catch(lost('cached images'));
  const ends = ended.map(({ row, outcome }) => ({ jobId: row.jobId, ...outcome }));
  await queues
    .announceEnded(
      ended.map(({ row }) => row.id),
      ends,
    )
    .catch(lost('message to those who wait'));
}

/** Removes the objects of rows that were deleted while they were drawn; those that another run ended keep theirs. */
async function removeUnowned({ database, objects }: Pick<WorkDeps, 'database' | 'objects'>, drawn: EndedRender[]) {
  if (drawn.length === 0) return;
  const kept = new Set((await database.renders.findMany(drawn.map(({ row }) => row.id))).map(({ id }) => id));
  for (const { row } of drawn) {
    if (!kept.has(row.id)) await objects.remove(imageKey(row.id, row.spec.format));
  }
}
