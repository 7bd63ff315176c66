import type { CodeStore } from '../shared/adapters/database/code-store.ts';
import type { ScanScope, ScanStore } from '../shared/adapters/database/scan-store.ts';
import type { CodesWanted } from '../shared/contract/analytics-query.ts';
import { joinBuckets } from '../shared/domain/scans/analytics.ts';
import { mergeBreakdowns } from '../shared/domain/scans/merge-roll-ups.ts';
import { type BreakdownPart, type BucketCounts, bucketOf } from '../shared/domain/scans/roll-up.ts';
import { cutRange, type Range, rollUpCut } from './cut-buckets.ts';

/** What was counted within a range: by interval (and by bucket where the range cuts one), and broken down over all of it. */
export type Counted = { buckets: BucketCounts[]; breakdowns: BreakdownPart[] };

/**
 * Reads what the scans of a scope in a range come to, to the millisecond.
 *
 * @param starts of the intervals that counts are wanted by, ascending; the first is not behind the range's beginning
 */
export async function readAnalytics(
  scans: ScanStore,
  scope: ScanScope,
  range: Range,
  starts: readonly number[],
): Promise<Counted> {
  if (scope.codeIds?.length === 0) return { buckets: [], breakdowns: [] };
  const { whole, cuts } = cutRange(range);
  // Breakdowns first: scans that are counted in between are then too many for them, never too few.
  const breakdowns = whole === null ? [] : await scans.readBreakdowns(scope, whole);
  const buckets = whole === null ? [] : await scans.readCounts(scope, whole, starts);
  const cutOff = await Promise.all(
    cuts.map(async (cut) => ({ start: bucketOf(cut.from), ...(await rollUpCut(scans, scope, cut)) })),
  );
  if (cutOff.length === 0) return { buckets, breakdowns };
  return {
    buckets: joinBuckets([buckets, cutOff.map(({ start, counts }) => ({ start, counts }))]),
    breakdowns: mergeBreakdowns([breakdowns, ...cutOff.map((cut) => cut.breakdowns)]),
  };
}

const idsInPage = 1000;

/** Returns the scope of the codes that are wanted; a tag or batch that nobody knows has none. */
export async function scopeOf(codes: CodeStore, tenantId: string, wanted: CodesWanted): Promise<ScanScope> {
  if (wanted === 'all') return { tenantId, codeIds: null };
  const codeIds: string[] = [];
  for (;;) {
    const ids = await codes.idsOf(tenantId, wanted, { limit: idsInPage, after: codeIds.at(-1) ?? null });
    for (const id of ids) codeIds.push(id);
    if (ids.length < idsInPage) return { tenantId, codeIds };
  }
}
