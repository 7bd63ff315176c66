import { CountSum } from '../../../domain/scans/count-sum.ts';
import { BreakdownSum } from '../../../domain/scans/merge-roll-ups.ts';
import { dayMs } from '../../../domain/scans/roll-up.ts';
import { addPacked, type BucketRange, packDay, unpackDay } from '../../../domain/scans/scan-day.ts';
import type { SpanState } from '../../../domain/scans/span.ts';
import { chunksOf, readingPlan } from '../scan-pages.ts';
import {
  type DayOwner,
  ownerOfScope,
  type ScanScope,
  type ScanStore,
  type StoredDay,
  spanOwner,
} from '../scan-store.ts';
import { addBySpans, type SpanReader } from '../span-breakdowns.ts';
import type { SqlValue } from './columns.ts';
import type { SqliteConnection } from './connection.ts';
import { unsynced } from './protocol.ts';
import { codeDayStatements, scanStatements, spanStatements, tenantDayStatements } from './scan-statements.ts';

type Days = Pick<
  ScanStore,
  'findDay' | 'findDays' | 'replaceDay' | 'totalsOf' | 'readCounts' | 'readBreakdowns' | 'daysOf' | 'nextCodeWithScans'
>;

function storedDay([day, revision, counts, breakdowns]: SqlValue[]): StoredDay {
  const texts = { counts: counts as string, breakdowns: breakdowns as string };
  return { day: day as number, revision: revision as number, rollUps: unpackDay(day as number, texts) };
}

const statementsOf = ({ codeId }: DayOwner | { codeId: unknown }) =>
  codeId === null ? tenantDayStatements : codeDayStatements;

/** The roll-ups' side of the store in SQLite. */
export function sqliteScanDays(connection: SqliteConnection): Days {
  const list = connection.list.bind(connection);
  const scopeOf = ({ tenantId, codeIds }: ScanScope) => ({
    ids: codeIds ?? [tenantId],
    statements: codeIds === null ? tenantDayStatements : codeDayStatements,
  });
  const addDays = async (scope: ScanScope, sum: BreakdownSum, range: BucketRange): Promise<void> => {
    const { ids, statements } = scopeOf(scope);
    for (const { ids: some, days } of readingPlan(ids, range)) {
      const parameters = some.map((id) => [id, days.from, days.to, range.from, range.to - dayMs]);
      const more = { fold: 'breakdowns', range: { ...range, starts: null } } as const;
      addPacked(sum, await connection.fold(statements.breakdowns, parameters, more));
    }
  };
  const spansOf = (owner: DayOwner, scope: ScanScope): SpanReader => ({
    async revisions({ from, to }) {
      const rows = await list(statementsOf(owner).revisions, [owner.codeId ?? owner.tenantId, from, to]);
      return (rows as number[][]).map(([day, revision, scanCount]) => ({ day, revision, scanCount }) as never);
    },
    async kept({ from, to }) {
      const rows = await list(spanStatements.states, [spanOwner(owner), from, to]);
      return rows.map(([span, days, revisions]) => ({ span, days, revisions }) as SpanState);
    },
    async addSpans(sum, spans) {
      const parameters = spans.map((span) => [spanOwner(owner), span]);
      const more = { fold: 'spans', range: { from: 0, to: 0, starts: null } } as const;
      addPacked(sum, await connection.fold(spanStatements.total, parameters, more));
    },
    addDays: (sum, range) => addDays(scope, sum, range),
    async keep({ span, days, revisions, total }) {
      await connection.write(
        spanStatements.keep,
        [[spanOwner(owner), span, days, revisions, JSON.stringify(total)]],
        unsynced,
      );
    },
  });
  return {
    async findDay(owner, day) {
      const [row] = await list(statementsOf(owner).find, [owner.codeId ?? owner.tenantId, day]);
      return row === undefined ? null : storedDay(row);
    },
    async findDays(codeIds, day) {
      const parameters = codeIds.map((codeId) => [codeId, day]);
      return (await connection.listEach(codeDayStatements.find, parameters)).map(storedDay);
    },
    async replaceDay({ tenantId, codeId }, day, rollUps, revision) {
      const { scanCount, lastAt, counts, total, breakdowns } = packDay(rollUps);
      const { insert, replace } = statementsOf({ codeId });
      const values = [codeId ?? tenantId, day, revision, scanCount, lastAt, counts, total, breakdowns];
      const write =
        revision > 0
          ? connection.write(replace, [values], unsynced)
          : connection.write(insert, [codeId === null ? values : [...values, tenantId]], unsynced);
      return (await write).changes[0] === 1;
    },
    async totalsOf(codeIds) {
      const rows: SqlValue[][] = [];
      for (const chunk of chunksOf(codeIds, 500)) {
        const parameters = chunk.map((codeId) => [codeId]);
        rows.push(...(await connection.listEach(codeDayStatements.total, parameters)));
      }
      return rows.map(([id, scanCount, lastAt]) => ({
        id: id as string,
        scanCount: scanCount as number,
        lastScannedAt: lastAt as number | null,
      }));
    },
    async readCounts(scope, range, starts) {
      const { ids, statements } = scopeOf(scope);
      const sum = new CountSum(range, starts);
      for (const { ids: some, days } of readingPlan(ids, range)) {
        const parameters = some.map((id) => [id, days.from, days.to]);
        const more = { fold: 'counts', range: { ...range, starts } } as const;
        sum.addNumbers(await connection.fold(statements.counts, parameters, more));
      }
      return sum.result();
    },
    async readBreakdowns(scope, range) {
      const sum = new BreakdownSum();
      const owner = ownerOfScope(scope);
      if (owner === null) await addDays(scope, sum, range);
      else await addBySpans(sum, range, spansOf(owner, scope));
      return sum.result();
    },
    async daysOf(owner, { limit, after }) {
      const rows = await list(statementsOf(owner).list, [owner.codeId ?? owner.tenantId, after, limit]);
      return rows.map(storedDay);
    },
    async nextCodeWithScans(after) {
      const found = [
        ...(await list(scanStatements.nextCode, [after])),
        ...(await list(codeDayStatements.nextCode, [after])),
      ] as [string, string][];
      const [first] = found.sort(([a], [b]) => (a < b ? -1 : 1));
      return first === undefined ? null : { codeId: first[0], tenantId: first[1] };
    },
  };
}
