import type { Log } from '../../../log.ts';
import type { Database, IdempotencyRow, IdempotencyStore, Setting } from '../database.ts';
import { behindPrefix } from '../prefix.ts';
import { sqliteKeys, sqliteTenants } from './access-stores.ts';
import { sqliteBatches } from './batch-store.ts';
import { sqliteCodes } from './code-store.ts';
import type { SqlValue } from './columns.ts';
import { openSqlite, type SqliteConnection } from './connection.ts';
import { sqliteDeliveries } from './delivery-store.ts';
import { sqliteAudit, sqliteUsage } from './record-stores.ts';
import { sqliteScans } from './scan-store.ts';
import { idempotencyStatements, settingStatements } from './statements.ts';
import { sqliteScanNotices, sqliteWebhooks } from './webhook-stores.ts';
import { sqliteLogos, sqliteRenders } from './work-stores.ts';

function idempotencyRowOf(values: SqlValue[]): IdempotencyRow {
  const [scope, tenantId, fingerprint, resourceId, holder, answeredAt, sealedSecret, leaseUntil, expiresAt] = values;
  const claim = { scope, tenantId, fingerprint, resourceId, holder, leaseUntil, expiresAt };
  return { ...claim, answeredAt, sealedSecret } as IdempotencyRow;
}

function sqliteIdempotency(connection: SqliteConnection): IdempotencyStore {
  return {
    async claim({ scope, tenantId, fingerprint, resourceId, holder, leaseUntil, expiresAt }, now) {
      const parameters = [scope, tenantId, fingerprint, resourceId, leaseUntil, expiresAt, now, holder];
      const read = { sql: idempotencyStatements.find.sql, when: 'always' } as const;
      const { changes, rows } = await connection.write(idempotencyStatements.claim, [parameters], { read });
      return { won: changes[0] === 1, row: idempotencyRowOf(rows[0] as SqlValue[]) };
    },
    async answered({ scope, holder }, now, sealedSecret) {
      await connection.write(idempotencyStatements.answered, [[scope, holder, now, sealedSecret]]);
    },
    async release({ scope, holder }) {
      await connection.write(idempotencyStatements.release, [[scope, holder]]);
    },
    async abandon({ scope, holder }, now) {
      await connection.write(idempotencyStatements.abandon, [[scope, holder, now]]);
    },
    async purgeExpired(before, limit) {
      const expired = await connection.list(idempotencyStatements.expired, [before, limit]);
      const parameters = expired.map(([scope]) => [scope as string, before]);
      await connection.write(idempotencyStatements.removeExpired, parameters);
      return expired.length;
    },
  };
}

/**
 * Opens the embedded database, the SQLite file `qrfactory.db` in `folder`; several processes may share it.
 *
 * Every write but the end of a render, which can be drawn again, is synced to disk before it returns. A full disk is AppError `unavailable` with code `database_full`; any
 * other trouble with the file has code `database_unavailable`.
 */
export async function connectSqlite(folder: string, log: Log): Promise<Database> {
  const connection = await openSqlite(folder, log);
  return {
    renders: sqliteRenders(connection),
    logos: sqliteLogos(connection),
    keys: sqliteKeys(connection),
    tenants: sqliteTenants(connection),
    audit: sqliteAudit(connection),
    usage: sqliteUsage(connection),
    idempotency: sqliteIdempotency(connection),
    codes: sqliteCodes(connection),
    batches: sqliteBatches(connection),
    scans: sqliteScans(connection),
    webhooks: sqliteWebhooks(connection),
    deliveries: sqliteDeliveries(connection),
    scanNotices: sqliteScanNotices(connection),
    async claimSetting(name, value) {
      const read = { sql: settingStatements.find.sql, when: 'always' } as const;
      const { rows } = await connection.write(settingStatements.claim, [[name, value]], { read });
      return rows[0]?.[1] as string;
    },
    async listSettings(prefix) {
      const rows = await connection.list(settingStatements.list, [prefix, behindPrefix(prefix)]);
      return rows.map(([name, value]) => ({ name, value }) as Setting);
    },
    async removeSettings(names) {
      const parameters = names.map((name) => [name]);
      await connection.write(settingStatements.remove, parameters);
    },
    ping: () => connection.ping(),
    close: () => connection.close(),
  };
}
