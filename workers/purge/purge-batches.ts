import { changeBatch, isOver } from '../../shared/adapters/change-batch.ts';
import type { Batch } from '../../shared/adapters/database/batch-store.ts';
import { batchPrefix } from '../../shared/domain/batches/batch-ids.ts';
import { inParallel } from '../in-parallel.ts';
import { dayMs, everyPage, type PurgeDeps, type PurgeStep } from './purge-deps.ts';

/** So long after a batch expired its objects go: a download that began in time has come to its end, whatever clocks say. */
const graceMs = 3_600_000;
/** The record stays: it says what the batch came to, and that it is over. */
const recordKeepDays = 400;

const batchesAtOnce = 20;
const rowsAtOnce = 500;
const recordsAtOnce = 500;
const objectsAtOnce = 500;
const removedAtOnce = 16;

/** Removes the file, images, archive, rows and chunks of expired batches, and records of those that went long ago. */
export const purgeBatches: PurgeStep = async (deps, hasTime) => {
  const { batches } = deps.database;
  const before = deps.now() - graceMs;
  for (let isMore = true; isMore; ) {
    const expired = await batches.expired({ before, limit: batchesAtOnce });
    for (const batch of expired) {
      const settled = await settle(deps, batch, before);
      if (settled === null) continue;
      if (!(await removeAll(deps, settled, hasTime))) return false;
    }
    isMore = expired.length === batchesAtOnce;
    if (isMore && !hasTime()) return false;
  }
  return everyPage(recordsAtOnce, hasTime, async (limit) => {
    const count = await batches.removePurged(deps.now() - recordKeepDays * dayMs, limit);
    if (count > 0) deps.onPurged('batch records', count);
    return count;
  });
};

/** Notes what the batch came to, in a write that loses against a retry and ends all of them; null: it is not expired any more. */
async function settle({ database }: PurgeDeps, { id, finalCounts }: Batch, before: number): Promise<Batch | null> {
  const { batches } = database;
  const counts = finalCounts ?? (await batches.countRows(id));
  const settled = await changeBatch(batches, id, (batch) => {
    const isExpired = isOver(batch) && batch.expiresAt !== null && batch.expiresAt < before;
    return isExpired && batch.finalCounts === null ? { finalCounts: counts } : null;
  });
  return settled?.finalCounts == null ? null : settled;
}

async function removeAll(deps: PurgeDeps, { id }: Batch, hasTime: () => boolean): Promise<boolean> {
  const { batches } = deps.database;
  if (!(await everyPage(objectsAtOnce, hasTime, (limit) => removeObjects(deps, id, limit)))) return false;
  while (!(await batches.removeRows(id, rowsAtOnce))) if (!hasTime()) return false;
  await changeBatch(batches, id, ({ purgedAt }) => (purgedAt === null ? { purgedAt: deps.now() } : null));
  deps.onPurged('batches', 1);
  return true;
}

async function removeObjects({ objects }: PurgeDeps, batchId: string, limit: number): Promise<number> {
  const keys: string[] = [];
  for await (const key of objects.list(batchPrefix(batchId))) if (keys.push(key) === limit) break;
  await inParallel(keys, removedAtOnce, (key) => objects.remove(key));
  return keys.length;
}
