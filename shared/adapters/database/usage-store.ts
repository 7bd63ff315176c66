export const usageNames = ['calls', 'renders', 'batchRows', 'codes'] as const;
export type UsageName = (typeof usageNames)[number];
export type UsageCounts = Record<UsageName, number>;

/** What a tenant used on a UTC day, `2026-11-23`. */
export type UsageDay = { tenantId: string; day: string } & UsageCounts;

export type UsageAdded = { left: UsageDay[]; err: unknown };

export interface UsageStore {
  /**
   * Adds to what stands there, once for each call. Answers the days that were not added, in order, with the first error: these alone
   * may be added again. Never rejects.
   */
  add(days: UsageDay[]): Promise<UsageAdded>;
  find(tenantId: string, day: string): Promise<UsageDay | null>;
  /** The days from `from` up to, not including, `to`, of which there is anything; the oldest first. */
  list(tenantId: string, range: { from: string; to: string }): Promise<UsageDay[]>;
  /** Removes at most `limit` days before `before`, of any tenant; answers how many. */
  purge(before: string, limit: number): Promise<number>;
}
