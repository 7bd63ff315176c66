import { unavailable } from '../errors.ts';
import type { Batch, BatchStore } from './database/batch-store.ts';

const maxRounds = 20;

/** Whether a batch is over, one way or another. */
export function isOver({ status }: Pick<Batch, 'status'>): boolean {
  return status === 'completed' || status === 'failed' || status === 'cancelled';
}

/** Whether no row of a batch is begun any more: it was cancelled, or its file could not be read to the end. */
export function isCutShort({ cancelledAt, error }: Pick<Batch, 'cancelledAt' | 'error'>): boolean {
  return cancelledAt !== null || error !== null;
}

/**
 * Changes a batch's record, compare-and-set, whoever else changes it meanwhile.
 *
 * @param changes returns what changes, or null when there is nothing to change any more; may be called several times
 * @returns the record as it stands then, or null when it is gone
 */
export async function changeBatch(
  batches: Pick<BatchStore, 'find' | 'replace'>,
  id: string,
  changes: (batch: Batch) => Partial<Omit<Batch, 'id' | 'revision'>> | null,
): Promise<Batch | null> {
  for (let round = 0; round < maxRounds; round++) {
    const batch = await batches.find(id);
    const changed = batch && changes(batch);
    if (batch === null || changed === null) return batch;
    const next = { ...batch, ...changed, revision: batch.revision + 1 };
    if (await batches.replace(next)) return next;
  }
  throw unavailable('database_unavailable', `The batch ${id} was changed by others in ${maxRounds} tries to change it`);
}
