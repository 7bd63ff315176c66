import type { Batch } from '../shared/adapters/database/batch-store.ts';
import { AppError } from '../shared/errors.ts';
import type { ApiContext, ApiDeps } from './deps.ts';

/**
 * Finds the batch that the path names by its id.
 *
 * @throws AppError `not-found` when there is none, or it is another tenant's
 */
export async function findOwnBatch({ database }: Pick<ApiDeps, 'database'>, ctx: ApiContext): Promise<Batch> {
  const batch = await database.batches.find(ctx.params.id ?? '');
  if (batch?.tenantId !== ctx.state.tenantId) throw noBatch();
  return batch;
}

/**
 * Lets a batch pass whose objects and rows are still kept.
 *
 * @throws AppError `gone` when its time is over: from then on the purge removes all but its record
 */
export function assertKept({ expiresAt }: Batch, now: number): void {
  if (expiresAt === null || expiresAt > now) return;
  const until = new Date(expiresAt).toISOString();
  throw new AppError('gone', 'batch_expired', `Rows, images and archive of this batch were kept until ${until}`);
}

/** The problem of an id that names no batch of this tenant. */
export function noBatch(): AppError {
  return new AppError('not-found', 'not_found', 'There is no batch with this id');
}
