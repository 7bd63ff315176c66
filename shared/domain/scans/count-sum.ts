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

  /** Every part that has scans, by the start of its interval, ascending. */
  *#filled(): Generator<{ start: number; part: number; numbers: Float64Array }> {
    for (const start of [...this.#sums.keys()].sort((a, b) => a - b)) {
      const sums = this.#sums.get(start) as Float64Array;
      for (let part = 0; part < parts.length; part++) {
        const numbers = sums.subarray(part * numbersOfPart, (part + 1) * numbersOfPart);
        if (numbers[0] !== 0) yield { start, part, numbers };
      }
    }
  }

  numbers(): Float64Array {
    const filled = [...this.#filled()];
    const numbers = new Float64Array(filled.length * numbersCarried);
    filled.forEach((found, index) => {
      numbers.set([found.start, found.part], index * numbersCarried);
      numbers.set(found.numbers, index * numbersCarried + 2);
    });
    return numbers;
  }

  /** Ascending by start. */
  result(): BucketCounts[] {
    const intervals: BucketCounts[] = [];
    for (const { start, part, numbers } of this.#filled()) {
      const [scanCount, amongAll, amongBots, amongSource, amongPart] = numbers as unknown as number[];
      const counts = {
        ...(parts[part] as PartKey),
        scanCount,
        amongAll,
        amongBots,
        amongSource,
        amongPart,
      } as CountPart;
      const last = intervals.at(-1);
      if (last?.start === start) last.counts.push(counts);
      else intervals.push({ start, counts: [counts] });
    }
    return intervals;
  }
}

function add(sums: Float64Array, part: number, from: { numbers: ArrayLike<number>; from: number }): void {
  const to = part * numbersOfPart;
  for (let index = 0; index < numbersOfPart; index++)
    sums[to + index] = (sums[to + index] as number) + (from.numbers[from.from + index] as number);
}
