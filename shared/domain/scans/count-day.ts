import { bucketOf, type CountedScan, type PartSet, partIndex, type RollUp, rollUp } from './roll-up.ts';

/** Counts a whole UTC day of a code, whose scans come in the order of times and ids: buckets by their starts, ascending. */
export function countDay(scans: Iterable<CountedScan>): Map<number, RollUp> {
  const buckets = new Map<number, CountedScan[]>();
  for (const scan of scans) {
    const start = bucketOf(scan.at);
    const there = buckets.get(start);
    if (there === undefined) buckets.set(start, [scan]);
    else there.push(scan);
  }
  const earlier = new Map<string, PartSet>();
  const day = new Map<number, RollUp>();
  for (const [start, inBucket] of buckets) {
    day.set(start, rollUp(inBucket, earlier));
    for (const scan of inBucket) {
      const { visitor } = scan;
      if (visitor !== null) earlier.set(visitor, (earlier.get(visitor) ?? 0) | (1 << partIndex(scan)));
    }
  }
  return day;
}
