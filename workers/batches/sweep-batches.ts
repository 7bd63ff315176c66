import {
  endTask,
  parseTask,
  retryTask,
  startTask,
  type TaskFacts,
  wakeLanes,
} from '../../shared/adapters/batch-tasks.ts';
import { isCutShort } from '../../shared/adapters/change-batch.ts';
import type { Batch } from '../../shared/adapters/database/batch-store.ts';
import type { WorkDeps } from '../handlers.ts';

const pageSize = 200;

type SweepDeps = Pick<WorkDeps, 'database' | 'queues' | 'log' | 'now'>;

/**
 * Starts the next step of batches that nobody carries on: their last one ended, or they were accepted, and a crash or a database that was
 * away came before the next was opened. Every step may run twice, so it does no harm that one is about to be opened by another.
 */
export async function sweepBatches(deps: SweepDeps): Promise<void> {
  const { batches } = deps.database;
  for (let after: string | null = null; ; ) {
    const page: Batch[] = await batches.listOpen({ limit: pageSize, after });
    const carried = await batches.withTasks(page.map(({ id }) => id));
    for (const batch of page) if (!carried.has(batch.id)) await carryOn(deps, batch);
    after = page.at(-1)?.id ?? null;
    if (page.length < pageSize) return;
  }
}

async function carryOn(deps: SweepDeps, batch: Batch): Promise<void> {
  const { batches } = deps.database;
  const { id, tenantId, requestId } = batch;
  if (await batches.hasOpenChunk(id)) {
    if (await batches.hasWaitingChunk(tenantId)) await wakeLanes(deps, tenantId);
    return;
  }
  const next = nextTask(batch);
  deps.log.warn({ requestId, batchId: id, step: next.kind }, 'a batch had no task and is carried on');
  await startTask(deps, next);
}

/** The step that a batch without tasks and open chunks has before it. */
function nextTask(batch: Batch): TaskFacts {
  if (batch.isParsed || isCutShort(batch)) return endTask(batch);
  return batch.run === 1 ? parseTask(batch) : retryTask(batch);
}
