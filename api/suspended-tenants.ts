import type { TenantStore } from '../shared/adapters/database/access-store.ts';
import type { Log } from '../shared/log.ts';

/** A suspension is known to every process of the API so soon. */
const refreshMs = 2000;

type Needs = {
  store: Pick<TenantStore, 'suspended'>;
  log: Log;
  /** Is told when others are suspended than before. */
  onChange?: () => void;
};

export type SuspendedTenants = ReturnType<typeof createSuspendedTenants>;

/** Knows which tenants are suspended, without a look-up for each request; while the database is away, which were so last. */
export function createSuspendedTenants({ store, log, onChange = () => undefined }: Needs) {
  let suspended: ReadonlySet<string> = new Set();
  let isAway = false;

  const refresh = async (): Promise<void> => {
    try {
      const now = await store.suspended();
      const isOther = now.length !== suspended.size || now.some((tenantId) => !suspended.has(tenantId));
      suspended = new Set(now);
      isAway = false;
      if (isOther) onChange();
    } catch (err) {
      if (!isAway) log.warn({ err }, 'suspended tenants cannot be looked up: those known stay so');
      isAway = true;
    }
  };

  return {
    has: (tenantId: string): boolean => suspended.has(tenantId),

    /** All of them, to be kept on the disk. */
    known: (): string[] => [...suspended].sort(),
    /** Remembers what an earlier process knew, until the database tells better. */
    remember(earlier: string[]): void {
      suspended = new Set(earlier);
    },

    /** To be called when a tenant's status was changed here: this process knows it at once. */
    refresh,

    /** Looks now, and then every two seconds; answers how to stop. */
    async start(): Promise<() => void> {
      await refresh();
      const timer = setInterval(() => void refresh(), refreshMs);
      return () => clearInterval(timer);
    },
  };
}
