/** 15 minutes: every offset of every time zone is a multiple. */
export const bucketMs = 15 * 60 * 1000;
export const dayMs = 24 * 60 * 60 * 1000;

/** Returns the start of the bucket that a moment lies in (ms since 1970, UTC). */
export function bucketOf(at: number): number {
  return at - (at % bucketMs);
}

/** Returns the start of the UTC day that a moment lies in. */
export function dayOf(at: number): number {
  return at - (at % dayMs);
}

/**
 * Scans that are new visitors: those that are the first of their visitor on their UTC day among …
 */
type Uniques = {
  /** … all scans of the code, */
  amongAll: number;
  /** … those with the same `bot`, */
  amongBots: number;
  /** … those with the same `source`, */
  amongSource: number;
  /** … those with the same `bot` and `source`. */
  amongPart: number;
};

/** The scans of a bucket that agree in what analytics can filter by. */
export type PartKey = { bot: boolean; source: 'qr' | 'link' | null };
export type CountPart = PartKey & { scanCount: number } & Uniques;

export const breakdownNames = [
  'countries',
  'cities',
  'devices',
  'systems',
  'browsers',
  'referrers',
  'languages',
  'sources',
] as const;
export type BreakdownName = (typeof breakdownNames)[number];
/** Key (null: unknown) and count, the largest first; each breakdown adds up to the part's scanCount. */
export type Breakdown = [key: string | null, scanCount: number][];
export type BreakdownPart = PartKey & { breakdowns: Record<BreakdownName, Breakdown> };

/** What one 15-minute bucket of one code comes to. Parts stand in the order of `parts`, those without scans are left out. */
export type RollUp = {
  counts: CountPart[];
  breakdowns: BreakdownPart[];
  /** The latest scan that is not a bot's, ms since 1970. */
  lastAt: number | null;
};

export type BucketCounts = { start: number; counts: CountPart[] };

/** Every part there can be; the stores keep a part as its position here, so the order never changes. */
export const parts: readonly PartKey[] = [
  { bot: false, source: 'qr' },
  { bot: false, source: 'link' },
  { bot: false, source: null },
  { bot: true, source: 'qr' },
  { bot: true, source: 'link' },
  { bot: true, source: null },
];

/** Returns the position in `parts`. */
export function partIndex({ bot, source }: PartKey): number {
  return (bot ? 3 : 0) + (source === 'qr' ? 0 : source === 'link' ? 1 : 2);
}

/** A set of parts: bit n stands for `parts[n]`. */
export type PartSet = number;

/** In which parts each visitor has scans before a bucket on its UTC day; who has none is left out. */
export type EarlierVisitors = ReadonlyMap<string, PartSet>;

/** What of a scan is counted. */
export type CountedScan = PartKey & {
  at: number;
  visitor: string | null;
  country: string | null;
  /** Name only; counted as `CC/Name`. */
  city: string | null;
  device: string | null;
  system: string | null;
  browser: string | null;
  referrer: string | null;
  language: string | null;
};

const setOf = (isIn: (key: PartKey) => boolean): PartSet =>
  parts.reduce((set, key, index) => (isIn(key) ? set | (1 << index) : set), 0);
const alike = parts.map((part, index) => ({
  bots: setOf(({ bot }) => bot === part.bot),
  source: setOf(({ source }) => source === part.source),
  part: 1 << index,
}));

/** Returns the key that a city is counted under: Paris is not Paris. */
function cityKey(country: string | null, city: string | null): string | null {
  return city === null ? null : `${country ?? ''}/${city}`;
}

const keysOf: Record<BreakdownName, (scan: CountedScan) => string | null> = {
  countries: ({ country }) => country,
  cities: ({ country, city }) => cityKey(country, city),
  devices: ({ device }) => device,
  systems: ({ system }) => system,
  browsers: ({ browser }) => browser,
  referrers: ({ referrer }) => referrer,
  languages: ({ language }) => language,
  sources: ({ source }) => source,
};

type Tally = CountPart & { keys: Map<string | null, number>[] };

/**
 * Counts the scans of one bucket. They come in the order of their times; whose time is the same may come in any order, as long
 * as it is always the same one. A scan without a visitor counts as nobody new.
 */
export function rollUp(scans: Iterable<CountedScan>, earlier: EarlierVisitors): RollUp {
  const seen = new Map<string, PartSet>();
  const tallies = new Map<number, Tally>();
  let lastAt: number | null = null;
  for (const scan of scans) {
    const index = partIndex(scan);
    const tally = tallies.get(index) ?? emptyTally(parts[index] as PartKey);
    tallies.set(index, tally);
    tally.scanCount++;
    if (scan.visitor !== null) {
      const before = seen.get(scan.visitor) ?? earlier.get(scan.visitor) ?? 0;
      countFirsts(tally, before, alike[index] as (typeof alike)[number]);
      seen.set(scan.visitor, before | (1 << index));
    }
    breakdownNames.forEach((name, position) => {
      const counts = tally.keys[position] as Map<string | null, number>;
      const key = keysOf[name](scan);
      counts.set(key, (counts.get(key) ?? 0) + 1);
    });
    if (!scan.bot) lastAt = Math.max(lastAt ?? 0, scan.at);
  }
  const counted = [...tallies].sort(([a], [b]) => a - b).map(([, tally]) => tally);
  return { counts: counted.map(({ keys: _, ...counts }) => counts), breakdowns: counted.map(breakdownPart), lastAt };
}

function emptyTally(part: PartKey): Tally {
  const none = { scanCount: 0, amongAll: 0, amongBots: 0, amongSource: 0, amongPart: 0 };
  return { ...part, ...none, keys: breakdownNames.map(() => new Map()) };
}

function countFirsts(tally: Tally, before: PartSet, { bots, source, part }: (typeof alike)[number]): void {
  if (before === 0) tally.amongAll++;
  if ((before & bots) === 0) tally.amongBots++;
  if ((before & source) === 0) tally.amongSource++;
  if ((before & part) === 0) tally.amongPart++;
}

function breakdownPart({ bot, source, keys }: Tally): BreakdownPart {
  const entries = breakdownNames.map((name, position) => [
    name,
    largestFirst(keys[position] as Map<string | null, number>),
  ]);
  return { bot, source, breakdowns: Object.fromEntries(entries) };
}

/** Returns counts as a breakdown, in the one order that equal counts always have. */
export function largestFirst(counts: ReadonlyMap<string | null, number>): Breakdown {
  return [...counts].sort(([a, m], [b, n]) => n - m || compareKeys(a, b));
}

/** The unknown stands behind all that is known. */
function compareKeys(a: string | null, b: string | null): number {
  if (a === null || b === null) return a === null ? 1 : -1;
  return a < b ? -1 : 1;
}
