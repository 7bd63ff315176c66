import { bucketMs, dayMs } from './roll-up.ts';

const hourMs = 60 * 60 * 1000;

/** Offsets lie between -12 and +14 hours; a day's first instant is never farther from its UTC midnight. */
const mostOffsetMs = 15 * hourMs;

/**
 * Asking Intl takes 15 µs, so it is asked at the ends of blocks only: no zone has changed its clocks twice within four days since
 * 2000 (12 days: San Miguel de Tucumán, June 2004).
 */
const blockMs = 4 * dayMs;

/** What is remembered at most: blocks of a zone (about a hundred years), and zones. */
const mostBlocks = 10_000;
const mostZones = 64;

/** A zone of the IANA time zone database. */
export type TimeZone = {
  name: string;
  /** What the zone's clocks show more than UTC, in milliseconds; the same throughout a 15-minute UTC bucket. */
  offsetAt: (instant: number) => number;
};

const zones = new Map<string, TimeZone>();

/**
 * Returns the zone of this name, or null when Intl knows none. Bare offsets as in `+02:00` are none: Node 20 refuses them
 * and later ones do not.
 */
export function findTimeZone(name: string): TimeZone | null {
  const known = zones.get(name);
  if (known !== undefined) return known;
  if (!/^[A-Za-z][\w+/-]{0,63}$/.test(name)) return null;
  const zone = createTimeZone(name);
  if (zone === null) return null;
  if (zones.size >= mostZones) zones.clear();
  zones.set(name, zone);
  return zone;
}

/** The offset throughout a block, or where in it the zone's clocks are changed. */
type Block = number | { before: number; changedAt: number; after: number };

function createTimeZone(name: string): TimeZone | null {
  const format = offsetFormat(name);
  if (format === null) return null;
  const blocks = new Map<number, Block>();

  const readBlock = (start: number): Block => {
    const before = readOffset(format, start);
    const after = readOffset(format, start + blockMs);
    if (before === after) return before;
    let unchanged = start;
    let changedAt = start + blockMs;
    while (changedAt - unchanged > bucketMs) {
      const middle = unchanged + Math.floor((changedAt - unchanged) / bucketMs / 2) * bucketMs;
      if (readOffset(format, middle) === before) unchanged = middle;
      else changedAt = middle;
    }
    return { before, changedAt, after };
  };

  return {
    name,
    offsetAt(instant) {
      const number = Math.floor(instant / blockMs);
      let block = blocks.get(number);
      if (block === undefined) {
        block = readBlock(number * blockMs);
        if (blocks.size >= mostBlocks) blocks.clear();
        blocks.set(number, block);
      }
      if (typeof block === 'number') return block;
      return instant < block.changedAt ? block.before : block.after;
    },
  };
}

function offsetFormat(timeZone: string): Intl.DateTimeFormat | null {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** To the quarter of an hour: offsets with odd minutes ended in 1972, before there was anything to scan. */
function readOffset(format: Intl.DateTimeFormat, instant: number): number {
  const [, sign, hours, minutes] = /GMT(?:([+-])(\d\d):(\d\d))?/.exec(format.format(instant)) ?? [];
  if (hours === undefined) return 0;
  const offsetMs = Number(hours) * hourMs + Number(minutes) * 60_000;
  return Math.round((sign === '-' ? -offsetMs : offsetMs) / bucketMs) * bucketMs + 0;
}

export const intervals = ['hour', 'day', 'week', 'month'] as const;
export type Interval = (typeof intervals)[number];
type DateInterval = Exclude<Interval, 'hour'>;

/** Local times are told as the UTC instant at which UTC's clocks show the same. */
const localTime = (instant: number, zone: TimeZone): number => instant + zone.offsetAt(instant);

function startOfLocal(interval: DateInterval, local: number): number {
  const day = Math.floor(local / dayMs);
  if (interval === 'day') return day * dayMs;
  // 1970-01-01 was a Thursday, the fourth day of its ISO week.
  if (interval === 'week') return (day - ((((day + 3) % 7) + 7) % 7)) * dayMs;
  const date = new Date(local);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1);
}

function nextLocal(interval: DateInterval, start: number): number {
  if (interval === 'day') return start + dayMs;
  if (interval === 'week') return start + 7 * dayMs;
  const date = new Date(start);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1);
}

/** The first instant at which the zone's clocks show this local midnight or something later. */
function firstInstantFrom(local: number, zone: TimeZone): number {
  const before = zone.offsetAt(local - mostOffsetMs);
  const after = zone.offsetAt(local + mostOffsetMs);
  let instant = local - Math.max(before, after);
  while (localTime(instant, zone) < local) instant += bucketMs;
  return instant;
}

/** An hour ends with the full hour of the zone's clocks, and when they are changed. */
function beginsHour(instant: number, zone: TimeZone): boolean {
  const offset = zone.offsetAt(instant);
  return (instant + offset) % hourMs === 0 || zone.offsetAt(instant - bucketMs) !== offset;
}

/**
 * Returns when the hour, day, ISO week (from Monday) or month that holds `instant` began in the zone, in milliseconds since 1970:
 * always a multiple of 15 minutes.
 *
 * The hour that clocks show twice is two hours, and one that is cut by a change of half an hour is cut in two. A day begins when
 * the clocks first show its date, be it at 1:00; where they go back over midnight, the day that has begun goes on. Clocks
 * that were changed within a quarter of an hour (St. John's until 2011, at 0:01) count as changed at its end.
 */
export function startOfInterval(interval: Interval, instant: number, zone: TimeZone): number {
  if (interval === 'hour') {
    let start = Math.floor(instant / bucketMs) * bucketMs;
    while (!beginsHour(start, zone)) start -= bucketMs;
    return start;
  }
  let local = startOfLocal(interval, localTime(instant, zone));
  for (;;) {
    const next = nextLocal(interval, local);
    if (firstInstantFrom(next, zone) > instant) return firstInstantFrom(local, zone);
    local = next;
  }
}

/** Returns when the interval ends that begins at `start`. Days that a zone has left out are no intervals. */
export function endOfInterval(interval: Interval, start: number, zone: TimeZone): number {
  if (interval === 'hour') {
    let end = start + bucketMs;
    while (!beginsHour(end, zone)) end += bucketMs;
    return end;
  }
  return firstInstantFrom(nextLocal(interval, startOfLocal(interval, localTime(start, zone))), zone);
}

/** Returns when the day of the calendar (`2026-11-23`) begins in the zone. */
export function startOfDate(date: string, zone: TimeZone): number {
  return firstInstantFrom(Date.parse(`${date}T00:00:00Z`), zone);
}

/** Writes an instant as the zone's clocks show it, to the second, by RFC 3339: `2026-11-23T00:00:00+01:00`. */
export function zonedTime(instant: number, zone: TimeZone): string {
  const offset = zone.offsetAt(instant);
  const minutes = Math.abs(offset) / 60_000;
  const twoDigits = (count: number): string => String(count).padStart(2, '0');
  const clock = new Date(instant + offset).toISOString().slice(0, 19);
  return `${clock}${offset < 0 ? '-' : '+'}${twoDigits(Math.floor(minutes / 60))}:${twoDigits(minutes % 60)}`;
}
