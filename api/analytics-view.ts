import { type AnalyticsAnswer, locationCredit } from '../shared/contract/analytics-answer.ts';
import type { AnalyticsQuery } from '../shared/contract/analytics-query.ts';
import { breakDown, type Share } from '../shared/domain/scans/analytics.ts';
import { seriesOf } from '../shared/domain/scans/series.ts';
import { zonedTime } from '../shared/domain/scans/time-zone.ts';
import type { Range } from './cut-buckets.ts';
import type { Counted } from './read-analytics.ts';

/** Of whom analytics are: of one code, or over those with a tag or of a batch, or over all (each null). */
type Subject = Pick<AnalyticsAnswer, 'codeId' | 'tag' | 'batchId'>;

/** A city's key is its country and its name. */
function cityShare({ key, ...share }: Share): AnalyticsAnswer['cities'][number] {
  const slash = key?.indexOf('/') ?? -1;
  if (key === null || slash < 0) return { key, country: null, ...share };
  return { key: key.slice(slash + 1), country: key.slice(0, slash) || null, ...share };
}

/** Shows what was counted; `range` is what was asked for, or what was counted instead. */
export function analyticsAnswer(
  subject: Subject,
  query: AnalyticsQuery,
  range: Range,
  counted: Counted,
): AnalyticsAnswer {
  const { interval, zone, filter } = query;
  const points = seriesOf(query.starts, counted.buckets, filter);
  const scanCount = points.reduce((sum, point) => sum + point.scanCount, 0);
  const { cities, ...breakdowns } = breakDown(counted.breakdowns, filter, scanCount);
  return {
    object: 'analytics',
    ...subject,
    from: new Date(range.from).toISOString(),
    to: new Date(range.to).toISOString(),
    interval,
    timeZone: zone.name,
    ...filter,
    scanCount,
    dailyUniqueCount: points.reduce((sum, point) => sum + point.dailyUniqueCount, 0),
    series: points.map(({ start, ...counts }) => ({ start: zonedTime(start, zone), ...counts })),
    ...breakdowns,
    cities: cities.map(cityShare),
    attribution: locationCredit,
  };
}
