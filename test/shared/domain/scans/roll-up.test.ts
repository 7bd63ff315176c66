import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countDay } from '../../../../shared/domain/scans/count-day.ts';
import { CountSum } from '../../../../shared/domain/scans/count-sum.ts';
import {
  BreakdownSum,
  mergeBreakdowns,
  mergeCounts,
  mergeRollUps,
} from '../../../../shared/domain/scans/merge-roll-ups.ts';
import {
  breakdownNames,
  bucketMs,
  type CountedScan,
  dayMs,
  partIndex,
  parts,
  type RollUp,
  rollUp,
} from '../../../../shared/domain/scans/roll-up.ts';
import { addBreakdowns, packDay, unpackDay } from '../../../../shared/domain/scans/scan-day.ts';

const day = Date.UTC(2026, 10, 23);
const few = (...values: (string | null)[]) => fc.constantFrom(...values);
const scan: fc.Arbitrary<CountedScan> = fc.record({
  at: fc.integer({ min: day, max: day + dayMs - 1 }),
  visitor: few('a', 'b', 'c', null),
  bot: fc.boolean(),
  source: fc.constantFrom('qr' as const, 'link' as const, null),
  country: few('DE', 'FR', null),
  city: few('Paris', null),
  device: few('mobile', null),
  system: few('iOS', 'Android', null),
  browser: few('Safari', null),
  referrer: few('example.com', '', null),
  language: few('de', null),
});
const dayOfScans = fc.array(scan, { maxLength: 40 }).map((scans) => scans.toSorted((a, b) => a.at - b.at));
const none = new Map<string, number>();

const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);
const merged = (scans: CountedScan[]): RollUp => mergeRollUps([...countDay(scans).values()]);

