import { createHmac } from 'node:crypto';
import { ConfigError } from '../../config-error.ts';
import type { Database } from './database.ts';

/**
 * Writes the fingerprint of SECRET_KEY into a new database, or compares it with the one that stands there.
 *
 * @throws ConfigError when it differs: every id would be another, and nothing that was made would be found again
 */
export async function claimSecretKey(database: Pick<Database, 'claimSetting'>, secretKey: string): Promise<void> {
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
