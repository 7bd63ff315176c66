import { dayMs, dayOf } from '../../domain/scans/roll-up.ts';
import type { BucketRange } from '../../domain/scans/scan-day.ts';
import type { Millis } from './database.ts';
import type { ScanPage, ScanRow } from './scan-store.ts';

/** The setting that says from when on the ledger holds every scan, as RFC 3339. */
export const ledgerSetting = 'scans:ledger-begins';

/** Behind every time that a row may have. */
const endOfTime: Millis = Date.UTC(9999, 0);

/** Returns where a page begins, behind `after` or at the end of the range that its order begins at, and its bounds. */
export function pageBounds({ order, from, to, after }: ScanPage): {
  from: Millis;
  to: Millis;
  start: [Millis, string];
} {
  const bounds = { from: from ?? 0, to: to ?? endOfTime };
  const end: [Millis, string] = order === 'newest-first' ? [bounds.to, ''] : [bounds.from, ''];
  return { ...bounds, start: after === null ? end : [after.at, after.id] };
}

/** Returns the scans of several lists, oldest first, `limit` at most. */
export function oldestOf(scans: ScanRow[], limit: number): ScanRow[] {
  return scans.sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1)).slice(0, limit);
}

export function chunksOf<Item>(items: readonly Item[], size: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}

/** The days that a range touches: from the first, to behind the last. */
function daysOfRange({ from, to }: BucketRange): BucketRange {
  return { from: dayOf(from), to: dayOf(to + dayMs - 1) };
}

/** What is read at a time: many days of few owners, or few codes with all their days. */
const spanDays = 60;
const codesAtATime = 100;

/** Splits what a scope's days are read by into pieces that take a few milliseconds each. */
export function readingPlan(ids: readonly string[], range: BucketRange): { ids: string[]; days: BucketRange }[] {
  const days = daysOfRange(range);
  const spans: BucketRange[] = [];
  const spanMs = (ids.length <= 5 ? spanDays : 6 * spanDays) * dayMs;
  for (let from = days.from; from < days.to; from += spanMs) spans.push({ from, to: Math.min(from + spanMs, days.to) });
  return chunksOf(ids, codesAtATime).flatMap((chunk) => spans.map((span) => ({ ids: chunk, days: span })));
}
