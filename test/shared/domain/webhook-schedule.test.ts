import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isGivenUp, mostAttempts, restMs, retryAfterMs } from '../../../shared/domain/webhook-schedule.ts';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const delays = [5 * second, 5 * minute, 30 * minute, 2 * hour, 5 * hour, 10 * hour, 10 * hour];
const rest = (more: Partial<Parameters<typeof restMs>[0]>) =>
  restMs({ attemptsMade: 1, retryAfterMs: null, timeScale: 1, lot: 0.5, ...more });

describe('the rest before an attempt', () => {
  it('follows the schedule of eight attempts', () => {
    expect(delays.map((_, index) => rest({ attemptsMade: index + 1 }))).toEqual(delays);
    expect(mostAttempts).toBe(8);
    expect(rest({ attemptsMade: 8 })).toBeNull();
  });

  it('differs by at most a tenth, and is scaled', () => {
    const lots = fc.record({
      attemptsMade: fc.integer({ min: 1, max: 7 }),
      lot: fc.double({ min: 0, max: 1, noNaN: true }),
      timeScale: fc.constantFrom(0, 0.001, 0.5, 1),
    });
    fc.assert(
      fc.property(lots, ({ attemptsMade, lot, timeScale }) => {
        const scaled = (delays[attemptsMade - 1] as number) * timeScale;
        expect(Math.abs((rest({ attemptsMade, lot, timeScale }) as number) - scaled)).toBeLessThanOrEqual(
          scaled / 10 + 1,
        );
      }),
    );
    expect([rest({ lot: 0 }), rest({ lot: 1 })]).toEqual([4500, 5500]);
  });

  it('is as long as the receiver asks, never shorter than the schedule, up to a day', () => {
    expect(rest({ retryAfterMs: minute })).toBe(minute);
    expect(rest({ retryAfterMs: second })).toBe(5 * second);
    expect(rest({ retryAfterMs: 1000 * hour })).toBe(24 * hour);
    expect(rest({ attemptsMade: 8, retryAfterMs: minute })).toBeNull();
  });
});

describe('Retry-After', () => {
  const now = Date.UTC(2026, 10, 24, 12);
  it.each([
    ['120', 120 * second],
    [' 0 ', 0],
    ['Tue, 24 Nov 2026 12:01:00 GMT', minute],
    ['Tue, 24 Nov 2026 11:00:00 GMT', 0],
    ['soon', null],
    ['-5', null],
    ['1.5', null],
    ['2026-11-24T12:01:00Z', null],
    ['Tue, 99 Nov 2026 12:01:00 GMT', null],
    [null, null],
  ])('reads %s as %s', (header, expected) => expect(retryAfterMs(header, now)).toBe(expected));

  it('never throws, and is never negative', () => {
    fc.assert(
      fc.property(fc.string(), (header) => {
        const read = retryAfterMs(header, now);
        expect(read === null || read >= 0).toBe(true);
      }),
    );
  });
});

describe('an endpoint', () => {
  it('is given up after five days of failures, scaled', () => {
    const days = 24 * hour;
    expect([isGivenUp(0, 5 * days - 1, 1), isGivenUp(0, 5 * days, 1), isGivenUp(0, 5 * days, 0.5)]).toEqual([
      false,
      true,
      true,
    ]);
  });
});
