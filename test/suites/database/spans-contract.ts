import { describe, expect, it } from 'vitest';
import type { Database } from '../../../shared/adapters/database/database.ts';
import type { DayOwner } from '../../../shared/adapters/database/scan-store.ts';
import { countDay } from '../../../shared/domain/scans/count-day.ts';
import { mergeBreakdowns } from '../../../shared/domain/scans/merge-roll-ups.ts';
import { bucketMs, dayMs } from '../../../shared/domain/scans/roll-up.ts';
import type { ScanDay } from '../../../shared/domain/scans/scan-day.ts';
import { spanMs, spanOf } from '../../../shared/domain/scans/span.ts';
import { noon, unique } from './rows.ts';
import { newScan } from './scans.ts';

const first = spanOf(noon);

/** A day with so many scans that its span is kept. */
function busyDay(day: number, cities: number): ScanDay {
  return countDay(
    Array.from({ length: 400 }, (_, index) =>
      newScan({ at: day + (index % 90) * bucketMs, city: `Town-${index % cities}`, bot: index % 9 === 0 }),
    ).sort((a, b) => a.at - b.at),
  );
}

/** What the breakdowns of a busy owner promise, whose spans are kept. */
export function spansContract(database: () => Database): void {
  const scans = () => database().scans;

  describe.each([
    ['a code', true],
    ['a tenant', false],
  ])('the breakdowns of %s over many days', (_name, isCode) => {
    const newOwner = (): DayOwner => ({ tenantId: unique('t'), codeId: isCode ? unique('cod') : null });
    const breakdownsOf = ({ tenantId, codeId }: DayOwner, range: { from: number; to: number }) =>
      scans().readBreakdowns({ tenantId, codeIds: codeId === null ? null : [codeId] }, range);

    it('are the sum of the days, however often they are read, and also when a day has changed in between', async () => {
      const owner = newOwner();
      const days = new Map(Array.from({ length: 40 }, (_, index) => [first + index * dayMs, 3 + (index % 5)]));
      const stored = new Map<number, ScanDay>();
      for (const [day, cities] of days) {
        stored.set(day, busyDay(day, cities));
        expect(await scans().replaceDay(owner, day, stored.get(day) as ScanDay, 0)).toBe(true);
      }
      const ranges = [
        { from: first, to: first + 2 * spanMs },
        { from: first + 5 * bucketMs, to: first + 39 * dayMs + 30 * bucketMs },
        { from: first - 400 * dayMs, to: first + 400 * dayMs },
      ];
      const expectSums = async (): Promise<void> => {
        for (const range of ranges) {
          const inRange = [...stored.values()]
            .flatMap((day) => [...day])
            .filter(([start]) => range.from <= start && start < range.to);
          const sum = mergeBreakdowns(inRange.map(([, rollUp]) => rollUp.breakdowns));
          expect(await breakdownsOf(owner, range)).toEqual(sum);
        }
      };
      await expectSums();
      await expectSums();
      for (const day of [first + 3 * dayMs, first + spanMs]) {
        stored.set(day, busyDay(day, 12));
        expect(await scans().replaceDay(owner, day, stored.get(day) as ScanDay, 1)).toBe(true);
      }
      const late = first + 50 * dayMs;
      stored.set(late, busyDay(late, 2));
      await scans().replaceDay(owner, late, stored.get(late) as ScanDay, 0);
      await expectSums();
      await expectSums();
    });

    it('are the same for many who read them at once', async () => {
      const owner = newOwner();
      for (let index = 0; index < 4; index++)
        await scans().replaceDay(owner, first + index * dayMs, busyDay(first + index * dayMs, 6), 0);
      const range = { from: first, to: first + spanMs };
      const all = await Promise.all(Array.from({ length: 12 }, () => breakdownsOf(owner, range)));
      for (const one of all) expect(one).toEqual(await breakdownsOf(owner, range));
    });
  });
}
