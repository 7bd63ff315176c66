import { CountSum } from '../../../domain/scans/count-sum.ts';
import { BreakdownSum } from '../../../domain/scans/merge-roll-ups.ts';
import type { BreakdownPart } from '../../../domain/scans/roll-up.ts';
import { addBreakdowns, type BucketRange } from '../../../domain/scans/scan-day.ts';
import type { SqlValue } from './columns.ts';

export type FoldRange = BucketRange;

/** What each fold answers. */
export type FoldResults = {
  /** As CountSum keeps them. */
  counts: Float64Array;
  breakdowns: BreakdownPart[];
};
export type FoldName = keyof FoldResults;

/** Takes rows one by one, in the order of the columns that the fold names. */
export type Fold<Result> = { add(row: SqlValue[]): void; result(): Result };

/** What the database thread can add up by itself, so that only the sum travels. */
export const folds: { [Name in FoldName]: (range: FoldRange) => Fold<FoldResults[Name]> } = {
  /** Of `day, counts`. */
  counts: (range) => {
    const sum = new CountSum(range);
    return {
      add: ([day, counts]) => sum.addDay(day as number, { counts: counts as string }),
      result: () => sum.numbers(),
    };
  },
  /** Of `day, breakdowns, total`. */
  breakdowns: (range) => {
    const sum = new BreakdownSum();
    return {
      add: ([day, breakdowns, total]) => {
        addBreakdowns(sum, day as number, { breakdowns: breakdowns as string, total: total as string | null }, range);
      },
      result: () => sum.result(),
    };
  },
};
