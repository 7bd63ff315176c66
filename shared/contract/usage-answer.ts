import { z } from 'zod';
import { inQuery, readParameters, textUpTo } from './parameters.ts';
import type { Query } from './render-query.ts';
import { emptyRange, instantOf, timeOrDate } from './time-range.ts';
import { invalidRequest } from './zod-problems.ts';

const dayMs = 24 * 60 * 60 * 1000;
const mostDays = 400;

const count = z.int().min(0);

/** How a tenant stands against what it may have done on a UTC day. */
const quotaSchema = z
  .object({
    limit: count.nullable().describe('Null: there is none.'),
    used: count.describe('On this UTC day, to about a second.'),
    remaining: count.nullable(),
    resetsAt: z.iso.datetime(),
  })
  .meta({ id: 'Quota' });

export const quotasSchema = z.object({ renders: quotaSchema, batchRows: quotaSchema });

export type QuotasAnswer = z.infer<typeof quotasSchema>;

/** What a tenant used, by UTC days. */
export const usageAnswerSchema = z
  .object({
    object: z.literal('usage'),
    tenantId: z.string(),
    from: z.iso.date(),
    to: z.iso.date().describe('Not included.'),
    total: z.object({ calls: count, renders: count, batchRows: count, codes: count }),
    days: z
      .array(z.object({ day: z.iso.date(), calls: count, renders: count, batchRows: count, codes: count }))
      .describe('Every day of the range, those without use too.'),
    quotas: quotasSchema,
  })
  .meta({ id: 'Usage' });

export type UsageAnswer = z.infer<typeof usageAnswerSchema>;

/** The parameters of usage. */
export const usageReaders = { from: timeOrDate, to: timeOrDate, tenantId: textUpTo(128) };

/**
 * Reads the query of GET /v1/usage: the last 30 days and today unless it says otherwise; times are widened to their UTC days.
 *
 * @throws AppError `invalid`, `invalid_request`
 */
export function parseUsageQuery(query: Query, now: number): { days: string[]; tenantId: string | null } {
  const { values, problems } = readParameters(query, usageReaders);
  const startOf = (at: number): number => Math.floor(at / dayMs) * dayMs;
  const to = values.to === undefined ? startOf(now) + dayMs : startOf(instantOf(values.to, null) + dayMs - 1);
  const from = values.from === undefined ? to - 31 * dayMs : startOf(instantOf(values.from, null));
  problems.push(...emptyRange({ from, to }, values));
  const length = (to - from) / dayMs;
  if (length > mostDays)
    problems.push({
      path: ['from'],
      code: 'range_too_long',
      accepted: `at most ${mostDays} days before to`,
      received: query.from,
    });
  if (problems.length > 0) throw invalidRequest(problems, inQuery);
  const days = Array.from({ length }, (_, index) => new Date(from + index * dayMs).toISOString().slice(0, 10));
  return { days, tenantId: values.tenantId ?? null };
}
