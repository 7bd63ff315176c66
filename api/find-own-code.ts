import type { CodeRow, CodeStore } from '../shared/adapters/database/code-store.ts';
import { AppError } from '../shared/errors.ts';
import type { ApiContext } from './deps.ts';

/**
 * Finds the code that the path names by its id.
 *
 * @throws AppError `not-found` when there is none, or it is another tenant's
 */
export async function findOwnCode(codes: Pick<CodeStore, 'find'>, ctx: ApiContext): Promise<CodeRow> {
  const row = await codes.find(ctx.params.id ?? '');
  if (row?.tenantId !== ctx.state.tenantId)
    throw new AppError('not-found', 'not_found', 'There is no code with this id');
  return row;
}