describe('a roll-up', () => {
  it('holds every part at its own place', () => {
    expect(parts.map(partIndex)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('adds up to its scans, and so does each breakdown', () => {
    fc.assert(
      fc.property(dayOfScans, (scans) => {
        const { counts, breakdowns, lastAt } = rollUp(scans, none);
        expect(sum(counts.map(({ scanCount }) => scanCount))).toBe(scans.length);
        for (const part of counts) {
          const own = scans.filter(({ bot, source }) => bot === part.bot && source === part.source);
          expect(part.scanCount).toBe(own.length);
          const lists = breakdowns.find(({ bot, source }) => bot === part.bot && source === part.source)?.breakdowns;
          for (const name of breakdownNames) {
            expect(sum((lists?.[name] ?? []).map(([, count]) => count))).toBe(own.length);
          }
        }
        const humans = scans.filter(({ bot }) => !bot);
        expect(lastAt).toBe(humans.at(-1)?.at ?? null);
      }),
    );
  });

  it('counts a visitor once in each class, on a day split into buckets as on a whole one', () => {
    const visitors = (scans: CountedScan[]) => new Set(scans.flatMap(({ visitor }) => visitor ?? [])).size;
    fc.assert(
      fc.property(dayOfScans, (scans) => {
        const { counts } = merged(scans);
        expect(sum(counts.map(({ amongAll }) => amongAll))).toBe(visitors(scans));
        for (const bot of [true, false]) {
          const own = counts.filter((part) => part.bot === bot);
          expect(sum(own.map(({ amongBots }) => amongBots))).toBe(visitors(scans.filter((each) => each.bot === bot)));
        }
        for (const source of ['qr', 'link', null]) {
          const own = counts.filter((part) => part.source === source);
          const theirs = scans.filter((each) => each.source === source);
          expect(sum(own.map(({ amongSource }) => amongSource))).toBe(visitors(theirs));
        }
        for (const part of counts) {
          const own = scans.filter(({ bot, source }) => bot === part.bot && source === part.source);
          expect(part.amongPart).toBe(visitors(own));
        }
        expect({ ...merged(scans), counts: mergeCounts([counts]) }).toEqual(rollUp(scans, none));
      }),
    );
  });

  it('counts nobody anew who was there before, in the classes that he was there in', () => {
    const earlier = new Map([['a', 1 << partIndex({ bot: false, source: 'link' })]]);
    const again: CountedScan = {
      at: day + bucketMs,
      visitor: 'a',
      bot: false,
      source: 'qr',
      country: null,
      city: null,
      device: null,
      system: null,
      browser: null,
      referrer: null,
      language: null,
    };
    const { counts } = rollUp([again, { ...again, visitor: null }], earlier);
    const uniques = { amongAll: 0, amongBots: 0, amongSource: 1, amongPart: 1 };
    expect(counts).toEqual([{ bot: false, source: 'qr', scanCount: 2, ...uniques }]);
  });

  it('tells cities of one name apart by their countries', () => {
    const { breakdowns } = rollUp(
      [
        { country: 'FR', city: 'Paris' },
        { country: 'US', city: 'Paris' },
        { country: 'US', city: null },
      ].map((place) => ({ ...(fc.sample(scan, 1)[0] as CountedScan), bot: false, source: null, ...place })),
      none,
    );
    const cities = [
      ['FR/Paris', 1],
      ['US/Paris', 1],
      [null, 1],
    ];
    expect(breakdowns[0]?.breakdowns.cities).toEqual(cities);
  });
});

describe('merging', () => {
  it('does not depend on how it is grouped or ordered', () => {
    const some = dayOfScans.map((scans) => rollUp(scans, none));
    fc.assert(
      fc.property(some, some, some, (a, b, c) => {
        expect(mergeRollUps([mergeRollUps([a, b]), c])).toEqual(mergeRollUps([a, mergeRollUps([b, c])]));
        expect(mergeRollUps([c, a, b])).toEqual(mergeRollUps([a, b, c]));
        expect(mergeRollUps([a])).toEqual(a);
        expect(mergeRollUps([])).toEqual({ counts: [], breakdowns: [], lastAt: null });
      }),
    );
  });

  it('leaves what it adds up as it was', () => {
    const a = rollUp(fc.sample(scan, 5), none);
    const before = structuredClone(a);
    mergeRollUps([a, a]);
    expect(a).toEqual(before);
  });
});

describe('a packed day', () => {
  it('is read back as it was, and equal days are equal texts', () => {
    fc.assert(
      fc.property(dayOfScans, (scans) => {
        const rollUps = countDay(scans);
        const packed = packDay(rollUps);
        expect(unpackDay(day, packed)).toEqual(rollUps);
        expect(packDay(new Map([...rollUps].reverse()))).toEqual(packed);
        const humans = scans.filter(({ bot }) => !bot);
        expect(packed).toMatchObject({ scanCount: humans.length, lastAt: humans.at(-1)?.at ?? null });
      }),
    );
  });

  it('gives the counts and breakdowns of any range of its buckets', () => {
    const slot = fc.integer({ min: -2, max: 98 });
    fc.assert(
      fc.property(dayOfScans, slot, slot, (scans, first, last) => {
        const range = { from: day + first * bucketMs, to: day + last * bucketMs };
        const rollUps = countDay(scans);
        const inRange = [...rollUps].filter(([start]) => range.from <= start && start < range.to);
        const packed = packDay(rollUps);
        const [once, twice] = [new CountSum(range, null), new CountSum(range, null)];
        once.addDay(day, packed);
        expect(once.result()).toEqual(inRange.map(([start, { counts }]) => ({ start, counts })));
        twice.addNumbers(once.numbers());
        twice.addDay(day, packed);
        expect(twice.result()).toEqual(
          inRange.map(([start, { counts }]) => ({ start, counts: mergeCounts([counts, counts]) })),
        );
        const starts = [day - 5 * bucketMs, day + 7 * bucketMs, day + 40 * bucketMs];
        const byInterval = new CountSum(range, starts);
        byInterval.addDay(day, packed);
        byInterval.addDay(day, packDay(new Map()));
        expect(byInterval.result()).toEqual(
          starts.flatMap((from, index) => {
            const to = starts[index + 1] ?? Number.POSITIVE_INFINITY;
            const counts = mergeCounts(
              inRange.filter(([start]) => from <= start && start < to).map(([, rollUp]) => rollUp.counts),
            );
            return counts.length === 0 ? [] : [{ start: from, counts }];
          }),
        );
        const breakdowns = new BreakdownSum();
        addBreakdowns(breakdowns, day, packed, range);
        expect(breakdowns.result()).toEqual(mergeBreakdowns(inRange.map(([, rollUp]) => rollUp.breakdowns)));
      }),
    );
  });
});
