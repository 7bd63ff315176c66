import { isCutShort, isOver } from '../../shared/adapters/change-batch.ts';
import type { Batch, BatchRow } from '../../shared/adapters/database/batch-store.ts';
import type { RunningJob } from '../../shared/adapters/job-worker.ts';
import type { WorkError } from '../../shared/errors.ts';
import { isOpen } from '../open-rows.ts';
import { maxStarts } from '../suspects.ts';
import type { BatchDeps } from './batch-deps.ts';
import { begunRows } from './begun-rows.ts';
import { drawRows } from './draw-rows.ts';
import { onTask, type TaskRun } from './on-task.ts';
import { startEnd } from './render-rows.ts';

const rowCrashed: WorkError = {
  code: 'render_crashed',
  detail: `Drawing this took its process down ${maxStarts} times`,
  pointer: null,
};

/**
 * Draws the rows of a chunk whose job stalled, one at a time, in a process that may die of it. Each start is counted in the row
 * before it is drawn; the fourth is not made, the row has failed. Those before it are done by then and are not run again.
 */
export function createRenderSuspectRows(deps: BatchDeps) {
  const { batches } = deps.database;
  const run: TaskRun['run'] = async ({ about }, job) => {
    const chunk = await batches.findChunk(about ?? '');
    if (chunk === null || chunk.status === 'ended') return { verdict: 'done' };
    if (chunk.status === 'running') await batches.moveChunk(chunk.id, 'running', 'suspect');
    const batch = await batches.find(chunk.batchId);
    if (batch !== null && !isOver(batch)) {
      await batches.startRows(batch.id, chunk.rows, chunk.run);
      // Only what may crash is counted: a store that is away is asked for before.
      await deps.objects.ping();
      for (const row of (await batches.findRows(batch.id, chunk.rows)).filter(isOpen)) {
        const again = await drawAlone(deps, { batch, row, job });
        if (again !== null)
          return { verdict: 'retry', error: new Error(`${row.id} is to be tried again`, { cause: again }) };
      }
    }
    await batches.moveChunk(chunk.id, 'suspect', 'ended');
    await startEnd(deps, chunk);
    return { verdict: 'done' };
  };
  return onTask(deps, { run });
}

async function drawAlone(
  deps: BatchDeps,
  { batch, row, job }: { batch: Batch; row: BatchRow; job: RunningJob },
): Promise<unknown> {
  const { batches } = deps.database;
  const now = await batches.find(batch.id);
  if (now === null || (isCutShort(now) && (await begunRows(deps, now, [row])).length === 0)) return null;
  const starts = await batches.countRowStart(batch.id, row.row);
  if (starts === 0) return null;
  if (starts <= maxStarts) return drawRows(deps, { batch, rows: [row], job });
  const { codeId, shortUrl } = row;
  await batches.finishRows(batch.id, [
    { row: row.row, at: deps.now(), codeId, shortUrl, result: null, error: rowCrashed },
  ]);
  return null;
}
