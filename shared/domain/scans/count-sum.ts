import { type BucketCounts, bucketMs, type CountPart, dayMs, dayOf, type PartKey, parts } from './roll-up.ts';
import type { BucketRange, PackedBuckets, PackedCounts, PackedDay } from './scan-day.ts';

const slotsInDay = dayMs / bucketMs;
/** A part's numbers: scanCount, amongAll, amongBots, amongSource, amongPart. */
const numbersOfPart = 5;
const numbersOfSlot = parts.length * numbersOfPart;
/** Of a part that is carried: its start, its position, its numbers. */
const numbersCarried = 2 + numbersOfPart;

/**
 * Adds the counts of days up, bucket by bucket. A year has 35,040 buckets, so all of it is kept in plain numbers, a day in one
 * array, and carried from one thread to another likewise.
 */
export class CountSum {
  readonly #range: BucketRange;
  readonly #days = new Map<number, Float64Array>();

  constructor(range: BucketRange) {
    this.#range = range;
  }

  addDay(day: number, { counts }: Pick<PackedDay, 'counts'>): void {
    for (const [slot, packed] of JSON.parse(counts) as PackedBuckets<PackedCounts>) {
      const start = day + slot * bucketMs;
      if (start < this.#range.from || start >= this.#range.to) continue;
      for (const numbers of packed) this.#add(start, numbers[0], { numbers, from: 1 });
    }
  }

  addNumbers(numbers: Float64Array): void {
    for (let at = 0; at < numbers.length; at += numbersCarried)
      this.#add(numbers[at] as number, numbers[at + 1] as number, { numbers, from: at + 2 });
  }

  #add(start: number, part: number, { numbers, from }: { numbers: ArrayLike<number>; from: number }): void {
    const day = dayOf(start);
    let sums = this.#days.get(day);
    if (sums === undefined) {
      sums = new Float64Array(slotsInDay * numbersOfSlot);
      this.#days.set(day, sums);
    }
    const to = ((start - day) / bucketMs) * numbersOfSlot + part * numbersOfPart;
    for (let index = 0; index < numbersOfPart; index++)
      sums[to + index] = (sums[to + index] as number) + (numbers[from + index] as number);
  }

  /** Calls `visit` with every part of a bucket that has scans, ascending; its numbers begin at `at`. */
  #visit(visit: (start: number, part: number, found: { sums: Float64Array; at: number }) => void): void {
    for (const day of [...this.#days.keys()].sort((a, b) => a - b)) {
      const sums = this.#days.get(day) as Float64Array;
      for (let at = 0; at < sums.length; at += numbersOfPart) {
        if (sums[at] === 0) continue;
        const start = day + Math.floor(at / numbersOfSlot) * bucketMs;
        visit(start, (at % numbersOfSlot) / numbersOfPart, { sums, at });
      }
    }
  }

  numbers(): Float64Array {
    let size = 0;
    this.#visit(() => {
      size += numbersCarried;
    });
    const numbers = new Float64Array(size);
    let to = 0;
    this.#visit((start, part, { sums, at }) => {
      numbers[to] = start;
      numbers[to + 1] = part;
      for (let index = 0; index < numbersOfPart; index++) numbers[to + 2 + index] = sums[at + index] as number;
      to += numbersCarried;
    });
    return numbers;
  }

  /** Ascending by start. */
  result(): BucketCounts[] {
    const buckets: BucketCounts[] = [];
    this.#visit((start, part, { sums, at }) => {
      const { bot, source } = parts[part] as PartKey;
      const counts: CountPart = {
        bot,
        source,
        scanCount: sums[at] as number,
        amongAll: sums[at + 1] as number,
        amongBots: sums[at + 2] as number,
        amongSource: sums[at + 3] as number,
        amongPart: sums[at + 4] as number,
      };
      const last = buckets.at(-1);
      if (last?.start === start) last.counts.push(counts);
      else buckets.push({ start, counts: [counts] });
    });
    return buckets;
  }
}
