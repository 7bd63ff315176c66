import { noQuotas, type Quotas, type TenantStore } from '../shared/adapters/database/access-store.ts';
import {
  type UsageCounts,
  type UsageDay,
  type UsageName,
  type UsageStore,
  usageNames,
} from '../shared/adapters/database/usage-store.ts';
import { anonymousTenant } from '../shared/domain/access.ts';
import type { Log } from '../shared/log.ts';
import { quotaExceeded } from './quota-exceeded.ts';

/** Counts go to the database so often, and what other processes counted is known so late. */
const flushEveryMs = 1000;
/** A tenant's own quotas are read anew so often. */
const freshMs = 2000;
const dayMs = 24 * 60 * 60 * 1000;
const mostTenants = 10_000;

export type QuotaName = 'renders' | 'batchRows';

/** Gives back what was reserved: nothing came of it, or it was counted just before. */
export type Release = () => void;

/** How a tenant stands against a quota; `limit` null: there is none. */
export type QuotaStanding = { limit: number | null; used: number; remaining: number | null; resetsAt: number };

type Needs = {
  usage: Pick<UsageStore, 'add' | 'find' | 'list'>;
  tenants: Pick<TenantStore, 'find'>;
  /** For tenants that have none of their own; 0: as much as they like. */
  quotas: { rendersPerDay: number; batchRowsPerDay: number };
  log: Log;
  now: () => number;
};

type Known = {
  day: string;
  resetsAt: number;
  readAt: number;
  stored: UsageCounts;
  /** What is being accepted at this moment and may come to nothing; it is never stored. */
  reserved: Record<QuotaName, number>;
  quotas: Quotas;
  reading: Promise<void> | null;
};

export type UsageMeter = ReturnType<typeof createUsageMeter>;

const nothing = (): UsageCounts => ({ calls: 0, renders: 0, batchRows: 0, codes: 0 });
let named = { day: Number.NaN, name: '' };
/** The UTC day of a moment. The one that was named last is remembered: every request asks several times. */
const dayOf = (at: number): string => {
  const day = Math.floor(at / dayMs);
  if (day !== named.day) named = { day, name: new Date(at).toISOString().slice(0, 10) };
  return named.name;
};
const keyOf = (tenantId: string, day: string): string => `${tenantId} ${day}`;

/**
 * Counts what tenants use on each UTC day, in memory: whoever counts waits for nothing. Once a second, and at the end, what was
 * counted goes to the database as increments, so what several processes let through together may pass a quota by what a second
 * brings. While the database is away counts gather, and quotas are held by what was known last.
 */
