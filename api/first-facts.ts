import { createHash, createHmac } from 'node:crypto';
import { noQuotas } from '../shared/adapters/database/access-store.ts';
import type { Database } from '../shared/adapters/database/database.ts';
import { ConfigError } from '../shared/config.ts';
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

/**
 * Writes the fingerprint of SECRET_KEY into a new database, or compares it with the one that stands there.
 *
 * @throws ConfigError when it differs: every id would be another, and nothing that was made would be found again
 */
export async function claimSecretKey(database: Database, secretKey: string): Promise<void> {
  const fingerprint = createHmac('sha256', secretKey).update('fingerprint').digest('hex').slice(0, 32);
  const claimed = await database.claimSetting('secret_key_fingerprint', fingerprint);
  if (claimed === fingerprint) return;
  throw new ConfigError([
    {
      variable: 'SECRET_KEY',
      value: '(another key)',
      expected: 'the one that this database was made with, since every id follows from it; or an empty database',
    },
  ]);
}
