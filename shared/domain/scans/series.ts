import { type Counts, countParts, type ScanFilter } from './analytics.ts';
import type { BucketCounts } from './roll-up.ts';
import { endOfInterval, type Interval, startOfInterval, type TimeZone } from './time-zone.ts';

/** A series has so many intervals at most: more than a year of hours. */
export const mostIntervals = 10_000;

export type SeriesPoint = { start: number } & Counts;

/**
 * Returns when each interval begins that has a part in `from` (included) to `to` (excluded), ascending; the first may begin before
 * `from`. Null when they are more than `mostIntervals`.
 */
export function intervalStarts(
  range: { from: number; to: number },
  interval: Interval,
  zone: TimeZone,
): number[] | null {
  const starts: number[] = [];
  let start = startOfInterval(interval, range.from, zone);
  while (start < range.to) {
    if (starts.length === mostIntervals) return null;
    starts.push(start);
    start = endOfInterval(interval, start, zone);
  }
  return starts;
}

/**
 * Adds up 15-minute counts to intervals, zeros included.
 *
 * @param buckets ascending, none twice, none before the first interval; a bucket that the range cuts holds only what lies in it
 */
export function seriesOf(
  starts: readonly number[],
  buckets: readonly BucketCounts[],
  filter: ScanFilter,
): SeriesPoint[] {
  let next = 0;
  return starts.map((start, index) => {
    const end = starts[index + 1] ?? Number.POSITIVE_INFINITY;
    const point: SeriesPoint = { start, scanCount: 0, dailyUniqueCount: 0 };
    for (; next < buckets.length && (buckets[next] as BucketCounts).start < end; next++) {
      const { scanCount, dailyUniqueCount } = countParts((buckets[next] as BucketCounts).counts, filter);
      point.scanCount += scanCount;
      point.dailyUniqueCount += dailyUniqueCount;
    }
    return point;
  });
}
