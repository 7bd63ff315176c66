import { calendarDate } from '../domain/content/moment.ts';
import { startOfDate, type TimeZone } from '../domain/scans/time-zone.ts';
import { reader } from './parameters.ts';
import type { Problem } from './zod-problems.ts';

/** A time as it came: an instant, or a day of the calendar, which begins at another instant in each zone. */
export type GivenTime = { instant: number } | { date: string };

const accepted = 'a time like 2026-11-23T12:00:00Z or a date like 2026-11-23, of the years 1970 to 2999';
const endMs = Date.UTC(3000, 0, 1);

/** Reads an RFC 3339 time (fractions to the millisecond) or a date. */
export const timeOrDate = reader<GivenTime>({ type: 'string', description: accepted, maxLength: 64 }, (text) => {
  const date = calendarDate(text);
  const given = date === null ? readInstant(text) : { date };
  const isAccepted = given !== null && instantOf(given, null) >= 0 && instantOf(given, null) < endMs;
  return isAccepted ? { value: given } : { accepted };
});

/** Puts back the plus of a time's offset: in a query an unescaped one is a space, and there it can have been nothing else. */
export function withPlus(time: string): string {
  return time.replace(/ (?=\d\d:\d\d$)/, '+');
}

function readInstant(text: string): GivenTime | null {
  const whole = withPlus(text);
  const shape = /^(\d{4}-\d\d-\d\d)T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/i;
  const day = shape.exec(whole)?.[1];
  return day === undefined || calendarDate(day) === null ? null : { instant: Date.parse(whole.toUpperCase()) };
}

/** Returns the instant; a date is the beginning of its day in the zone, in UTC without one. */
export function instantOf(given: GivenTime, zone: TimeZone | null): number {
  if ('instant' in given) return given.instant;
  return zone === null ? Date.parse(`${given.date}T00:00:00Z`) : startOfDate(given.date, zone);
}

/** The problem of a range that holds nothing: `to` is told, or `from` where only that was given. */
export function emptyRange(range: { from: number; to: number }, given: { from?: unknown; to?: unknown }): Problem[] {
  if (range.from < range.to) return [];
  const [name, accepted] =
    given.to === undefined
      ? ['from', `before ${new Date(range.to).toISOString()}`]
      : ['to', `after ${new Date(range.from).toISOString()}`];
  const at = name === 'from' ? range.from : range.to;
  return [{ path: [name], code: 'empty_range', accepted, received: new Date(at).toISOString() }];
}
