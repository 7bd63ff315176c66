import type { Batch, BatchRow } from '../../shared/adapters/database/batch-store.ts';
import { batchCodeId } from '../../shared/domain/batches/batch-ids.ts';
import type { BatchDeps } from './batch-deps.ts';
import { hasLed } from './retarget-code.ts';

/**
 * Finds the rows whose codes are made, or led elsewhere, and that have not ended because their run was cut off: a crash, or a store
 * that was away. Of a batch that was cancelled since they are ended as any other, so that a cancelled row has touched no code.
 */
export async function begunRows(deps: BatchDeps, batch: Batch, rows: BatchRow[]): Promise<BatchRow[]> {
  const running = rows.filter(({ status }) => status === 'running');
  if (batch.mode === 'static' || running.length === 0) return [];
  if (batch.mode === 'dynamic') {
    const idOf = ({ row }: BatchRow): string => batchCodeId(deps.secretKey, batch.id, row);
    const made = new Set((await deps.database.codes.findMany(running.map(idOf))).map(({ id }) => id));
    return running.filter((row) => made.has(idOf(row)));
  }
  const begun: BatchRow[] = [];
  for (const row of running)
    if (row.input?.mode === 'retarget' && (await hasLed(deps, batch, row.input))) begun.push(row);
  return begun;
}
