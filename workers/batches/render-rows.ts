import { endTask, startTask, suspectTask } from '../../shared/adapters/batch-tasks.ts';
import { isCutShort, isOver } from '../../shared/adapters/change-batch.ts';
import type { BatchChunk, BatchTask } from '../../shared/adapters/database/batch-store.ts';
import type { RunningJob, Verdict } from '../../shared/adapters/job-worker.ts';
import { isOpen } from '../open-rows.ts';
import type { BatchDeps } from './batch-deps.ts';
import { begunRows } from './begun-rows.ts';
import { drawRows } from './draw-rows.ts';
import { onTask, passOn, type TaskRun } from './on-task.ts';

/**
 * Draws the next chunk of a tenant's lane and passes the lane on, to the end of the queue: so the tenants take turns.
 *
 * A job that stalled took its process down, perhaps: its chunk goes to the suspects, whose rows run one at a time.
 */
export function createRenderRows(deps: BatchDeps) {
  const { batches } = deps.database;
  const run: TaskRun['run'] = async (task, job) => {
    if (job.stalls > 0) await setAside(deps, task);
    const chunk = await batches.claimChunk(task.tenantId, task.id);
    if (chunk === null) return { verdict: 'done' };
    const verdict = await drawChunk(deps, chunk, job);
    if (verdict.verdict !== 'done') return verdict;
    await batches.moveChunk(chunk.id, 'running', 'ended');
    await startEnd(deps, chunk);
    if (await batches.hasWaitingChunk(task.tenantId)) await passOn(deps, task);
    return verdict;
  };
  const afterwards: TaskRun['afterwards'] = async ({ jobId: _, queuedAt: __, ...facts }) => {
    if (await batches.hasWaitingChunk(facts.tenantId)) await startTask(deps, facts);
  };
  return onTask(deps, { run, afterwards });
}

/** The task first: a chunk that is set aside without one would be forgotten. */
async function setAside(deps: BatchDeps, { tenantId, id }: BatchTask): Promise<void> {
  const chunk = await deps.database.batches.chunkOf(tenantId, id);
  if (chunk === null) return;
  deps.log.warn({ chunkId: chunk.id }, 'a job stalled: the rows of its chunk run alone from now on');
  await startTask(deps, suspectTask(chunk));
  await deps.database.batches.moveChunk(chunk.id, 'running', 'suspect');
}

/** Draws what is open of a chunk; of a batch that is cut short, what a run that was cut off had begun. */
async function drawChunk(deps: BatchDeps, chunk: BatchChunk, job: RunningJob): Promise<Verdict> {
  const { batches } = deps.database;
  const batch = await batches.find(chunk.batchId);
  if (batch === null || isOver(batch)) return { verdict: 'done' };
  if (!isCutShort(batch)) await batches.startRows(batch.id, chunk.rows, chunk.run);
  const open = (await batches.findRows(batch.id, chunk.rows)).filter(isOpen);
  const rows = isCutShort(batch) ? await begunRows(deps, batch, open) : open;
  const cause = await drawRows(deps, { batch, rows, job });
  deps.log.info({ requestId: batch.requestId, batchId: batch.id, chunkId: chunk.id, rows: rows.length }, 'rows tried');
  if (cause === null) return { verdict: 'done' };
  return { verdict: 'retry', error: new Error(`Rows of the chunk ${chunk.id} are to be tried again`, { cause }) };
}

/** Has the end of a batch looked at when no chunk of it is left. */
export async function startEnd(deps: BatchDeps, { batchId, tenantId }: BatchChunk): Promise<void> {
  if (!(await deps.database.batches.hasOpenChunk(batchId))) await startTask(deps, endTask({ id: batchId, tenantId }));
}
