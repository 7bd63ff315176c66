import { type BucketCounts, bucketMs, type CountPart, type PartKey, parts } from './roll-up.ts';
import type { BucketRange, PackedBuckets, PackedCounts, PackedDay } from './scan-day.ts';

/** A part's numbers: scanCount, amongAll, amongBots, amongSource, amongPart. */
const numbersOfPart = 5;
const numbersOfInterval = parts.length * numbersOfPart;
/** Of a part that is carried: its interval's start, its position, its numbers. */
const numbersCarried = 2 + numbersOfPart;

/**
 * Adds the counts of days up, interval by interval. A year has 35,040 buckets in six parts, so all of it is kept in plain numbers,
 * and carried from one thread to another likewise.
 */
export class CountSum {
  readonly #range: BucketRange;
  readonly #starts: readonly number[] | null;
  readonly #sums = new Map<number, Float64Array>();
  /** Where the last bucket was found: most buckets come in order. */
  #at = 0;

  /** @param starts when the intervals begin, ascending, the first not behind the range; null: each bucket is one */
  constructor(range: BucketRange, starts: readonly number[] | null) {
    this.#range = range;
    this.#starts = starts;
  }

  addDay(day: number, { counts }: Pick<PackedDay, 'counts'>): void {
    for (const [slot, packed] of JSON.parse(counts) as PackedBuckets<PackedCounts>) {
      const start = day + slot * bucketMs;
      if (start < this.#range.from || start >= this.#range.to) continue;
      const sums = this.#sumsOf(this.#intervalOf(start));
      for (const numbers of packed) add(sums, numbers[0], { numbers, from: 1 });
    }
  }

  addNumbers(numbers: Float64Array): void {
    for (let at = 0; at < numbers.length; at += numbersCarried)
      add(this.#sumsOf(numbers[at] as number), numbers[at + 1] as number, { numbers, from: at + 2 });
  }

  #intervalOf(start: number): number {
    const starts = this.#starts;
    if (starts === null) return start;
    if ((starts[this.#at] as number) > start) this.#at = 0;
    while (this.#at + 1 < starts.length && (starts[this.#at + 1] as number) <= start) this.#at++;
    return starts[this.#at] as number;
  }

  #sumsOf(interval: number): Float64Array {
    let sums = this.#sums.get(interval);
    if (sums === undefined) {
      sums = new Float64Array(numbersOfInterval);
      this.#sums.set(interval, sums);
    }
    return sums;
  }

  /** Calls `visit` with every part that has scans, intervals ascending; its numbers begin at `at`. */
  #visit(visit: (start: number, part: number, sums: Float64Array, at: number) => void): void {
    for (const start of [...this.#sums.keys()].sort((a, b) => a - b)) {
      const sums = this.#sums.get(start) as Float64Array;
      for (let part = 0; part < parts.length; part++)
        if (sums[part * numbersOfPart] !== 0) visit(start, part, sums, part * numbersOfPart);
    }
  }

  numbers(): Float64Array {
    const numbers = new Float64Array(this.#sums.size * parts.length * numbersCarried);
    let to = 0;
    this.#visit((start, part, sums, at) => {
      numbers[to] = start;
      numbers[to + 1] = part;
      for (let index = 0; index < numbersOfPart; index++) numbers[to + 2 + index] = sums[at + index] as number;
      to += numbersCarried;
    });
    return numbers.slice(0, to);
  }

  /** Ascending by start. */
  result(): BucketCounts[] {
    const intervals: BucketCounts[] = [];
    let last: BucketCounts | null = null;
    this.#visit((start, part, sums, at) => {
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
      if (last?.start === start) last.counts.push(counts);
      else {
        last = { start, counts: [counts] };
        intervals.push(last);
      }
    });
    return intervals;
  }
}

function add(sums: Float64Array, part: number, from: { numbers: ArrayLike<number>; from: number }): void {
  const to = part * numbersOfPart;
  for (let index = 0; index < numbersOfPart; index++)
    sums[to + index] = (sums[to + index] as number) + (from.numbers[from.from + index] as number);
}
