import type { Batch, BatchStore } from './database/batch-store.ts';
import type { WorkStatus } from './database/database.ts';

/** Counts a batch's rows by status: from the rows, and from what is noted of them once the purge has taken them. */
export async function batchCounts(
  batches: Pick<BatchStore, 'countRows' | 'find'>,
  { id, finalCounts, expiresAt }: Batch,
): Promise<Record<WorkStatus, number>> {
  if (finalCounts !== null) return finalCounts;
  const counts = await batches.countRows(id);
  // Of one that is over the rows may have begun to go between its reading and their counting.
  return (expiresAt === null ? null : (await batches.find(id))?.finalCounts) ?? counts;
}
