import { endTask, parseTask, retryTask, startTask, wakeLanes, zipTask } from '../../shared/adapters/batch-tasks.ts';
import { changeBatch, isCutShort, isOver } from '../../shared/adapters/change-batch.ts';
import type { Batch, BatchEnd } from '../../shared/adapters/database/batch-store.ts';
import { relayJob } from '../../shared/adapters/delivery-jobs.ts';
import type { BatchDeps } from './batch-deps.ts';
import { onTask, type TaskRun } from './on-task.ts';

const dayMs = 86_400_000;

/** Rows that are cancelled in one write. */
const cancelledAtOnce = 500;

/**
 * Ends a batch whose rows have all ended: has its archive made, and when every part is there, ends it. Of one that was cancelled, or
 * could not be read, it cancels what has not begun before, and waits until what runs has stopped; one that could not be read has
 * no archive. The write that ends it marks its end as to be told.
 */
export function createEndBatch(deps: BatchDeps) {
  const { batches } = deps.database;
  const run: TaskRun['run'] = async ({ batchId }) => {
    const batch = await batches.find(batchId ?? '');
    if (batch === null || isOver(batch) || (await isBeingRead(deps, batch))) return { verdict: 'done' };
    if (isCutShort(batch)) await cancelRows(deps, batch, 'queued');
    if (await batches.hasOpenChunk(batch.id)) {
      await wakeLanes(deps, batch.tenantId);
      return { verdict: 'done' };
    }
    if (isCutShort(batch)) await cancelRows(deps, batch, 'running');
    const { queued, running } = await batches.countRows(batch.id);
    if (queued + running > 0)
      throw new Error(`The batch ${batch.id} has ${queued + running} open rows and no open chunk`);
    const missing = await missingParts(deps, batch);
    for (const part of missing) await startTask(deps, zipTask(batch, part));
    if (missing.length === 0) await end(deps, batch);
    return { verdict: 'done' };
  };
  /** A chunk or a part may have ended while this task was still open, and found nothing to start. */
  const afterwards: TaskRun['afterwards'] = async ({ batchId }) => {
    const batch = await batches.find(batchId ?? '');
    if (batch === null || isOver(batch) || (await isBeingRead(deps, batch))) return;
    if ((await batches.hasOpenChunk(batch.id)) || (await isBeingZipped(deps, batch))) return;
    await startTask(deps, endTask(batch));
  };
  return onTask(deps, { run, afterwards });
}

/** Whether rows may still come: whoever reads them starts the end when he is done. */
async function isBeingRead({ database }: BatchDeps, batch: Batch): Promise<boolean> {
  const { batches } = database;
  if ((await batches.findTask(parseTask(batch).id)) !== null || (await batches.findTask(retryTask(batch).id)) !== null)
    return true;
  return !batch.isParsed && batch.cancelledAt === null && batch.error === null;
}

/** Numbers of the parts that this run has still to make. */
async function missingParts(
  { database, batches: settings }: BatchDeps,
  { id, error, parts }: Batch,
): Promise<number[]> {
  if (error !== null) return [];
  const count = Math.ceil((await database.batches.lastRow(id)) / settings.rowsPerPart);
  const made = new Set(parts.map(({ part }) => part));
  return Array.from({ length: count }, (_, index) => index + 1).filter((part) => !made.has(part));
}

/** Whether a part is being made: whoever makes it starts the end when it is there. */
async function isBeingZipped(deps: BatchDeps, batch: Batch): Promise<boolean> {
  for (const part of await missingParts(deps, batch))
    if ((await deps.database.batches.findTask(zipTask(batch, part).id)) !== null) return true;
  return false;
}

async function cancelRows(
  { database, way, now }: BatchDeps,
  { id }: Batch,
  status: 'queued' | 'running',
): Promise<void> {
  while ((await database.batches.cancelRows(id, { status, limit: cancelledAtOnce, now: now() })) > 0)
    await way.giveWay();
}

async function end({ database, queues, batches: settings, log, now }: BatchDeps, { id, run }: Batch): Promise<void> {
  const counts = await database.batches.countRows(id);
  const ended = await changeBatch(database.batches, id, (batch) => {
    if (isOver(batch) || batch.run !== run) return null;
    const { error, startedAt } = batch;
    const at = now();
    const status = error !== null ? 'failed' : batch.cancelledAt !== null ? 'cancelled' : 'completed';
    const archive = error === null && batch.parts.length > 0 ? batch.parts : null;
    const expiresAt = at + settings.keepDays * dayMs;
    const last: BatchEnd = { status, at, asItWas: { startedAt, archive, expiresAt, error, counts } };
    return { status, archive, completedAt: at, expiresAt, untold: [...batch.untold, last], toBeTold: true };
  });
  if (ended === null) return;
  log.info({ requestId: ended.requestId, batchId: id, status: ended.status }, 'batch ended');
  await queues
    .announceEnded([id])
    .catch((err: unknown) => log.warn({ err, batchId: id }, 'ended batch: no message to those who wait'));
  await queues
    .add([relayJob()])
    .catch((err: unknown) => log.warn({ err, batchId: id }, 'ended batch: no relay queued, the timer adds one'));
}
