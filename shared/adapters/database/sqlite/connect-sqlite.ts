import type { Log } from '../../../log.ts';
import type { Database, IdempotencyRow, IdempotencyStore, KeyRow, KeyStore } from '../database.ts';
import type { SqlValue } from './columns.ts';
import { openSqlite, type SqliteConnection } from './connection.ts';
import { idempotencyStatements, keyStatements, settingStatements } from './statements.ts';
import { sqliteLogos, sqliteRenders } from './work-stores.ts';

function sqliteKeys(connection: SqliteConnection): KeyStore {
  return {
    async findByHash(hash) {
      const values = await connection.find(keyStatements.findByHash, hash);
      if (values === null) return null;
      const [id, tenantId, name, role, keyHash, createdAt] = values;
      return { id, tenantId, name, role, hash: keyHash, createdAt } as KeyRow;
    },
    async put({ id, tenantId, name, role, hash, createdAt }) {
      await connection.write(keyStatements.put, [[id, tenantId, name, role, hash, createdAt]]);
    },
  };
}

function idempotencyRowOf(values: SqlValue[]): IdempotencyRow {
  const [scope, tenantId, fingerprint, resourceId, answeredAt, leaseUntil, expiresAt] = values;
  return { scope, tenantId, fingerprint, resourceId, answeredAt, leaseUntil, expiresAt } as IdempotencyRow;
}

function sqliteIdempotency(connection: SqliteConnection): IdempotencyStore {
  return {
    async claim({ scope, tenantId, fingerprint, resourceId, leaseUntil, expiresAt }, now) {
      const parameters = [scope, tenantId, fingerprint, resourceId, leaseUntil, expiresAt, now];
      const read = { sql: idempotencyStatements.find.sql, when: 'always' } as const;
      const { changes, rows } = await connection.write(idempotencyStatements.claim, [parameters], { read });
      return { won: changes[0] === 1, row: idempotencyRowOf(rows[0] as SqlValue[]) };
    },
    async answered(scope, now) {
      await connection.write(idempotencyStatements.answered, [[scope, now]]);
    },
    async release(scope) {
      await connection.write(idempotencyStatements.release, [[scope]]);
    },
  };
}

/**
 * Opens the embedded database, the SQLite file `qrfactory.db` in `folder`; several processes may share it.
 *
 * Every write is synced to disk before it returns. A full disk is AppError `unavailable` with code `database_full`; any
 * other trouble with the file has code `database_unavailable`.
 */
export async function connectSqlite(folder: string, log: Log): Promise<Database> {
  const connection = await openSqlite(folder, log);
  return {
    renders: sqliteRenders(connection),
    logos: sqliteLogos(connection),
    keys: sqliteKeys(connection),
    idempotency: sqliteIdempotency(connection),
    async claimSetting(name, value) {
      const read = { sql: settingStatements.find.sql, when: 'always' } as const;
      const { rows } = await connection.write(settingStatements.claim, [[name, value]], { read });
      return rows[0]?.[1] as string;
    },
    ping: () => connection.ping(),
    close: () => connection.close(),
  };
}
