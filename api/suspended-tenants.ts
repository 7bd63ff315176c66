import type { TenantStore } from '../shared/adapters/database/access-store.ts';
import type { Log } from '../shared/log.ts';

/** A suspension is known to every process of the API so soon. */
const refreshMs = 2000;

type Needs = { store: Pick<TenantStore, 'suspended'>; log: Log };

export type SuspendedTenants = ReturnType<typeof createSuspendedTenants>;

/** Knows which tenants are suspended, without a look-up for each request; while the database is away, which were so last. */
export function createSuspendedTenants({ store, log }: Needs) {
  let suspended: ReadonlySet<string> = new Set();
  let isAway = false;

  const refresh = async (): Promise<void> => {
    try {
      suspended = new Set(await store.suspended());
      isAway = false;
    } catch (err) {
      if (!isAway) log.warn({ err }, 'suspended tenants cannot be looked up: those known stay so');
      isAway = true;
    }
  };

  return {
    has: (tenantId: string): boolean => suspended.has(tenantId),

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
