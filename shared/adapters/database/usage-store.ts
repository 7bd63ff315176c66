export const usageNames = ['calls', 'renders', 'batchRows', 'codes'] as const;
export type UsageName = (typeof usageNames)[number];
export type UsageCounts = Record<UsageName, number>;

/** What a tenant used on a UTC day, `2026-11-23`. */
export type UsageDay = { tenantId: string; day: string } & UsageCounts;

export interface UsageStore {
  /** Adds to what stands there. */
  add(days: UsageDay[]): Promise<void>;
  find(tenantId: string, day: string): Promise<UsageDay | null>;
  /** The days from `from` up to, not including, `to`, of which there is anything; the oldest first. */
  list(tenantId: string, range: { from: string; to: string }): Promise<UsageDay[]>;
  /** Removes at most `limit` days before `before`, of any tenant; answers how many. */
  purge(before: string, limit: number): Promise<number>;
}
