import { AppError } from '../shared/errors.ts';
import type { ApiContext } from './deps.ts';

/**
 * Lets pass who asks for their own tenant, and operators.
 *
 * @throws AppError `forbidden`
 */
export function assertMayLookInto(tenantId: string, { state }: Pick<ApiContext, 'state'>): void {
  if (tenantId !== state.tenantId && state.key?.role !== 'operator')
    throw new AppError('forbidden', 'forbidden', 'Only an operator may look into another tenant');
}
