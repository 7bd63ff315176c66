import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  botChoices,
  breakDown,
  countParts,
  joinBuckets,
  mostKeys,
  passes,
} from '../../../../shared/domain/scans/analytics.ts';
import {
  breakdownNames,
  bucketMs,
  bucketOf,
  type CountedScan,
  dayOf,
  rollUp,
} from '../../../../shared/domain/scans/roll-up.ts';
import { intervalStarts, mostIntervals, seriesOf } from '../../../../shared/domain/scans/series.ts';
import { endOfInterval, findTimeZone, intervals, type TimeZone } from '../../../../shared/domain/scans/time-zone.ts';

const zoneOf = (name: string): TimeZone => findTimeZone(name) as TimeZone;
const at = (time: string): number => Date.parse(time);

function scan(more: Partial<CountedScan> & { at: number }): CountedScan {
  return {
    bot: false,
    source: 'qr',
    visitor: null,
    country: null,
    city: null,
    device: null,
    system: null,
    browser: null,
    referrer: null,
    language: null,
    ...more,
  };
}

const someKey = fc.constantFrom(null, 'a', 'b', 'c');
const someScan = fc.record({
  // Three days around Berlin's long one.
  at: fc.integer({ min: at('2026-10-24T00:00:00Z'), max: at('2026-10-27T00:00:00Z') - 1 }),
  bot: fc.boolean(),
  source: fc.constantFrom('qr' as const, 'link' as const, null),
  visitor: fc.constantFrom(null, 'v1', 'v2', 'v3'),
  country: someKey,
  city: someKey,
  device: someKey,
  system: someKey,
  browser: someKey,
  referrer: someKey,
  language: someKey,
});
const ledgers = fc.array(someScan, { maxLength: 40 }).map((scans) => scans.sort((one, other) => one.at - other.at));
const filters = fc.record({
  bots: fc.constantFrom(...botChoices),
  source: fc.constantFrom('qr' as const, 'link' as const, null),
});
const zones = fc.constantFrom('UTC', 'Europe/Berlin', 'Asia/Kolkata', 'Australia/Lord_Howe').map(zoneOf);

/** Roll-ups as the workers make them: bucket by bucket, with who was there before on the day. */
function rollUps(ledger: CountedScan[]) {
  const starts = [...new Set(ledger.map((each) => bucketOf(each.at)))];
  return starts.map((start) => {
    const earlier = new Map<string, number>();
    for (const each of ledger.filter((one) => one.at < start && dayOf(one.at) === dayOf(start))) {
      if (each.visitor === null) continue;
      const bit = 1 << ((each.bot ? 3 : 0) + [`qr`, `link`, null].indexOf(each.source));
      earlier.set(each.visitor, (earlier.get(each.visitor) ?? 0) | bit);
    }
    const inBucket = ledger.filter((one) => bucketOf(one.at) === start);
    return { start, ...rollUp(inBucket, earlier) };
  });
}

