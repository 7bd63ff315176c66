import { describe, expect, it } from 'vitest';
import type { Database } from '../../../shared/adapters/database/database.ts';
import type { ScanPage, ScanRow } from '../../../shared/adapters/database/scan-store.ts';
import { mergeBreakdowns, mergeCounts } from '../../../shared/domain/scans/merge-roll-ups.ts';
import { bucketMs, dayMs, dayOf, partIndex } from '../../../shared/domain/scans/roll-up.ts';
import { noon, unique } from './rows.ts';
import { countAll, naiveDays, newScan, shown } from './scans.ts';

const day = dayOf(noon);
const everything: ScanPage = {
  limit: 200,
  order: 'oldest-first',
  from: null,
  to: null,
  bots: 'include',
  source: null,
  after: null,
};

/** What the ledger, its marks and roll-ups promise. */
export function scansContract(database: () => Database): void {
  const scans = () => database().scans;
  const record = (rows: ScanRow[]) => scans().record(unique('seg'), rows, noon);
  const starts = async (codeId: string): Promise<number[]> => {
    const marks = await scans().marksBetween({ tenantId: 't', codeId }, { from: 0, to: noon + dayMs });
    return marks.map(({ start }) => start).sort((a, b) => a - b);
  };

  describe('the ledger', () => {
    it('holds each scan once, as it came, however often it is recorded', async () => {
      const codeId = unique('cod');
      const empty = { source: null, country: null, city: null, visitor: null, device: null, system: null } as const;
      const unknown = { ...empty, browser: null, referrer: null, language: null, version: null, bot: true };
      const rows = [
        newScan({ codeId }),
        newScan({ codeId, at: noon + 1, ...unknown, fallbackTarget: 'https://x.test/é' }),
      ];
      await record(rows);
      await record([...rows].reverse());
      await record(rows.slice(0, 1));
      expect(await scans().list(codeId, everything)).toEqual(rows);
    });

    it('lists in both orders, page by page, scans of one millisecond by id', async () => {
      const codeId = unique('cod');
      const rows = Array.from({ length: 9 }, (_, index) => newScan({ codeId, at: noon + Math.floor(index / 4) }));
      await record(rows);
      const order = (a: ScanRow, b: ScanRow) => a.at - b.at || (a.id < b.id ? -1 : 1);
      for (const way of ['oldest-first', 'newest-first'] as const) {
        const expected = rows.toSorted(order);
        const found: ScanRow[] = [];
        for (;;) {
          const after = found.at(-1) ?? null;
          const page = await scans().list(codeId, { ...everything, order: way, limit: 2, after });
          found.push(...page);
          if (page.length < 2) break;
        }
        expect(found).toEqual(way === 'oldest-first' ? expected : expected.reverse());
      }
    });

    it('lists what lies in a range, is a bot or not, and has a source', async () => {
      const codeId = unique('cod');
      const [qr, link, bot] = [
        newScan({ codeId, at: noon }),
        newScan({ codeId, at: noon + 1, source: 'link' }),
        newScan({ codeId, at: noon + 2, bot: true }),
      ];
      await record([qr, link, bot]);
      const list = (page: Partial<ScanPage>) => scans().list(codeId, { ...everything, ...page });
      expect(await list({ from: noon + 1, to: noon + 2 })).toEqual([link]);
      expect(await list({ order: 'newest-first', from: noon, to: noon + 2 })).toEqual([link, qr]);
      expect(await list({ bots: 'exclude' })).toEqual([qr, link]);
      expect(await list({ bots: 'only' })).toEqual([bot]);
      expect(await list({ bots: 'exclude', source: 'link' })).toEqual([link]);
    });

    it('reads a range of a tenant, and of several of its codes, oldest first, page by page', async () => {
      const [tenantId, other] = [unique('t'), unique('t')];
      const codeIds = [unique('cod'), unique('cod'), unique('cod')];
      const rows = Array.from({ length: 12 }, (_, index) =>
        newScan({ tenantId, codeId: codeIds[index % 3] as string, at: noon + index }),
      );
      await record([...rows, newScan({ tenantId: other, at: noon + 3 })]);
      const range = { from: noon + 1, to: noon + 11 };
      for (const wanted of [null, codeIds.slice(0, 2), []]) {
        const expected = rows.slice(1, 11).filter(({ codeId }) => wanted === null || wanted.includes(codeId));
        const found: ScanRow[] = [];
        for (;;) {
          const after = found.at(-1) ?? null;
          const page = await scans().listBetween({ tenantId, codeIds: wanted }, range, { limit: 3, after });
          found.push(...page);
          if (page.length < 3) break;
        }
        expect(found).toEqual(expected);
      }
      expect((await scans().codesBetween(tenantId, { from: noon + 1, to: noon + 3 })).sort()).toEqual(
        codeIds.slice(1).sort(),
      );
    });

    it('knows in which parts visitors were there before', async () => {
      const codeId = unique('cod');
      const [often, late] = [unique('v'), unique('v')];
      await record([
        newScan({ codeId, visitor: often, at: noon }),
        newScan({ codeId, visitor: often, at: noon + 1 }),
        newScan({ codeId, visitor: often, at: noon + 2, source: null, bot: true }),
        newScan({ codeId, visitor: late, at: noon + 9 }),
        newScan({ codeId: unique('cod'), visitor: late, at: noon }),
      ]);
      const wanted = [often, late, unique('v'), often];
      const found = await scans().visitorsBetween(codeId, wanted, { from: noon, to: noon + 9 });
      const both = (1 << partIndex({ bot: false, source: 'qr' })) | (1 << partIndex({ bot: true, source: null }));
      expect(found).toEqual(new Map([[often, both]]));
    });
  });

  describe('segments', () => {
    it('are recorded with their scans, and forgotten', async () => {
      const [early, late, empty] = [unique('seg'), unique('seg'), unique('seg')];
      await scans().record(early, [newScan()], noon);
      await scans().record(late, [newScan()], noon + 2);
      await scans().record(empty, [], noon + 3);
      expect(await scans().findRecorded([early, late, empty, unique('seg')])).toEqual(new Set([early, late, empty]));
      await scans().forgetRecordedBefore(noon + 2);
      expect(await scans().findRecorded([early, late])).toEqual(new Set([late]));
      await scans().forgetRecorded([late, early]);
      expect(await scans().findRecorded([late, empty])).toEqual(new Set([empty]));
      expect(await scans().findRecorded([])).toEqual(new Set());
    });
  });

  describe('marks', () => {
    it('stand on the bucket of each scan, and on the later ones of its visitor on that UTC day', async () => {
      const [codeId, visitor] = [unique('cod'), unique('v')];
      const at = (slots: number) => noon + slots * bucketMs;
      await record([newScan({ codeId, visitor, at: at(2) }), newScan({ codeId, visitor, at: at(4) })]);
      await record([newScan({ codeId, visitor, at: at(0) + dayMs }), newScan({ codeId, at: at(6) })]);
      expect(await starts(codeId)).toEqual([at(2), at(4), at(6)]);
      const marks = await scans().marksBetween({ tenantId: 't', codeId }, { from: 0, to: noon + 2 * dayMs });
      await scans().clearMarks(marks);
      await record([newScan({ codeId, visitor, at: at(3) })]);
      expect(await starts(codeId)).toEqual([at(3), at(4)]);
      expect(await scans().marksBetween({ tenantId: 't', codeId }, { from: day + dayMs, to: day + 2 * dayMs })).toEqual(
        [],
      );
    });

    it('are cleared only when nobody marked the bucket again', async () => {
      const [codeId, tenantId] = [unique('cod'), unique('t')];
      const owner = { tenantId, codeId: null };
      const range = { from: day, to: day + dayMs };
      await record([newScan({ tenantId, codeId }), newScan({ tenantId, codeId, at: noon + bucketMs })]);
      const before = await scans().marksBetween(owner, range);
      await record([newScan({ tenantId, codeId })]);
      await scans().clearMarks(before);
      const left = await scans().marksBetween(owner, range);
      expect(left.map(({ start }) => start)).toEqual([noon]);
      expect(left[0]).toEqual({ codeId, tenantId, start: noon, stamp: expect.any(String) });
      await scans().clearMarks(left);
      expect(await scans().marksBetween(owner, range)).toEqual([]);
    });

    it('come oldest first, and keep their place when they are set again', async () => {
      const codeIds = [unique('cod'), unique('cod')] as const;
      const mark = (codeId: string, now: number) => scans().mark([{ codeId, tenantId: 't', start: noon }], now);
      await mark(codeIds[0], 3);
      await mark(codeIds[1], 2);
      await mark(codeIds[1], 9);
      const oldest = (await scans().dirtyBuckets(2)).map(({ codeId }) => codeId);
      expect(oldest).toEqual([codeIds[1], codeIds[0]]);
      await scans().clearMarks(await scans().dirtyBuckets(2));
    });
  });

  describe('stored days', () => {
    it('are replaced by whoever read the latest, and by nobody else', async () => {
      for (const owner of [
        { tenantId: unique('t'), codeId: unique('cod') },
        { tenantId: unique('t'), codeId: null },
      ]) {
        const [first, second] = [newScan(), newScan({ at: noon + bucketMs })].map(
          (scan) => naiveDays([scan]).get(day) as never,
        );
        expect(await scans().findDay(owner, day)).toBeNull();
        const made = await Promise.all([1, 2, 3].map(() => scans().replaceDay(owner, day, first as never, 0)));
        expect(made.filter((done) => done)).toHaveLength(1);
        expect(await scans().replaceDay(owner, day, second as never, 0)).toBe(false);
        expect(await scans().replaceDay(owner, day, second as never, 1)).toBe(true);
        expect(await scans().replaceDay(owner, day, first as never, 1)).toBe(false);
        const stored = await scans().findDay(owner, day);
        expect(stored?.revision).toBe(2);
        expect(shown(stored?.rollUps)).toEqual(shown(second));
        expect(await scans().replaceDay(owner, day, new Map(), 2)).toBe(true);
        expect((await scans().findDay(owner, day))?.rollUps.size).toBe(0);
      }
    });

    it('come to what the ledger holds: counts and breakdowns of any range, of a code, of some, of all', async () => {
      const tenantId = unique('t');
      const codeIds = Array.from({ length: 3 }, () => unique('cod'));
      const rows = Array.from({ length: 120 }, (_, index) =>
        newScan({
          tenantId,
          codeId: codeIds[index % 3] as string,
          at: day + ((index * 7919) % (3 * 96)) * bucketMs + index,
          visitor: index % 5 === 0 ? null : `v${index % 3}-${index % 11}-${tenantId}`,
          source: ([null, 'qr', 'link'] as const)[index % 3] ?? null,
          bot: index % 7 === 0,
          country: index % 2 === 0 ? 'FR' : null,
          city: index % 4 === 0 ? 'Paris' : null,
        }),
      );
      await record(rows);
      await countAll(database(), tenantId);
      const range = { from: day + 5 * bucketMs, to: day + 2 * dayMs + 30 * bucketMs };
      for (const wanted of [null, codeIds.slice(0, 1), codeIds.slice(1)]) {
        const naive = codeIds
          .filter((codeId) => wanted === null || wanted.includes(codeId))
          .flatMap((codeId) => [...naiveDays(rows.filter((row) => row.codeId === codeId)).values()])
          .flatMap((days) => [...days])
          .filter(([start]) => range.from <= start && start < range.to);
        const scope = { tenantId, codeIds: wanted };
        const counts = await scans().readCounts(scope, range, null);
        const inBuckets = [...new Set(naive.map(([start]) => start))].sort((a, b) => a - b);
        expect(counts).toEqual(
          inBuckets.map((start) => ({
            start,
            counts: mergeCounts(naive.filter(([at]) => at === start).map(([, rollUp]) => rollUp.counts)),
          })),
        );
        const thirds = [day - dayMs, day + 20 * bucketMs, day + dayMs + 7 * bucketMs];
        const byInterval = thirds.flatMap((from, index) => {
          const to = thirds[index + 1] ?? Number.POSITIVE_INFINITY;
          const inInterval = naive.filter(([start]) => from <= start && start < to);
          return inInterval.length === 0
            ? []
            : [{ start: from, counts: mergeCounts(inInterval.map(([, rollUp]) => rollUp.counts)) }];
        });
        expect(await scans().readCounts(scope, range, thirds)).toEqual(byInterval);
        const breakdowns = mergeBreakdowns(naive.map(([, rollUp]) => rollUp.breakdowns));
        expect(await scans().readBreakdowns(scope, range)).toEqual(breakdowns);
      }
      for (const [index, total] of (await scans().totalsOf([...codeIds, 'cod_none'])).entries()) {
        const humans = rows.filter(({ codeId, bot }) => codeId === codeIds[index] && !bot);
        const lastScannedAt = humans.length === 0 ? null : Math.max(...humans.map(({ at }) => at));
        expect(total).toEqual({ id: codeIds[index] ?? 'cod_none', scanCount: humans.length, lastScannedAt });
      }
    });

    it('are found by day, and codes one after the other', async () => {
      const tenantId = unique('t');
      const [a, b] = [`cod_a${unique('')}`, `cod_b${unique('')}`];
      await record([0, 1, 2].map((days) => newScan({ tenantId, codeId: a, at: noon + days * dayMs })));
      await record([newScan({ tenantId, codeId: b })]);
      expect(await scans().nextCodeWithScans(a)).toMatchObject({ codeId: expect.any(String) });
      const before = await scans().nextCodeWithScans(a.slice(0, -1));
      expect(before).toEqual({ codeId: a, tenantId });
      await countAll(database(), tenantId);
      const page = await scans().daysOf({ tenantId, codeId: a }, { limit: 2, after: day - 1 });
      expect(page.map((stored) => stored.day)).toEqual([day, day + dayMs]);
      const rest = await scans().daysOf({ tenantId, codeId: a }, { limit: 2, after: day + dayMs });
      expect(rest.map((stored) => stored.day)).toEqual([day + 2 * dayMs]);
      expect(await scans().findDays([a, b, 'cod_none'], day)).toHaveLength(2);
      expect(await scans().nextCodeWithScans('cod_￿')).toBeNull();
    });
  });
}

/** What is promised of the ledger's beginning: on a database of its own, since it holds for all tenants. */
export function ledgerEndContract(database: () => Database): void {
  const scans = () => database().scans;

  it('lets the ledger begin later, never earlier, and deletes what lies before, of every tenant', async () => {
    expect(await scans().ledgerBegins()).toBe(0);
    expect(await scans().purgeLedger(10)).toBe(0);
    const codeId = unique('cod');
    const rows = ['t1', 't2'].flatMap((tenantId) =>
      Array.from({ length: 4 }, (_, days) => newScan({ tenantId, codeId, at: noon + days * dayMs })),
    );
    await scans().record(unique('seg'), rows, noon);
    await scans().closeLedgerBefore(day + 2 * dayMs);
    await scans().closeLedgerBefore(day + dayMs);
    expect(await scans().ledgerBegins()).toBe(day + 2 * dayMs);
    expect(await scans().purgeLedger(3)).toBe(3);
    expect(await scans().purgeLedger(3)).toBe(1);
    expect(await scans().purgeLedger(3)).toBe(0);
    const left = await scans().list(codeId, everything);
    expect(left.map(({ at }) => at)).toEqual([2, 2, 3, 3].map((days) => noon + days * dayMs));
  });
}
