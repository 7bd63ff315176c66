import type { KeyRow, TenantRow } from '../shared/adapters/database/access-store.ts';
import type { KeyAnswer, TenantAnswer } from '../shared/contract/access-answer.ts';
import { isoTime, isoTimeOrNull } from './iso-time.ts';

/** Shows a key; `key` itself belongs only to the answers that made it. */
export function keyAnswer(row: KeyRow, now: number, key?: string): KeyAnswer {
  const { id, name, role, tenantId, previousUntil } = row;
  return {
    object: 'key',
    id,
    ...(key === undefined ? {} : { key }),
    name,
    role,
    tenantId,
    lastUsedAt: isoTimeOrNull(row.lastUsedAt),
    expiresAt: isoTimeOrNull(row.expiresAt),
    previousKeyExpiresAt: previousUntil !== null && previousUntil > now ? isoTime(previousUntil) : null,
    createdAt: isoTime(row.createdAt),
  };
}

/** Shows a tenant. */
export function tenantAnswer({ id, name, status, quotas, createdAt, updatedAt }: TenantRow): TenantAnswer {
  return { object: 'tenant', id, name, status, quotas, createdAt: isoTime(createdAt), updatedAt: isoTime(updatedAt) };
}
