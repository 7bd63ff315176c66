import type { KeyRow, TenantRow } from '../shared/adapters/database/access-store.ts';
import type { KeyAnswer, TenantAnswer } from '../shared/contract/access-answer.ts';

const time = (at: number): string => new Date(at).toISOString();
const timeOrNull = (at: number | null): string | null => (at === null ? null : time(at));

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
    lastUsedAt: timeOrNull(row.lastUsedAt),
    expiresAt: timeOrNull(row.expiresAt),
    previousKeyExpiresAt: previousUntil !== null && previousUntil > now ? time(previousUntil) : null,
    createdAt: time(row.createdAt),
  };
}

/** Shows a tenant. */
export function tenantAnswer({ id, name, status, quotas, createdAt, updatedAt }: TenantRow): TenantAnswer {
  return { object: 'tenant', id, name, status, quotas, createdAt: time(createdAt), updatedAt: time(updatedAt) };
}
