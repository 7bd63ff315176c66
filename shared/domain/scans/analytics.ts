import { mergeCounts } from './merge-roll-ups.ts';
import {
  type BreakdownName,
  type BreakdownPart,
  type BucketCounts,
  breakdownNames,
  type CountPart,
  largestFirst,
  type PartKey,
} from './roll-up.ts';

export const botChoices = ['exclude', 'include', 'only'] as const;
type BotChoice = (typeof botChoices)[number];
export const scanSources = ['qr', 'link'] as const;

/** Which scans are counted; `source: null` leaves none out. */
export type ScanFilter = { bots: BotChoice; source: (typeof scanSources)[number] | null };

export type Counts = { scanCount: number; dailyUniqueCount: number };

/** An entry of a breakdown. `restOf`: this one holds the scans of so many rarer keys. */
export type Share = { key: string | null; scanCount: number; restOf?: number };

/** So many keys of a breakdown are shown; the rarer ones are one entry, so that each breakdown adds up. */
export const mostKeys = 1000;
const restKey = '(other)';

/** Whether the scans of a part pass the filter. */
export function passes({ bot, source }: PartKey, filter: ScanFilter): boolean {
  const isBotWanted = filter.bots === 'include' || bot === (filter.bots === 'only');
  return isBotWanted && (filter.source === null || source === filter.source);
}

/** A visitor counts once a UTC day, at the first scan among those that the filter lets pass. */
function uniquesOf(part: CountPart, { bots, source }: ScanFilter): number {
  if (bots === 'include') return source === null ? part.amongAll : part.amongSource;
  return source === null ? part.amongBots : part.amongPart;
}

/** Adds up the parts that pass the filter. */
export function countParts(parts: readonly CountPart[], filter: ScanFilter): Counts {
  const counts: Counts = { scanCount: 0, dailyUniqueCount: 0 };
  for (const part of parts) {
    if (!passes(part, filter)) continue;
    counts.scanCount += part.scanCount;
    counts.dailyUniqueCount += uniquesOf(part, filter);
  }
  return counts;
}

/** Adds up lists of counts, bucket by bucket, to one list, ascending. */
export function joinBuckets(lists: readonly BucketCounts[][]): BucketCounts[] {
  const joined = new Map<number, CountPart[]>();
  for (const { start, counts } of lists.flat()) joined.set(start, mergeCounts([joined.get(start) ?? [], counts]));
  return [...joined].map(([start, counts]) => ({ start, counts })).sort((one, other) => one.start - other.start);
}

function sharesOf(counts: Map<string | null, number>): Share[] {
  const entries = largestFirst(counts);
  const shares = entries.slice(0, mostKeys).map(([key, scanCount]): Share => ({ key, scanCount }));
  const rest = entries.slice(mostKeys);
  if (rest.length === 0) return shares;
  const scanCount = rest.reduce((sum, [, count]) => sum + count, 0);
  return [...shares, { key: restKey, scanCount, restOf: rest.length }];
}

/**
 * Adds up breakdowns of the scans that pass the filter; each comes to `scanCount`. Scans that are counted and not yet broken down
 * (the two are read one after the other) stand under unknown.
 */
export function breakDown(
  parts: readonly BreakdownPart[],
  filter: ScanFilter,
  scanCount: number,
): Record<BreakdownName, Share[]> {
  const passing = parts.filter((part) => passes(part, filter));
  const shares = breakdownNames.map((name) => {
    const counts = new Map<string | null, number>();
    let missing = scanCount;
    for (const [key, count] of passing.flatMap(({ breakdowns }) => breakdowns[name])) {
      counts.set(key, (counts.get(key) ?? 0) + count);
      missing -= count;
    }
    if (missing > 0) counts.set(null, (counts.get(null) ?? 0) + missing);
    return [name, sharesOf(counts)] as const;
  });
  return Object.fromEntries(shares) as Record<BreakdownName, Share[]>;
}
