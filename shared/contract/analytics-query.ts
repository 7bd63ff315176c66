import { nearestName } from '../domain/nearest-name.ts';
import { botChoices, type ScanFilter, scanSources } from '../domain/scans/analytics.ts';
import { dayMs } from '../domain/scans/roll-up.ts';
import { intervalStarts, mostIntervals } from '../domain/scans/series.ts';
import { findTimeZone, type Interval, intervals, startOfDate, type TimeZone } from '../domain/scans/time-zone.ts';
import { inQuery, reader, readParameters, textUpTo, wordOf } from './parameters.ts';
import type { Query } from './render-query.ts';
import { emptyRange, instantOf, timeOrDate } from './time-range.ts';
import { invalidRequest, type Problem } from './zod-problems.ts';

/** Without `from`, a range begins with a day of the zone, so many days before its end. */
const defaultDays = 30;

/** What analytics are asked for. Ranges include `from`, exclude `to`; milliseconds since 1970. */
export type AnalyticsQuery = {
  from: number;
  to: number;
  interval: Interval;
  zone: TimeZone;
  filter: ScanFilter;
  /** When each interval of the series begins; the first may begin before `from`. */
  starts: number[];
};

/** Over which codes: those with a tag, those of a batch, or all of the tenant. */
export type CodesWanted = { tag: string } | { batchId: string } | 'all';

const zoneWords = 'an IANA time zone like Europe/Berlin';

const timeZone = reader<TimeZone>({ type: 'string', description: zoneWords, maxLength: 64 }, (text) => {
  const zone = findTimeZone(text);
  if (zone !== null) return { value: zone };
  return { accepted: zoneWords, nearest: nearestName(text, Intl.supportedValuesOf('timeZone')) };
});

/** The parameters of one code's analytics. */
export const analyticsReaders = {
  from: timeOrDate,
  to: timeOrDate,
  interval: wordOf(intervals),
  timeZone,
  bots: wordOf(botChoices),
  source: wordOf(scanSources),
};

/** The parameters of analytics over codes. */
export const codesAnalyticsReaders = { ...analyticsReaders, tag: textUpTo(200), batchId: textUpTo(128) };

type Values = ReturnType<typeof readParameters<typeof codesAnalyticsReaders>>['values'];

function utcZone(): TimeZone {
  const zone = findTimeZone('UTC');
  if (zone === null) throw new Error('Intl knows no UTC');
  return zone;
}

function defaultFrom(to: number, zone: TimeZone): number {
  const localDay = to - defaultDays * dayMs + zone.offsetAt(to);
  return startOfDate(new Date(Math.max(0, localDay)).toISOString().slice(0, 10), zone);
}

function finish(values: Values, problems: Problem[], now: number): AnalyticsQuery {
  const zone = values.timeZone ?? utcZone();
  const interval = values.interval ?? 'day';
  const to = values.to === undefined ? now : instantOf(values.to, zone);
  const from = values.from === undefined ? defaultFrom(to, zone) : instantOf(values.from, zone);
  const isWrong = (name: string): boolean => problems.some(({ path }) => path[0] === name);
  if (!isWrong('from') && !isWrong('to') && !isWrong('timeZone')) problems.push(...emptyRange({ from, to }, values));
  const starts = problems.length === 0 ? intervalStarts({ from, to }, interval, zone) : [];
  if (starts === null) problems.push(tooManyIntervals(interval));
  if (starts === null || problems.length > 0) throw invalidRequest(problems, inQuery);
  return {
    from,
    to,
    interval,
    zone,
    filter: { bots: values.bots ?? 'exclude', source: values.source ?? null },
    starts,
  };
}

function tooManyIntervals(interval: Interval): Problem {
  const accepted = `so long that the range from from to to has at most ${mostIntervals} of it`;
  return { path: ['interval'], code: 'too_many_intervals', accepted, received: interval };
}

/**
 * Reads the query of one code's analytics: `from`, `to` (RFC 3339, or dates in the time zone; default: the last 30 days and today, up
 * to now), `interval` (day), `timeZone` (UTC), `bots` (exclude), `source` (both).
 *
 * @throws AppError `invalid` that names every parameter that is wrong, unknown or given twice
 */
export function parseAnalyticsQuery(query: Query, now: number): AnalyticsQuery {
  const { values, problems } = readParameters(query, analyticsReaders);
  return finish(values, problems, now);
}

/** Reads the query of analytics over codes: the same, and `tag` or `batchId`. */
export function parseCodesAnalyticsQuery(query: Query, now: number): AnalyticsQuery & { wanted: CodesWanted } {
  const { values, problems } = readParameters(query, codesAnalyticsReaders);
  const { tag, batchId } = values;
  if (query.tag !== undefined && query.batchId !== undefined)
    problems.push({
      path: ['batchId'],
      code: 'not_allowed',
      accepted: 'absent when tag is there',
      received: query.batchId,
    });
  const finished = finish(values, problems, now);
  if (tag !== undefined) return { ...finished, wanted: { tag } };
  return { ...finished, wanted: batchId === undefined ? 'all' : { batchId } };
}
