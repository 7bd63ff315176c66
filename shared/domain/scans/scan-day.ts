import { type BreakdownSum, type FlatBreakdown, type FlatPart, latest, mergeBreakdowns } from './merge-roll-ups.ts';
import {
  type Breakdown,
  type BreakdownName,
  type BreakdownPart,
  breakdownNames,
  bucketMs,
  type CountPart,
  dayMs,
  type PartKey,
  partIndex,
  parts,
  type RollUp,
} from './roll-up.ts';

/** The buckets of one UTC day that have scans, ascending, by their starts. */
export type ScanDay = ReadonlyMap<number, RollUp>;

/**
 * A day as the stores keep it: so short that a year of a code, or of a tenant, can be read at once. Texts are JSON:
 * buckets by their number in the day (0…95), parts by their position in `parts`, breakdowns in the order of `breakdownNames`.
 */
export type PackedDay = {
  counts: string;
  breakdowns: string;
  /** The breakdowns of all buckets together; null when there are not two of them. */
  total: string | null;
  /** Bots left out. */
  scanCount: number;
  /** Likewise. */
  lastAt: number | null;
};

export type PackedCounts = [
  part: number,
  scanCount: number,
  amongAll: number,
  amongBots: number,
  amongSource: number,
  amongPart: number,
][];
type PackedBreakdowns = FlatPart[];
export type PackedBuckets<Content> = [slot: number, content: Content, lastAt: number | null][];

const packCounts = (counts: CountPart[]): PackedCounts =>
  counts.map((part) => [
    partIndex(part),
    part.scanCount,
    part.amongAll,
    part.amongBots,
    part.amongSource,
    part.amongPart,
  ]);

const packBreakdowns = (breakdowns: BreakdownPart[]): PackedBreakdowns =>
  breakdowns.map((part) => [partIndex(part), ...breakdownNames.map((name) => part.breakdowns[name].flat())]);

function unpackCounts(counts: PackedCounts): CountPart[] {
  return counts.map(([part, scanCount, amongAll, amongBots, amongSource, amongPart]) => ({
    ...(parts[part] as PartKey),
    scanCount,
    amongAll,
    amongBots,
    amongSource,
    amongPart,
  }));
}

function unpackBreakdowns(breakdowns: PackedBreakdowns): BreakdownPart[] {
  return breakdowns.map(([part, ...lists]) => {
    const entries = breakdownNames.map((name, position): [BreakdownName, Breakdown] => [
      name,
      pairsOf(lists[position] as FlatBreakdown),
    ]);
    return {
      ...(parts[part] as PartKey),
      breakdowns: Object.fromEntries(entries) as Record<BreakdownName, Breakdown>,
    };
  });
}

function pairsOf(flat: FlatBreakdown): Breakdown {
  const pairs: Breakdown = [];
  for (let at = 0; at < flat.length; at += 2) pairs.push([flat[at] as string | null, flat[at + 1] as number]);
  return pairs;
}

/** Writes a day down; buckets without scans are left out. Equal days give equal texts. */
export function packDay(day: ScanDay): PackedDay {
  const buckets = [...day].filter(([, { counts }]) => counts.length > 0).sort(([a], [b]) => a - b);
  const slotOf = (start: number): number => (start % dayMs) / bucketMs;
  const packed = <Content>(contentOf: (rollUp: RollUp) => Content): string =>
    JSON.stringify(
      buckets.map(([start, rollUp]) => [slotOf(start), contentOf(rollUp), rollUp.lastAt]) as PackedBuckets<Content>,
    );
  const humans = buckets.flatMap(([, { counts }]) => counts.filter(({ bot }) => !bot));
  const total = mergeBreakdowns(buckets.map(([, { breakdowns }]) => breakdowns));
  return {
    counts: packed(({ counts }) => packCounts(counts)),
    breakdowns: packed(({ breakdowns }) => packBreakdowns(breakdowns)),
    total: buckets.length > 1 ? JSON.stringify(packBreakdowns(total)) : null,
    scanCount: humans.reduce((sum, { scanCount }) => sum + scanCount, 0),
    lastAt: buckets.reduce((last: number | null, [, { lastAt }]) => latest(last, lastAt), null),
  };
}

/** Reads a day that began at `day` (ms since 1970, UTC) back. */
export function unpackDay(day: number, { counts, breakdowns }: Pick<PackedDay, 'counts' | 'breakdowns'>): ScanDay {
  const ofBreakdowns = JSON.parse(breakdowns) as PackedBuckets<PackedBreakdowns>;
  const ofCounts = JSON.parse(counts) as PackedBuckets<PackedCounts>;
  return new Map(
    ofCounts.map(([slot, packed, lastAt], position) => [
      day + slot * bucketMs,
      { counts: unpackCounts(packed), breakdowns: unpackBreakdowns(ofBreakdowns[position]?.[1] ?? []), lastAt },
    ]),
  );
}

/** Includes `from`, excludes `to`; both are starts of buckets. */
export type BucketRange = { from: number; to: number };

/** Adds the breakdowns of a day to a sum: of the whole day, or of those of its buckets that lie in the range. */
export function addBreakdowns(
  sum: BreakdownSum,
  day: number,
  { breakdowns, total }: Pick<PackedDay, 'breakdowns' | 'total'>,
  range: BucketRange,
): void {
  if (total !== null && range.from <= day && day + dayMs <= range.to) {
    addPacked(sum, JSON.parse(total) as PackedBreakdowns);
    return;
  }
  for (const [slot, packed] of JSON.parse(breakdowns) as PackedBuckets<PackedBreakdowns>) {
    const start = day + slot * bucketMs;
    if (range.from <= start && start < range.to) addPacked(sum, packed);
  }
}

/** Adds parts as they are stored to a sum. */
export function addPacked(sum: BreakdownSum, breakdowns: readonly FlatPart[]): void {
  for (const [part, ...lists] of breakdowns) sum.addPart(part, lists);
}

/** Whether two days hold the same buckets with the same roll-ups. */
export function equalDays(a: ScanDay, b: ScanDay): boolean {
  const [first, second] = [packDay(a), packDay(b)];
  return first.counts === second.counts && first.breakdowns === second.breakdowns;
}
