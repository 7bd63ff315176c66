import { type UsageCounts, usageNames } from '../shared/adapters/database/usage-store.ts';
import { parseUsageQuery, type QuotasAnswer, type UsageAnswer } from '../shared/contract/usage-answer.ts';
import { assertMayLookInto } from './assert-may-look-into.ts';
import type { ApiContext, ApiDeps } from './deps.ts';
import { readQuery } from './query.ts';
import type { UsageMeter } from './usage-meter.ts';

const oneDayMs = 24 * 60 * 60 * 1000;

/** Shows how a tenant stands against its quotas. */
export async function quotasAnswer(meter: UsageMeter, tenantId: string): Promise<QuotasAnswer> {
  const { renders, batchRows } = await meter.standing(tenantId);
  const shown = ({ resetsAt, ...rest }: typeof renders) => ({ ...rest, resetsAt: new Date(resetsAt).toISOString() });
  return { renders: shown(renders), batchRows: shown(batchRows) };
}

/** The route of `/v1/usage`: what the caller's tenant used; an operator may name another. */
export function createUsageRoute({ database, meter, now }: Pick<ApiDeps, 'database' | 'meter' | 'now'>) {
  return async (ctx: ApiContext): Promise<void> => {
    const request = parseUsageQuery(readQuery(ctx), now());
    const tenantId = request.tenantId ?? ctx.state.tenantId;
    assertMayLookInto(tenantId, ctx);
    // What this process counted is in the answer; of others what they stored within the last second.
    await meter.flush();
    const { days } = request;
    const from = days[0] as string;
    const to = new Date(Date.parse(days.at(-1) as string) + oneDayMs).toISOString().slice(0, 10);
    const found = new Map((await database.usage.list(tenantId, { from, to })).map((day) => [day.day, day]));
    const countsOf = (day: string): UsageCounts =>
      Object.fromEntries(usageNames.map((name) => [name, found.get(day)?.[name] ?? 0])) as UsageCounts;
    const listed = days.map((day) => ({ day, ...countsOf(day) }));
    const sum = (name: keyof UsageCounts): number => listed.reduce((total, day) => total + day[name], 0);
    ctx.set('Cache-Control', 'private, no-store');
    ctx.body = {
      object: 'usage',
      tenantId,
      from,
      to,
      total: Object.fromEntries(usageNames.map((name) => [name, sum(name)])) as UsageCounts,
      days: listed,
      quotas: await quotasAnswer(meter, tenantId),
    } satisfies UsageAnswer;
  };
}
