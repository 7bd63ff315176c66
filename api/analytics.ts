import {
  type AnalyticsQuery,
  parseAnalyticsQuery,
  parseCodesAnalyticsQuery,
} from '../shared/contract/analytics-query.ts';
import { analyticsAnswer } from './analytics-view.ts';
import { alignedRange, type Range } from './cut-buckets.ts';
import type { ApiContext, ApiDeps } from './deps.ts';
import { findOwnCode } from './find-own-code.ts';
import { readQuery } from './query.ts';
import { readAnalytics, scopeOf } from './read-analytics.ts';

/** The routes of `/v1/codes/:id/analytics` and `/v1/analytics`. */
export function createAnalyticsRoutes({ database, now }: Pick<ApiDeps, 'database' | 'now'>) {
  const { codes, scans } = database;

  const countedRange = async ({ from, to }: AnalyticsQuery, at: number): Promise<Range> =>
    alignedRange({ from, to }, { ledgerFrom: await scans.ledgerBegins(), now: at });

  return {
    async ofCode(ctx: ApiContext): Promise<void> {
      const code = await findOwnCode(codes, ctx);
      const at = now();
      const query = parseAnalyticsQuery(readQuery(ctx), at);
      const range = await countedRange(query, at);
      const counted = await readAnalytics(scans, { tenantId: code.tenantId, codeIds: [code.id] }, range, query.starts);
      ctx.set('Cache-Control', 'private, no-store');
      ctx.body = analyticsAnswer({ codeId: code.id, tag: null, batchId: null }, query, range, counted);
    },

    async overCodes(ctx: ApiContext): Promise<void> {
      const at = now();
      const { wanted, ...query } = parseCodesAnalyticsQuery(readQuery(ctx), at);
      const range = await countedRange(query, at);
      const counted = await readAnalytics(scans, await scopeOf(codes, ctx.state.tenantId, wanted), range, query.starts);
      const subject = { codeId: null, tag: null, batchId: null, ...(wanted === 'all' ? {} : wanted) };
      ctx.set('Cache-Control', 'private, no-store');
      ctx.body = analyticsAnswer(subject, query, range, counted);
    },
  };
}
