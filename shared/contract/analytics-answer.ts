import { z } from 'zod';
import { botChoices, scanSources } from '../domain/scans/analytics.ts';
import { intervals } from '../domain/scans/time-zone.ts';

/** The licence of the location data (CC-BY 4.0) wants its source named wherever results show. */
export const locationCredit = 'IP Geolocation by DB-IP, https://db-ip.com';

const count = z.int().min(0);

/** One key of a breakdown; null is unknown, and `restOf` marks the entry that holds so many rarer keys. */
const shareSchema = z.object({ key: z.string().nullable(), scanCount: count, restOf: z.int().optional() });

/** Two cities may have one name: the country tells them apart. */
const cityShareSchema = shareSchema.extend({ country: z.string().nullable() });

/**
 * The resource `analytics`: of one code (`codeId`), or over all codes of the tenant, those with `tag` or those of `batchId`.
 *
 * `from` and `to` are the range that was counted. Each breakdown and the series add up to `scanCount`, the series to
 * `dailyUniqueCount` too; a visitor is unique per code and UTC day.
 */
export const analyticsAnswerSchema = z
  .object({
    object: z.literal('analytics'),
    codeId: z.string().nullable(),
    tag: z.string().nullable(),
    batchId: z.string().nullable(),
    from: z.iso.datetime(),
    to: z.iso.datetime(),
    interval: z.enum(intervals),
    timeZone: z.string(),
    bots: z.enum(botChoices),
    source: z.enum(scanSources).nullable(),
    scanCount: count,
    dailyUniqueCount: count,
    series: z.array(z.object({ start: z.iso.datetime({ offset: true }), scanCount: count, dailyUniqueCount: count })),
    countries: z.array(shareSchema),
    cities: z.array(cityShareSchema),
    devices: z.array(shareSchema),
    systems: z.array(shareSchema),
    browsers: z.array(shareSchema),
    referrers: z.array(shareSchema),
    languages: z.array(shareSchema),
    sources: z.array(shareSchema),
    attribution: z.string(),
  })
  .meta({ id: 'Analytics' });

export type AnalyticsAnswer = z.infer<typeof analyticsAnswerSchema>;
