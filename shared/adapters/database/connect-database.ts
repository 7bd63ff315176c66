import type { DatabaseConfig } from '../../config.ts';
import type { Log } from '../../log.ts';
import type { Database } from './database.ts';
import { connectMongo } from './mongo/connect-mongo.ts';
import { connectSqlite } from './sqlite/connect-sqlite.ts';

/**
 * Opens the database that the configuration names: MongoDB at `mongoUrl`, else the file `qrfactory.db` in `dataDir`.
 *
 * Makes and migrates what is missing; any number of processes may do so at once.
 *
 * @throws AppError `unavailable` when the database does not answer after a few tries.
 */
export function connectDatabase(config: DatabaseConfig, log: Log): Promise<Database> {
  return config.mongoUrl === null ? connectSqlite(config.dataDir, log) : connectMongo(config.mongoUrl, log);
}
