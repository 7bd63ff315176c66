import { randomUUID } from 'node:crypto';
import { bucketOf, type EarlierVisitors, partIndex } from '../../../domain/scans/roll-up.ts';
import { chunksOf, ledgerSetting, oldestOf, pageBounds } from '../scan-pages.ts';
import type { DirtyBucket, ScanRow, ScanStore } from '../scan-store.ts';
import type { SqlValue } from './columns.ts';
import type { SqliteConnection } from './connection.ts';
import { unsynced } from './protocol.ts';
import { ledgerStatements, markStatements, scanCodec, scanStatements, segmentStatements } from './scan-statements.ts';
import { settingStatements } from './statements.ts';

/** Point look-ups that share one way to the database thread and back. */
const lookUpsAtATime = 500;

type Ledger = Pick<
  ScanStore,
  | 'record'
  | 'findRecorded'
  | 'forgetRecorded'
  | 'forgetRecordedBefore'
  | 'list'
  | 'listBetween'
  | 'visitorsBetween'
  | 'codesBetween'
  | 'dirtyBuckets'
  | 'marksBetween'
  | 'clearMarks'
  | 'mark'
  | 'ledgerBegins'
  | 'closeLedgerBefore'
  | 'purgeLedger'
>;

function markOf([codeId, tenantId, start, stamp]: SqlValue[]): DirtyBucket {
  return { codeId, tenantId, start, stamp } as DirtyBucket;
}

/** The ledger's side of the store in SQLite: scans, marks, segments. */
export function sqliteLedger(connection: SqliteConnection): Ledger {
  const list = connection.list.bind(connection);
  const ledgerBegins = async (): Promise<number> => {
    const [found] = await list(settingStatements.find, [ledgerSetting]);
    return found === undefined ? 0 : Date.parse(found[1] as string);
  };

  const betweenOfCodes = async (
    codeIds: string[],
    { from, to, start, limit }: { from: number; to: number; start: SqlValue[]; limit: number },
  ): Promise<ScanRow[]> => {
    let oldest: ScanRow[] = [];
    for (const chunk of chunksOf(codeIds, lookUpsAtATime)) {
      const parameters = chunk.map((codeId) => [codeId, from, to, ...start, null, null, limit]);
      const rows = await connection.listEach(scanStatements.oldestFirst, parameters);
      oldest = oldestOf([...oldest, ...rows.map(scanCodec.decode)], limit);
    }
    return oldest;
  };

  return {
    async record(segmentId, scans, now) {
      await connection.writeAll(recording(segmentId, scans, now));
    },
    async findRecorded(segmentIds) {
      const rows = await connection.listEach(
        segmentStatements.find,
        segmentIds.map((id) => [id]),
      );
      return new Set(rows.map(([id]) => id as string));
    },
    async forgetRecorded(segmentIds) {
      const parameters = segmentIds.map((id) => [id]);
      await connection.write(segmentStatements.forget, parameters, unsynced);
    },
    async forgetRecordedBefore(before) {
      await connection.write(segmentStatements.forgetBefore, [[before]]);
    },
    async list(codeId, page) {
      const { from, to, start } = pageBounds(page);
      const bot = page.bots === 'include' ? null : page.bots === 'only' ? 1 : 0;
      const statement = page.order === 'newest-first' ? scanStatements.newestFirst : scanStatements.oldestFirst;
      const rows = await list(statement, [codeId, from, to, ...start, bot, page.source, page.limit]);
      return rows.map(scanCodec.decode);
    },
    async listBetween({ tenantId, codeIds }, { from, to }, { limit, after }) {
      const start = after === null ? [from, ''] : [after.at, after.id];
      if (codeIds !== null) return betweenOfCodes(codeIds, { from, to, start, limit });
      const rows = await list(scanStatements.betweenOfTenant, [tenantId, to, ...start, limit]);
      return rows.map(scanCodec.decode);
    },
    async visitorsBetween(codeId, visitors, { from, to }) {
      const found = new Map<string, number>();
      for (const chunk of chunksOf([...new Set(visitors)], lookUpsAtATime)) {
        const parameters = chunk.map((visitor) => [visitor, codeId, from, to]);
        for (const row of await connection.listEach(scanStatements.visitorBetween, parameters)) addPart(found, row);
      }
      return found satisfies EarlierVisitors;
    },
    async codesBetween(tenantId, { from, to }) {
      const rows = await list(scanStatements.codesOfTenant, [tenantId, from, to]);
      return rows.map(([codeId]) => codeId as string);
    },
    async dirtyBuckets(limit) {
      return (await list(markStatements.oldest, [limit])).map(markOf);
    },
    async marksBetween({ tenantId, codeId }, { from, to }) {
      const statement = codeId === null ? markStatements.ofTenant : markStatements.ofCode;
      return (await list(statement, [codeId ?? tenantId, from, to])).map(markOf);
    },
    async clearMarks(marks) {
      const parameters = marks.map(({ codeId, start, stamp }) => [codeId, start, stamp]);
      await connection.write(markStatements.clear, parameters, unsynced);
    },
    async mark(buckets, now) {
      const stamp = randomUUID();
      const parameters = buckets.map(({ codeId, tenantId, start }) => [codeId, start, tenantId, stamp, now]);
      await connection.write(markStatements.mark, parameters);
    },
    ledgerBegins,
    async closeLedgerBefore(day) {
      await connection.write(ledgerStatements.closeBefore, [[ledgerSetting, new Date(day).toISOString()]]);
    },
    async purgeLedger(limit) {
      const before = await ledgerBegins();
      let purged = 0;
      let tenantId = '';
      while (purged < limit) {
        const [next] = await list(scanStatements.nextTenant, [tenantId]);
        if (next === undefined) break;
        tenantId = next[0] as string;
        const old = await list(scanStatements.oldestOfTenant, [tenantId, before, limit - purged]);
        await connection.write(scanStatements.remove, old);
        purged += old.length;
      }
      return purged;
    },
  };
}

/** One transaction: whoever sees a scan sees the marks of the buckets that it changes. */
function recording(segmentId: string, scans: ScanRow[], now: number) {
  const stamp = randomUUID();
  const buckets = new Map<string, SqlValue[]>();
  const visits = new Map<string, SqlValue[]>();
  for (const { codeId, tenantId, at, visitor } of scans) {
    const start = bucketOf(at);
    buckets.set(`${codeId} ${start}`, [codeId, start, tenantId, stamp, now]);
    if (visitor !== null) visits.set(`${codeId} ${start} ${visitor}`, [codeId, start, visitor, stamp, now]);
  }
  return [
    { sql: scanStatements.insert.sql, parameters: scans.map(scanCodec.encode) },
    { sql: markStatements.mark.sql, parameters: [...buckets.values()] },
    { sql: markStatements.markLater.sql, parameters: [...visits.values()] },
    { sql: segmentStatements.note.sql, parameters: [[segmentId, now] as SqlValue[]] },
  ];
}

function addPart(found: Map<string, number>, [visitor, bot, source]: SqlValue[]): void {
  const part = 1 << partIndex({ bot: bot === 1, source: source as ScanRow['source'] });
  found.set(visitor as string, (found.get(visitor as string) ?? 0) | part);
}
