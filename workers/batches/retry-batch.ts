import { endTask, retryTask, startTask, wakeLanes } from '../../shared/adapters/batch-tasks.ts';
import { changeBatch, isOver } from '../../shared/adapters/change-batch.ts';
import type { Batch, BatchRow } from '../../shared/adapters/database/batch-store.ts';
import { batchChunkId } from '../../shared/domain/batches/batch-ids.ts';
import type { BatchDeps } from './batch-deps.ts';
import { onTask, type TaskRun } from './on-task.ts';
import { rowsPerChunk } from './parse-batch.ts';

/** Chunks of a later run are numbered from here on, times the run, by their first row. */
const runStep = 10_000_000;

/** Puts the rows that failed in earlier runs into chunks of this one. What could not be read stays failed. */
export function createRetryBatch(deps: BatchDeps) {
  const { batches } = deps.database;
  const run: TaskRun['run'] = async ({ batchId }) => {
    const batch = await batches.find(batchId ?? '');
    if (batch === null || isOver(batch) || batch.isParsed) return { verdict: 'done' };
    // Before any row is put back: a run that was cut off has counted already, and what it put back is failed no more.
    if (batch.endedBefore === batch.file.rowCount) {
      let again = 0;
      for await (const rows of groupsToRetry(deps, batch)) again += rows.length;
      const endedBefore = batch.file.rowCount - again;
      await changeBatch(batches, batch.id, (found) => (isOver(found) ? null : { endedBefore }));
    }
    for await (const rows of groupsToRetry(deps, batch)) await retryGroup(deps, batch, rows);
    await changeBatch(batches, batch.id, (found) => (isOver(found) ? null : { isParsed: true }));
    return { verdict: 'done' };
  };
  const afterwards: TaskRun['afterwards'] = async (task) => {
    const batch = await batches.find(task.batchId ?? '');
    // It was put to run again between the look and the closing of this task.
    const isLeft = batch !== null && !isOver(batch) && !batch.isParsed;
    await startTask(deps, (isLeft ? retryTask : endTask)({ id: task.batchId ?? '', tenantId: task.tenantId }));
  };
  return onTask(deps, { run, afterwards });
}

/** Numbers of the rows that failed in earlier runs and could be read, in groups of a chunk at most. */
async function* groupsToRetry({ database }: BatchDeps, { id, run }: Batch): AsyncGenerator<number[]> {
  for (let after: number | null = 0; after !== null; ) {
    const failed: BatchRow[] = await database.batches.listRows(id, { status: 'failed', after, limit: rowsPerChunk });
    const rows = failed.filter((row) => row.input !== null && row.run < run).map(({ row }) => row);
    if (rows.length > 0) yield rows;
    after = failed.length < rowsPerChunk ? null : (failed.at(-1)?.row ?? null);
  }
}

/** The chunk first: its claim starts rows that are still failed, so a crash in between loses none. */
async function retryGroup(deps: BatchDeps, { id, tenantId, run }: Batch, rows: number[]): Promise<void> {
  const { batches } = deps.database;
  const chunk = { id: batchChunkId(id, run * runStep + (rows[0] ?? 0)), batchId: id, tenantId, rows, run };
  await batches.insertChunks([{ ...chunk, status: 'waiting', lane: null }]);
  await batches.retryRows(id, rows, run);
  await wakeLanes(deps, tenantId);
}
