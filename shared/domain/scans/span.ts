import type { FlatPart } from './merge-roll-ups.ts';
import { dayMs } from './roll-up.ts';
import type { BucketRange } from './scan-day.ts';

/** A stretch of UTC days whose breakdowns are kept together: a year of a busy code is then a few texts, not 365. */
export const spanMs = 16 * dayMs;

export function spanOf(day: number): number {
  return day - (day % spanMs);
}

/** What tells whether days were changed since a span was added up: days are never removed, and their revisions only grow. */
export type SpanState = { span: number; days: number; revisions: number };

/** A span as it is kept: its days' breakdowns, added up when they had this state. */
export type KeptSpan = SpanState & { total: FlatPart[] };

/** Below this many scans in a span its days are read as they are. */
const leastScans = 500;

/** Returns the spans that lie in a range as a whole, from the first to behind the last; null when there is none. */
export function wholeSpans({ from, to }: BucketRange): BucketRange | null {
  const whole = { from: spanOf(from + spanMs - 1), to: spanOf(to) };
  return whole.from < whole.to ? whole : null;
}

/** Returns the state of each span that is worth keeping, ascending. */
export function spanStates(days: readonly { day: number; revision: number; scanCount: number }[]): SpanState[] {
  const spans = new Map<number, SpanState & { scanCount: number }>();
  for (const { day, revision, scanCount } of days) {
    const state = spans.get(spanOf(day)) ?? { span: spanOf(day), days: 0, revisions: 0, scanCount: 0 };
    state.days++;
    state.revisions += revision;
    state.scanCount += scanCount;
    spans.set(state.span, state);
  }
  return [...spans.values()]
    .filter(({ days, scanCount }) => days > 1 && scanCount >= leastScans)
    .map(({ span, days, revisions }) => ({ span, days, revisions }))
    .sort((a, b) => a.span - b.span);
}

/** Returns what is left of a range without these spans, which lie in it, ascending. */
export function rangesBetween(range: BucketRange, spans: readonly { span: number }[]): BucketRange[] {
  const ranges: BucketRange[] = [];
  let from = range.from;
  for (const { span } of spans) {
    if (from < span) ranges.push({ from, to: span });
    from = span + spanMs;
  }
  if (from < range.to) ranges.push({ from, to: range.to });
  return ranges;
}
