import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { storedOf } from '../../../shared/adapters/database/mongo/collections.ts';
import { openMongo } from '../../../shared/adapters/database/mongo/connection.ts';
import { databaseError, duplicatesOf } from '../../../shared/adapters/database/mongo/mongo-error.ts';
import type { DayDocument, ScanDocument } from '../../../shared/adapters/database/mongo/scan-documents.ts';
import type { ScanRow } from '../../../shared/adapters/database/scan-store.ts';
import { migrate, SqliteFile } from '../../../shared/adapters/database/sqlite/file.ts';
import {
  codeDayStatements,
  scanCodec,
  scanStatements,
} from '../../../shared/adapters/database/sqlite/scan-statements.ts';
import { packDay, type ScanDay } from '../../../shared/domain/scans/scan-day.ts';
import { AppError } from '../../../shared/errors.ts';
import type { Log } from '../../../shared/log.ts';

export type LedgerDay = { tenantId: string; codeId: string; day: number; scans: ScanRow[]; rollUps: ScanDay };

/** Takes days of codes in the order of codes and days, as fast as the database can. Nobody else may use it meanwhile. */
export type LedgerFiller = { add(day: LedgerDay): Promise<void>; finish(): Promise<void> };

/** Rows of one insert into MongoDB, which has four seconds. */
const rowsInInsert = 500;
/** Rows between two commits. */
const rowsAtATime = 50_000;

/** Makes the file and fills its tables in their own order without a log, then makes their indexes: synced row by row it would take hours. */
function fillSqlite(dataDir: string): LedgerFiller {
  const file = new SqliteFile(join(dataDir, 'qrfactory.db'));
  for (const pragma of ['journal_mode = off', 'synchronous = off', 'cache_size = -200000'])
    file.all(`pragma ${pragma}`, []);
  migrate(file);
  const indexes = file.all(
    `select name, sql from sqlite_master where tbl_name = 'scans' and sql like 'create index%'`,
    [],
  );
  for (const [name] of indexes) file.exec(`drop index ${name}`);
  let rows = 0;
  file.exec('begin');
  return {
    async add({ tenantId, codeId, day, scans, rollUps }) {
      for (const scan of scans) file.run(scanStatements.insert.sql, scanCodec.encode(scan));
      const { scanCount, lastAt, counts, total, breakdowns } = packDay(rollUps);
      const packed = [codeId, day, 0, scanCount, lastAt, counts, total, breakdowns, tenantId];
      file.run(codeDayStatements.insert.sql, packed);
      rows += scans.length;
      if (rows < rowsAtATime) return;
      rows = 0;
      file.exec('commit');
      file.exec('begin');
    },
    async finish() {
      file.exec('commit');
      for (const [, sql] of indexes) file.exec(sql as string);
      file.close();
    },
  };
}

/** Inserts again what a busy server has not answered in time; what it has by then is no error. */
async function insertAll(insert: () => Promise<unknown>): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await insert();
      return;
    } catch (error) {
      const known = databaseError(error);
      if (!(known instanceof AppError)) return void duplicatesOf(error);
      if (tries === 10) throw known;
      await sleep(1000);
    }
  }
}

async function fillMongo(mongoUrl: string, log: Log): Promise<LedgerFiller> {
  const connection = await openMongo(mongoUrl, log);
  const { scans, scan_days: days } = connection.collections;
  let rows: ScanDocument[] = [];
  let packed: DayDocument[] = [];
  const flush = async (): Promise<void> => {
    if (rows.length > 0) await insertAll(() => scans.insertMany(rows, { ordered: false }));
    if (packed.length > 0) await insertAll(() => days.insertMany(packed, { ordered: false }));
    rows = [];
    packed = [];
  };
  return {
    async add({ tenantId, codeId, day, scans: found, rollUps }) {
      for (const scan of found) rows.push(storedOf(scan));
      packed.push({ _id: `${codeId} ${day}`, tenantId, codeId, day, revision: 1, ...packDay(rollUps) });
      if (rows.length >= rowsInInsert) await flush();
    },
    async finish() {
      await flush();
      await connection.close();
    },
  };
}

export async function ledgerFiller(
  place: { mongoUrl: string | null; dataDir: string },
  log: Log,
): Promise<LedgerFiller> {
  return place.mongoUrl === null ? fillSqlite(place.dataDir) : fillMongo(place.mongoUrl, log);
}
