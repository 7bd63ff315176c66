import {
  type Breakdown,
  type BreakdownName,
  type BreakdownPart,
  breakdownNames,
  type CountPart,
  largestFirst,
  type PartKey,
  partIndex,
  parts,
  type RollUp,
} from './roll-up.ts';

/** Keys and counts in turn. */
export type FlatBreakdown = readonly (string | number | null)[];
/** A part by its position in `parts`, its breakdowns in the order of `breakdownNames`. */
export type FlatPart = [part: number, ...breakdowns: FlatBreakdown[]];

const countNames = ['scanCount', 'amongAll', 'amongBots', 'amongSource', 'amongPart'] as const;

/** Adds counts up, part by part. */
export function mergeCounts(lists: Iterable<readonly CountPart[]>): CountPart[] {
  const sums: (CountPart | undefined)[] = [];
  for (const list of lists) {
    for (const part of list) {
      const index = partIndex(part);
      const sum = sums[index];
      if (sum === undefined) sums[index] = { ...part };
      else for (const name of countNames) sum[name] += part[name];
    }
  }
  return sums.filter((sum) => sum !== undefined);
}

/** Adds breakdowns up, one list after the other, so that the lists need not be held together. */
export class BreakdownSum {
  readonly #counts: (Map<string | null, number>[] | undefined)[] = [];

  add(list: readonly BreakdownPart[]): void {
    for (const part of list) {
      this.addPart(
        partIndex(part),
        breakdownNames.map((name) => part.breakdowns[name].flat()),
      );
    }
  }

  /** Adds the breakdowns of one part, which stand in the order of `breakdownNames`. */
  addPart(index: number, breakdowns: readonly FlatBreakdown[]): void {
    this.#counts[index] ??= breakdownNames.map(() => new Map());
    const counts = this.#counts[index];
    breakdowns.forEach((breakdown, position) => {
      addTo(counts[position] as Map<string | null, number>, breakdown);
    });
  }

  /** The same as `result` in no order, as it is kept and carried from thread to thread: pairs and sorting take far longer. */
  flat(): FlatPart[] {
    return this.#counts.flatMap((counts, index) =>
      counts === undefined ? [] : [[index, ...counts.map((count) => [...count].flat())] as FlatPart],
    );
  }

  /** The parts that have scans, each breakdown's largest count first. */
  result(): BreakdownPart[] {
    return parts.flatMap((key: PartKey, index) => {
      const counts = this.#counts[index];
      if (counts === undefined) return [];
      const entries = breakdownNames.map((name, position): [BreakdownName, Breakdown] => [
        name,
        largestFirst(counts[position] as Map<string | null, number>),
      ]);
      return [{ ...key, breakdowns: Object.fromEntries(entries) as Record<BreakdownName, Breakdown> }];
    });
  }
}

function addTo(counts: Map<string | null, number>, flat: FlatBreakdown): void {
  for (let at = 0; at < flat.length; at += 2) {
    const key = flat[at] as string | null;
    counts.set(key, (counts.get(key) ?? 0) + (flat[at + 1] as number));
  }
}

/** Adds breakdowns up, part by part. */
export function mergeBreakdowns(lists: Iterable<readonly BreakdownPart[]>): BreakdownPart[] {
  const sum = new BreakdownSum();
  for (const list of lists) sum.add(list);
  return sum.result();
}

/** Adds roll-ups up: of several codes, or of several buckets. */
export function mergeRollUps(rollUps: readonly RollUp[]): RollUp {
  return {
    counts: mergeCounts(rollUps.map(({ counts }) => counts)),
    breakdowns: mergeBreakdowns(rollUps.map(({ breakdowns }) => breakdowns)),
    lastAt: rollUps.reduce((last: number | null, { lastAt }) => latest(last, lastAt), null),
  };
}

/** Returns the later of two times, either of which may be missing. */
export function latest(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.max(a, b);
}
