import type { DatabaseConfig } from '../../config.ts';
import type { Log } from '../../log.ts';
import type { Database } from './database.ts';

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
