import { BreakdownSum } from '../../domain/scans/merge-roll-ups.ts';
import { addPacked, type BucketRange } from '../../domain/scans/scan-day.ts';
import {
  type KeptSpan,
  rangesBetween,
  type SpanState,
  spanMs,
  spanStates,
  wholeSpans,
} from '../../domain/scans/span.ts';
import { AppError } from '../../errors.ts';
import type { Millis } from './database.ts';

/** The days and kept spans of one owner. */
export type SpanReader = {
  revisions(range: BucketRange): Promise<{ day: Millis; revision: number; scanCount: number }[]>;
  /** The kept spans that begin in the range. */
  kept(range: BucketRange): Promise<SpanState[]>;
  addSpans(sum: BreakdownSum, spans: Millis[]): Promise<void>;
  addDays(sum: BreakdownSum, range: BucketRange): Promise<void>;
  /** Puts a span in the place of the one that is kept. */
  keep(span: KeptSpan): Promise<void>;
};

/**
 * Adds the breakdowns of an owner's days up, by whole spans where they are kept as the days are now. A span whose days have changed
 * is added up from them and kept for the next; the state is read before the days, so a span is never kept as newer than it is.
 */
export async function addBySpans(sum: BreakdownSum, range: BucketRange, reader: SpanReader): Promise<void> {
  const whole = wholeSpans(range);
  const states = whole === null ? [] : spanStates(await reader.revisions(whole));
  if (whole === null || states.length === 0) return reader.addDays(sum, range);
  const kept = new Map((await reader.kept(whole)).map((state) => [state.span, state]));
  const isFresh = ({ span, days, revisions }: SpanState): boolean =>
    kept.get(span)?.days === days && kept.get(span)?.revisions === revisions;
  await reader.addSpans(
    sum,
    states.filter(isFresh).map(({ span }) => span),
  );
  for (const state of states.filter((one) => !isFresh(one))) await addAnew(sum, state, reader);
  for (const between of rangesBetween(range, states)) await reader.addDays(sum, between);
}

async function addAnew(sum: BreakdownSum, state: SpanState, reader: SpanReader): Promise<void> {
  const own = new BreakdownSum();
  await reader.addDays(own, { from: state.span, to: state.span + spanMs });
  const total = own.flat();
  addPacked(sum, total);
  try {
    await reader.keep({ ...state, total });
  } catch (error) {
    /* Keeping it only saves time: who reads must not fail because a disk is full. */
    if (!(error instanceof AppError)) throw error;
  }
}