export function createUsageMeter({ usage, tenants, quotas: defaults, log, now }: Needs) {
  let pending = new Map<string, UsageDay>();
  const known = new Map<string, Known>();
  let flushing: Promise<void> | null = null;

  const read = async (tenantId: string, entry: Known): Promise<void> => {
    const { day } = entry;
    try {
      const [stored, tenant] = await Promise.all([usage.find(tenantId, day), tenants.find(tenantId)]);
      entry.stored = stored ?? { ...nothing() };
      entry.quotas = tenant?.quotas ?? noQuotas;
    } catch (err) {
      log.warn({ err, tenantId }, 'usage not read: quotas are held by what was known last');
    } finally {
      entry.readAt = now();
      entry.reading = null;
    }
  };

  /** What is known of a tenant today; `reading` is set while something newer comes. */
  const today = (tenantId: string): Known => {
    const day = dayOf(now());
    let entry = known.get(tenantId);
    if (entry?.day !== day) {
      entry = {
        day,
        resetsAt: Date.parse(`${day}T00:00:00Z`) + dayMs,
        readAt: Number.NEGATIVE_INFINITY,
        stored: nothing(),
        reserved: { renders: 0, batchRows: 0 },
        quotas: entry?.quotas ?? noQuotas,
        reading: null,
      };
      if (known.size >= mostTenants) known.clear();
      known.set(tenantId, entry);
    }
    // While a flush is under way the stored counts may or may not have it: then what is known stays.
    if (entry.reading === null && flushing === null && now() - entry.readAt >= freshMs)
      entry.reading = read(tenantId, entry);
    return entry;
  };

  const standingOf = (
    tenantId: string,
    { day, resetsAt, stored, reserved, quotas }: Known,
    name: QuotaName,
  ): QuotaStanding => {
    const own = name === 'renders' ? quotas.rendersPerDay : quotas.batchRowsPerDay;
    const limit = own ?? (name === 'renders' ? defaults.rendersPerDay : defaults.batchRowsPerDay);
    const used = stored[name] + reserved[name] + (pending.get(keyOf(tenantId, day))?.[name] ?? 0);
    const isOff = limit === 0 || tenantId === anonymousTenant;
    return { limit: isOff ? null : limit, used, remaining: isOff ? null : Math.max(0, limit - used), resetsAt };
  };

  const flushOnce = async (): Promise<void> => {
    if (pending.size === 0) return;
    // What stands in the database is read before or after this, so that nothing is known twice.
    await Promise.all([...known.values()].map(({ reading }) => reading));
    const counted = pending;
    pending = new Map();
    for (const [key, day] of counted) {
      const entry = known.get(day.tenantId);
      if (entry && keyOf(day.tenantId, entry.day) === key)
        for (const name of usageNames) entry.stored[name] += day[name];
    }
    const { left, err } = await usage.add([...counted.values()]);
    if (left.length === 0) return;
    log.warn({ err }, 'usage not stored yet');
    for (const { tenantId, day, ...counts } of left) {
      const entry = known.get(tenantId);
      if (entry?.day === day) for (const name of usageNames) entry.stored[name] -= counts[name];
      const again = pendingOf(tenantId, day);
      for (const name of usageNames) again[name] += counts[name];
    }
  };

  const pendingOf = (tenantId: string, day: string): UsageDay => {
    const key = keyOf(tenantId, day);
    let entry = pending.get(key);
    if (entry === undefined) {
      entry = { tenantId, day, ...nothing() };
      pending.set(key, entry);
    }
    return entry;
  };

  const flush = (): Promise<void> => {
    flushing ??= flushOnce().finally(() => {
      flushing = null;
    });
    return flushing;
  };

  const take = (tenantId: string, entry: Known, name: QuotaName, wanted: number): Release => {
    const { limit, used, remaining, resetsAt } = standingOf(tenantId, entry, name);
    if (limit !== null && remaining !== null && wanted > remaining)
      throw quotaExceeded(name, { limit, used, wanted, resetsAt, now: now() });
    entry.reserved[name] += wanted;
    return () => {
      entry.reserved[name] -= wanted;
    };
  };

  return {
    /** Counts; never waits, never fails. */
    count(tenantId: string, name: UsageName, by = 1): void {
      pendingOf(tenantId, dayOf(now()))[name] += by;
    },

    /**
     * Reserves what is to be accepted, so that others at the same moment find it taken, and refuses what would pass a quota. Answers at
     * once, or a promise where nothing is known of the tenant yet. Whoever reserved counts what came of it and releases in the same turn.
     *
     * @throws AppError `too-many`, `quota_exceeded`
     */
    reserve(tenantId: string, name: QuotaName, wanted = 1): Release | Promise<Release> {
      const entry = today(tenantId);
      if (entry.readAt === Number.NEGATIVE_INFINITY && entry.reading !== null)
        return entry.reading.then(() => take(tenantId, entry, name, wanted));
      return take(tenantId, entry, name, wanted);
    },

    /** How the tenant stands today. */
    async standing(tenantId: string): Promise<Record<QuotaName, QuotaStanding>> {
      const entry = today(tenantId);
      await entry.reading;
      return {
        renders: standingOf(tenantId, entry, 'renders'),
        batchRows: standingOf(tenantId, entry, 'batchRows'),
      };
    },

    /** Stores what was counted until now; what cannot be stored stays counted. */
    flush,

    /** Stores every second; answers how to stop, which stores the rest. */
    start(): () => Promise<void> {
      const timer = setInterval(() => void flush(), flushEveryMs);
      return async () => {
        clearInterval(timer);
        await flushing;
        await flush();
      };
    },
  };
}
