import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bucketMs } from '../../../../shared/domain/scans/roll-up.ts';
import {
  endOfInterval,
  findTimeZone,
  type Interval,
  intervals,
  startOfDate,
  startOfInterval,
  type TimeZone,
  zonedTime,
} from '../../../../shared/domain/scans/time-zone.ts';

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

function zoneOf(name: string): TimeZone {
  const zone = findTimeZone(name);
  if (zone === null) throw new Error(`Intl knows no ${name}`);
  return zone;
}

/** What Intl itself shows: `2026-11-23 00:15`. */
function clockOf(name: string): (instant: number) => string {
  const format = new Intl.DateTimeFormat('sv-SE', {
    timeZone: name,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  return (instant) => format.format(instant);
}

/** The Monday of a date's week, by counting back. */
function mondayOf(date: string): string {
  let at = Date.parse(`${date}T00:00:00Z`);
  while (new Date(at).getUTCDay() !== 1) at -= dayMs;
  return new Date(at).toISOString().slice(0, 10);
}

function labelOf(interval: Interval, clock: string): string {
  if (interval === 'month') return clock.slice(0, 7);
  return interval === 'week' ? mondayOf(clock.slice(0, 10)) : clock.slice(0, 10);
}

/**
 * The naive model: walks minute by minute from well before, and begins an interval when the label is later than any before; an
 * hour at each full hour and each leap of the clocks.
 */
function naiveStart(interval: Interval, instant: number, name: string): number {
  const clock = clockOf(name);
  const backMs = interval === 'hour' ? 2 * 60 * minuteMs : interval === 'day' ? 3 * dayMs : 0;
  const first = Math.floor(instant / minuteMs) * minuteMs - backMs;
  let start = first;
  let latest = '';
  let before = '';
  for (let at = first; at <= instant; at += minuteMs) {
    const shown = clock(at);
    if (interval === 'hour') {
      const leapt = before !== '' && Date.parse(`${shown}Z`) - Date.parse(`${before}Z`) !== minuteMs;
      if (leapt || shown.endsWith(':00')) start = at;
      before = shown;
    } else if (labelOf(interval, shown) > latest) {
      latest = labelOf(interval, shown);
      start = at;
    }
  }
  return start;
}

/** Zones whose clocks were changed at a minute past midnight, within a quarter of an hour. */
const cutsQuarters = ['America/St_Johns', 'America/Goose_Bay', 'Asia/Gaza', 'Asia/Hebron'];
const names = Intl.supportedValuesOf('timeZone').filter((name) => !cutsQuarters.includes(name));
const someZone = fc.constantFrom(...names);
const years2000To2037 = fc.integer({ min: Date.UTC(2000, 0, 1), max: Date.UTC(2038, 0, 1) - 1 });

describe('an offset', () => {
  it('is what Intl shows, in every zone at every quarter', () => {
    fc.assert(
      fc.property(someZone, years2000To2037, (name, instant) => {
        const quarter = Math.floor(instant / bucketMs) * bucketMs;
        const shown = Date.parse(`${clockOf(name)(quarter)}Z`);
        expect(zoneOf(name).offsetAt(instant)).toBe(shown - quarter);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('an interval', () => {
  it.each(['hour', 'day'] as const)('of a %s begins where a walk minute by minute finds it', (interval) => {
    fc.assert(
      fc.property(someZone, years2000To2037, (name, instant) => {
        expect(startOfInterval(interval, instant, zoneOf(name))).toBe(naiveStart(interval, instant, name));
      }),
      { numRuns: interval === 'hour' ? 200 : 60 },
    );
  });

  it.each(intervals)('of a %s holds its instant, ends where the next begins, and is cut by quarters', (interval) => {
    fc.assert(
      fc.property(fc.constantFrom(...names, ...cutsQuarters), years2000To2037, (name, instant) => {
        const zone = zoneOf(name);
        const start = startOfInterval(interval, instant, zone);
        const end = endOfInterval(interval, start, zone);
        expect(start).toBeLessThanOrEqual(instant);
        expect(end).toBeGreaterThan(instant);
        expect([start % bucketMs, end % bucketMs]).toEqual([0, 0]);
        expect(startOfInterval(interval, end - 1, zone)).toBe(start);
        expect(startOfInterval(interval, end, zone)).toBe(end);
      }),
      { numRuns: 500 },
    );
  });

  it.each(['week', 'month'] as const)('of a %s begins with the day that Intl names first', (interval) => {
    fc.assert(
      fc.property(someZone, years2000To2037, (name, instant) => {
        const clock = clockOf(name);
        const start = startOfInterval(interval, instant, zoneOf(name));
        expect(labelOf(interval, clock(start))).toBe(labelOf(interval, clock(instant)));
        expect(labelOf(interval, clock(start - minuteMs)) < labelOf(interval, clock(start))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

/** Each interval of a range, as the zone's clocks show its start, with its length in minutes. */
function walk(interval: Interval, name: string, from: string, count: number): [string, number][] {
  const zone = zoneOf(name);
  let start = startOfInterval(interval, Date.parse(from), zone);
  return Array.from({ length: count }, () => {
    const end = endOfInterval(interval, start, zone);
    const shown: [string, number] = [zonedTime(start, zone), (end - start) / minuteMs];
    start = end;
    return shown;
  });
}

describe('known oddities', () => {
  it('gives Berlin days of 23 and 25 hours, and the hour that is shown twice twice', () => {
    expect(walk('day', 'Europe/Berlin', '2026-03-28T12:00:00Z', 3)).toEqual([
      ['2026-03-28T00:00:00+01:00', 24 * 60],
      ['2026-03-29T00:00:00+01:00', 23 * 60],
      ['2026-03-30T00:00:00+02:00', 24 * 60],
    ]);
    expect(walk('day', 'Europe/Berlin', '2026-10-25T12:00:00Z', 2)).toEqual([
      ['2026-10-25T00:00:00+02:00', 25 * 60],
      ['2026-10-26T00:00:00+01:00', 24 * 60],
    ]);
    expect(walk('hour', 'Europe/Berlin', '2026-10-25T00:30:00Z', 3)).toEqual([
      ['2026-10-25T02:00:00+02:00', 60],
      ['2026-10-25T02:00:00+01:00', 60],
      ['2026-10-25T03:00:00+01:00', 60],
    ]);
  });

  it('begins hours and days of Kolkata at half past, of Kathmandu at a quarter past', () => {
    expect(walk('hour', 'Asia/Kolkata', '2026-11-23T00:29:00Z', 1)).toEqual([['2026-11-23T05:00:00+05:30', 60]]);
    expect(startOfDate('2026-11-23', zoneOf('Asia/Kolkata'))).toBe(Date.parse('2026-11-22T18:30:00Z'));
    expect(startOfDate('2026-11-23', zoneOf('Asia/Kathmandu'))).toBe(Date.parse('2026-11-22T18:15:00Z'));
  });

  it("cuts the hours that Lord Howe's half hour of daylight saving cuts", () => {
    expect(walk('hour', 'Australia/Lord_Howe', '2026-04-04T14:00:00Z', 3)).toEqual([
      ['2026-04-05T01:00:00+11:00', 60],
      ['2026-04-05T01:30:00+10:30', 30],
      ['2026-04-05T02:00:00+10:30', 60],
    ]);
    expect(walk('hour', 'Australia/Lord_Howe', '2026-10-03T15:00:00Z', 3)).toEqual([
      ['2026-10-04T01:00:00+10:30', 60],
      ['2026-10-04T02:30:00+11:00', 30],
      ['2026-10-04T03:00:00+11:00', 60],
    ]);
    expect(walk('day', 'Australia/Lord_Howe', '2026-10-03T15:00:00Z', 1)).toEqual([
      ['2026-10-04T00:00:00+10:30', 23.5 * 60],
    ]);
  });

  it('begins days at one where midnight is skipped', () => {
    expect(walk('day', 'America/Sao_Paulo', '2018-11-04T12:00:00Z', 1)).toEqual([
      ['2018-11-04T01:00:00-02:00', 23 * 60],
    ]);
    expect(walk('day', 'Africa/Cairo', '2024-04-26T12:00:00Z', 1)).toEqual([['2024-04-26T01:00:00+03:00', 23 * 60]]);
  });

  it('goes on with the day before where clocks go back over midnight', () => {
    expect(walk('day', 'America/Sao_Paulo', '2018-02-17T12:00:00Z', 2)).toEqual([
      ['2018-02-17T00:00:00-02:00', 25 * 60],
      ['2018-02-18T00:00:00-03:00', 24 * 60],
    ]);
  });

  it('begins a day when its date is first shown, and goes on with it when clocks go back to the day before', () => {
    expect(walk('day', 'America/St_Johns', '2010-11-06T12:00:00Z', 2)).toEqual([
      ['2010-11-06T00:00:00-02:30', 24 * 60],
      ['2010-11-07T00:00:00-02:30', 25 * 60],
    ]);
  });

  it('has no 30 December 2011 in Apia', () => {
    expect(walk('day', 'Pacific/Apia', '2011-12-29T12:00:00Z', 3)).toEqual([
      ['2011-12-29T00:00:00-10:00', 24 * 60],
      ['2011-12-31T00:00:00+14:00', 24 * 60],
      ['2012-01-01T00:00:00+14:00', 24 * 60],
    ]);
    expect(walk('week', 'Pacific/Apia', '2011-12-29T12:00:00Z', 2)).toEqual([
      ['2011-12-26T00:00:00-10:00', 6 * 24 * 60],
      ['2012-01-02T00:00:00+14:00', 7 * 24 * 60],
    ]);
    expect(startOfDate('2011-12-30', zoneOf('Pacific/Apia'))).toBe(Date.parse('2011-12-30T10:00:00Z'));
  });

  it('begins weeks on Monday, across the end of a year too', () => {
    expect(walk('week', 'UTC', '2027-01-01T00:00:00Z', 2)).toEqual([
      ['2026-12-28T00:00:00+00:00', 7 * 24 * 60],
      ['2027-01-04T00:00:00+00:00', 7 * 24 * 60],
    ]);
    expect(walk('month', 'America/New_York', '2024-02-10T00:00:00Z', 2)).toEqual([
      ['2024-02-01T00:00:00-05:00', 29 * 24 * 60],
      ['2024-03-01T00:00:00-05:00', 31 * 24 * 60 - 60],
    ]);
  });
});

describe('the name of a zone', () => {
  it.each(['UTC', 'Etc/GMT+5', 'Europe/Berlin', 'europe/berlin', 'Asia/Calcutta', 'America/Argentina/Buenos_Aires'])(
    'is accepted: %s',
    (name) => expect(findTimeZone(name)?.name).toBe(name),
  );

  it.each([
    '',
    'Mars/Olympus',
    '+02:00',
    '+0200',
    'Europe/Berlin\u0000',
    'Europe/Berlin ',
    `A${'a'.repeat(200)}`,
    '__proto__',
  ])('is refused: %j', (name) => expect(findTimeZone(name)).toBeNull());
});
