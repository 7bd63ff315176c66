import { createHash } from 'node:crypto';
import { noQuotas } from '../shared/adapters/database/access-store.ts';
import type { Database } from '../shared/adapters/database/database.ts';
import { bootstrapKeyId, defaultTenant } from '../shared/domain/access.ts';

/** Makes the configured key the operator's key of tenant `default`; another one than at the last start replaces that. */
export async function seedBootstrapKey(database: Database, key: string, now: number): Promise<void> {
  await database.keys.put({
    id: bootstrapKeyId,
    tenantId: defaultTenant,
    name: 'bootstrap',
    role: 'operator',
    hash: createHash('sha256').update(key).digest('hex'),
    createdAt: now,
  });
}

/** Makes the tenant that is there from the start. */
export async function seedDefaultTenant(database: Database, now: number): Promise<void> {
  const times = { createdAt: now, updatedAt: now };
  await database.tenants.insert({
    id: defaultTenant,
    name: 'default',
    status: 'active',
    quotas: noQuotas,
    revision: 1,
    ...times,
  });
}
