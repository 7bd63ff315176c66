import type { ScanRow, ScanScope, ScanStore } from '../shared/adapters/database/scan-store.ts';
import { mergeRollUps } from '../shared/domain/scans/merge-roll-ups.ts';
import { bucketMs, bucketOf, dayOf, type RollUp, rollUp } from '../shared/domain/scans/roll-up.ts';

export type Range = { from: number; to: number };

/** A range as it is read: whole buckets from the roll-ups (null: none), and what it cuts off buckets from the ledger. */
export type CutRange = { whole: Range | null; cuts: Range[] };

/** The range itself, and where it must not cut: neither before `ledgerFrom` nor at or behind `now`. */
type Bounds = { ledgerFrom: number; now: number };

const endOfBucket = (at: number): number => bucketOf(at + bucketMs - 1);

/**
 * Returns the range with those ends moved outward to a bucket's ends that cannot, or need not, be cut: on a day of which the ledger
 * may have lost scans, and where nothing has happened yet.
 */
export function alignedRange({ from, to }: Range, { ledgerFrom, now }: Bounds): Range {
  return {
    from: dayOf(from) < ledgerFrom ? bucketOf(from) : from,
    to: dayOf(to) < ledgerFrom ? endOfBucket(to) : to >= now ? endOfBucket(to) : to,
  };
}

/** Cuts a range at the ends of buckets. */
export function cutRange({ from, to }: Range): CutRange {
  const first = endOfBucket(from);
  const last = bucketOf(to);
  if (first > last) return { whole: null, cuts: [{ from, to }] };
  const cuts = [
    { from, to: first },
    { from: last, to },
  ].filter((cut) => cut.from < cut.to);
  return { whole: first < last ? { from: first, to: last } : null, cuts };
}

const pageRows = 1000;

async function readScans(scans: ScanStore, scope: ScanScope, range: Range): Promise<Map<string, ScanRow[]>> {
  const byCode = new Map<string, ScanRow[]>();
  let after: { at: number; id: string } | null = null;
  for (;;) {
    const rows: ScanRow[] = await scans.listBetween(scope, range, { limit: pageRows, after });
    for (const row of rows) {
      const there = byCode.get(row.codeId);
      if (there === undefined) byCode.set(row.codeId, [row]);
      else there.push(row);
    }
    const last = rows.at(-1);
    if (last === undefined || rows.length < pageRows) return byCode;
    after = { at: last.at, id: last.id };
  }
}

/** Counts the part of one bucket that lies in the range, from the ledger: a visitor is new who was not there before on that day. */
export async function rollUpCut(scans: ScanStore, scope: ScanScope, cut: Range): Promise<RollUp> {
  const rollUps: RollUp[] = [];
  for (const [codeId, rows] of await readScans(scans, scope, cut)) {
    const visitors = [...new Set(rows.flatMap(({ visitor }) => (visitor === null ? [] : [visitor])))];
    const before = { from: dayOf(cut.from), to: cut.from };
    const earlier = await scans.visitorsBetween(codeId, visitors, before);
    rollUps.push(rollUp(rows, earlier));
  }
  return mergeRollUps(rollUps);
}
