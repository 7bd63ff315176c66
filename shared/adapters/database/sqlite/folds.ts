import { CountSum } from '../../../domain/scans/count-sum.ts';
import { BreakdownSum, type FlatPart } from '../../../domain/scans/merge-roll-ups.ts';
import { addBreakdowns, addPacked, type BucketRange } from '../../../domain/scans/scan-day.ts';
import type { SqlValue } from './columns.ts';

/** `starts`: of the intervals that counts are added up by, see CountSum; breakdowns have none. */
export type FoldRange = BucketRange & { starts: readonly number[] | null };

/** What each fold answers. */
export type FoldResults = {
  /** As CountSum keeps them. */
  counts: Float64Array;
  breakdowns: FlatPart[];
  spans: FlatPart[];
};
export type FoldName = keyof FoldResults;

/** Takes rows one by one, in the order of the columns that the fold names. */
type Fold<Result> = { add(row: SqlValue[]): void; result(): Result };

/** What the database thread can add up by itself, so that only the sum travels. */
export const folds: { [Name in FoldName]: (range: FoldRange) => Fold<FoldResults[Name]> } = {
  /** Of `day, counts`. */
  counts: (range) => {
    const sum = new CountSum(range, range.starts);
    return {
      add: ([day, counts]) => sum.addDay(day as number, { counts: counts as string }),
      result: () => sum.numbers(),
    };
  },
  /** Of `day, breakdowns, total`; of a whole day the total is enough. */
  breakdowns: (range) => {
    const sum = new BreakdownSum();
    return {
      add: ([day, breakdowns, total]) => {
        addBreakdowns(sum, day as number, { breakdowns: breakdowns as string, total: total as string | null }, range);
      },
      result: () => sum.flat(),
    };
  },
  /** Of `total`. */
  spans: () => {
    const sum = new BreakdownSum();
    return {
      add: ([total]) => addPacked(sum, JSON.parse(total as string) as FlatPart[]),
      result: () => sum.flat(),
    };
  },
};
