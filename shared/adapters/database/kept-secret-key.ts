import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { DatabaseConfig } from '../../config.ts';
import { ConfigError } from '../../config-error.ts';
import { keptSecret } from '../../kept-secret.ts';
import { hasSqliteDatabase } from './connect-database.ts';

/**
 * Returns the key that lies in `dataDir`, or makes it and keeps it there. A new key is for a new database alone: one that is there was
 * made with another, which a new one in its place would hide.
 *
 * @throws ConfigError when the file is lost and the database is there
 */
export async function keptSecretKey({ mongoUrl, dataDir }: DatabaseConfig): Promise<string> {
  const file = join(dataDir, 'secret-key');
  const isLost = mongoUrl === null && (await hasSqliteDatabase(dataDir));
  const kept = await keptSecret(file, () => {
    if (!isLost) return randomBytes(32).toString('base64url');
    const expected = `the key of the database in DATA_DIR=${dataDir}: restore ${file} from the backup, or set SECRET_KEY`;
    throw new ConfigError([{ variable: 'SECRET_KEY', value: null, expected }]);
  });
  return kept.value;
}