describe('analytics', () => {
  it('count each scan in its interval and each visitor at the first scan of the day, whatever is filtered', () => {
    fc.assert(
      fc.property(ledgers, filters, zones, fc.constantFrom(...intervals), (ledger, filter, zone, interval) => {
        const range = { from: at('2026-10-24T00:00:00Z'), to: at('2026-10-27T00:00:00Z') };
        const starts = intervalStarts(range, interval, zone) as number[];
        const buckets = rollUps(ledger).map(({ start, counts }) => ({ start, counts }));
        const passing = ledger.filter((each) => passes(each, filter));
        const seen = new Set<string>();
        const firsts = passing.filter(({ at: time, visitor }) => {
          const key = `${dayOf(time)} ${visitor}`;
          return visitor !== null && !seen.has(key) && seen.add(key);
        });
        const within = (scans: CountedScan[], start: number): number =>
          scans.filter((each) => each.at >= start && each.at < endOfInterval(interval, start, zone)).length;
        expect(seriesOf(starts, buckets, filter)).toEqual(
          starts.map((start) => ({
            start,
            scanCount: within(passing, start),
            dailyUniqueCount: within(firsts, start),
          })),
        );
      }),
    );
  });

  it('break down to as many scans as there are, most first', () => {
    fc.assert(
      fc.property(ledgers, filters, (ledger, filter) => {
        const parts = rollUps(ledger).flatMap(({ breakdowns }) => breakdowns);
        const passing = ledger.filter((each) => passes(each, filter));
        const broken = breakDown(parts, filter, passing.length);
        for (const name of breakdownNames)
          expect(broken[name].reduce((sum, { scanCount }) => sum + scanCount, 0)).toBe(passing.length);
        for (const { key, scanCount } of broken.devices)
          expect(scanCount).toBe(passing.filter(({ device }) => device === key).length);
        const counts = broken.devices.map(({ scanCount }) => scanCount);
        expect(counts).toEqual([...counts].sort((one, other) => other - one));
      }),
    );
  });

  it('show a thousand keys and sum up the rest', () => {
    const scans = Array.from({ length: mostKeys + 5 }, (_, index) =>
      Array.from({ length: index < 3 ? 2 : 1 }, () => scan({ at: 0, referrer: `host-${index}.example` })),
    ).flat();
    const { breakdowns } = rollUp(scans, new Map());
    const { referrers } = breakDown(breakdowns, { bots: 'exclude', source: null }, scans.length);
    expect(referrers).toHaveLength(mostKeys + 1);
    expect(referrers[0]).toEqual({ key: 'host-0.example', scanCount: 2 });
    expect(referrers.at(-1)).toEqual({ key: '(other)', scanCount: 5, restOf: 5 });
    expect(referrers.reduce((sum, { scanCount }) => sum + scanCount, 0)).toBe(scans.length);
  });

  it('put what is counted and not yet broken down under unknown', () => {
    const { breakdowns } = rollUp([scan({ at: 0, device: 'mobile' })], new Map());
    expect(breakDown(breakdowns, { bots: 'exclude', source: null }, 3).devices).toEqual([
      { key: null, scanCount: 2 },
      { key: 'mobile', scanCount: 1 },
    ]);
  });

  it('join the counts of one bucket from several lists', () => {
    const counts = (count: number) =>
      rollUp(
        Array.from({ length: count }, () => scan({ at: 0 })),
        new Map(),
      ).counts;
    const joined = joinBuckets([
      [{ start: bucketMs, counts: counts(1) }],
      [
        { start: 0, counts: counts(2) },
        { start: bucketMs, counts: counts(3) },
      ],
    ]);
    expect(
      joined.map((each) => [each.start, countParts(each.counts, { bots: 'exclude', source: 'qr' }).scanCount]),
    ).toEqual([
      [0, 2],
      [bucketMs, 4],
    ]);
  });
});

describe('the intervals of a range', () => {
  it('begin with the one that holds its first moment and end before its end', () => {
    const range = { from: at('2026-03-28T11:00:00Z'), to: at('2026-03-29T22:00:00Z') };
    expect(intervalStarts(range, 'day', zoneOf('Europe/Berlin'))).toEqual([
      at('2026-03-27T23:00:00Z'),
      at('2026-03-28T23:00:00Z'),
    ]);
    expect(intervalStarts({ ...range, to: range.to + 1 }, 'day', zoneOf('Europe/Berlin'))).toHaveLength(3);
  });

  it(`are at most ${mostIntervals}`, () => {
    const hours = (count: number) => ({ from: 0, to: count * 60 * 60 * 1000 });
    expect(intervalStarts(hours(mostIntervals), 'hour', zoneOf('UTC'))).toHaveLength(mostIntervals);
    expect(intervalStarts(hours(mostIntervals + 1), 'hour', zoneOf('UTC'))).toBeNull();
  });
});
