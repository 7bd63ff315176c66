import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bucketMs, dayMs } from '../../../../shared/domain/scans/roll-up.ts';
import { rangesBetween, spanMs, spanOf, spanStates, wholeSpans } from '../../../../shared/domain/scans/span.ts';

const first = spanOf(Date.UTC(2026, 0, 20));

describe('the spans of a range', () => {
  it('are those that lie in it as a whole, and with what is between them they are the range', () => {
    const bucket = fc.integer({ min: 0, max: 96 * 100 });
    fc.assert(
      fc.property(bucket, bucket, fc.subarray([0, 1, 2, 3, 4, 5]), (a, b, chosen) => {
        const range = { from: first + Math.min(a, b) * bucketMs, to: first + Math.max(a, b) * bucketMs };
        const whole = wholeSpans(range);
        if (whole === null) expect(range.to - range.from).toBeLessThan(2 * spanMs);
        const { from, to } = whole ?? { from: 0, to: 0 };
        const spans = chosen.map((index) => ({ span: from + index * spanMs })).filter(({ span }) => span < to);
        for (const { span } of spans)
          expect([span % spanMs, range.from <= span, span + spanMs <= range.to]).toEqual([0, true, true]);
        const between = rangesBetween(range, spans);
        const lengths = between.reduce((sum, each) => sum + each.to - each.from, 0);
        expect(lengths + spans.length * spanMs).toBe(range.to - range.from);
        for (const each of between) {
          expect(each.from).toBeLessThan(each.to);
          expect(spans.some(({ span }) => span < each.to && each.from < span + spanMs)).toBe(false);
        }
      }),
    );
  });

  it('are worth keeping when they have many scans on more than one day, and are known by their days and revisions', () => {
    const stored = (day: number, scanCount: number, revision = 1) => ({
      day: first + day * dayMs,
      scanCount,
      revision,
    });
    const days = [stored(16, 900, 7), stored(0, 300), stored(3, 200, 5), stored(33, 200), stored(34, 200)];
    expect(spanStates(days)).toEqual([{ span: first, days: 2, revisions: 6 }]);
  });
});
