import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatabaseConfig } from '../../config.ts';
import { ConfigError } from '../../config-error.ts';
import type { Log } from '../../log.ts';
import type { Database } from './database.ts';
import { databaseFileName } from './sqlite/file-name.ts';

/**
 * Opens a database that a service has made already: a name that was mistyped makes no new one.
 *
 * @throws as demandDatabase and connectDatabase
 */
export async function connectExistingDatabase(config: DatabaseConfig, log: Log): Promise<Database> {
  await demandDatabase(config);
  return connectDatabase(config, log);
}

/**
 * Makes sure that a service has made the database already, as far as that can be seen without opening it.
 *
 * @throws ConfigError when there is no file in `dataDir` and no MongoDB is named
 */
export async function demandDatabase({ dataDir, mongoUrl }: DatabaseConfig): Promise<void> {
  if (mongoUrl !== null || (await hasSqliteDatabase(dataDir))) return;
  const expected = `the folder of a QRFactory that has run, with ${databaseFileName} in it, or MONGO_URL`;
  throw new ConfigError([{ variable: 'DATA_DIR', value: dataDir, expected }]);
}

/** Tells whether a service has made its embedded database in `dataDir`. */
export async function hasSqliteDatabase(dataDir: string): Promise<boolean> {
  return access(join(dataDir, databaseFileName)).then(
    () => true,
    () => false,
  );
}

/**
 * Opens the database that the configuration names: MongoDB at `mongoUrl`, else the file `qrfactory.db` in `dataDir`.
 *
 * Makes and migrates what is missing; any number of processes may do so at once. Only the driver that is needed is loaded: mongoose
 * takes some 40 MB and half a second.
 *
 * @throws AppError `unavailable` when the database does not answer after a few tries.
 */
export async function connectDatabase({ dataDir, mongoUrl }: DatabaseConfig, log: Log): Promise<Database> {
  if (mongoUrl === null) return (await import('./sqlite/connect-sqlite.ts')).connectSqlite(dataDir, log);
  return (await import('./mongo/connect-mongo.ts')).connectMongo(mongoUrl, log);
}
