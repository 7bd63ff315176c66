import { createHash } from 'node:crypto';
import { noQuotas } from '../shared/adapters/database/access-store.ts';
import type { Database } from '../shared/adapters/database/database.ts';
import { bootstrapKeyId, defaultTenant } from '../shared/domain/access.ts';
import { newId } from '../shared/new-id.ts';

/** Makes the configured key the operator's key of tenant `default`; another one than at the last start replaces that, on record. */
export async function seedBootstrapKey(database: Database, key: string, now: number): Promise<void> {
  const digest = createHash('sha256').update(key).digest('hex');
  const before = await database.keys.find(bootstrapKeyId);
  // First the record: a crash in between leaves the key of before, and the next start does both again.
  if (before !== null && before.hash !== digest) await recordReplaced(database, now);
  await database.keys.put({
    id: bootstrapKeyId,
    tenantId: defaultTenant,
    name: 'bootstrap',
    role: 'operator',
    hash: digest,
    createdAt: now,
  });
}

async function recordReplaced(database: Database, now: number): Promise<void> {
  const id = newId('aud');
  const about = { tenantId: defaultTenant, action: 'key.rotate', objectId: bootstrapKeyId };
  const changes = [{ field: 'key', before: null, after: null }];
  await database.audit.insert([{ id, ...about, keyId: 'configuration', requestId: id, changes, createdAt: now }]);
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
