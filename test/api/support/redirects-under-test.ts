import { createClientAddress } from '../../../api/client-address.ts';
import { type CodeLookup, createCodeLookup } from '../../../api/code-lookup.ts';
import type { Handle } from '../../../api/handle.ts';
import type { Locate } from '../../../api/locate.ts';
import { createRateLimits, type RateLimits } from '../../../api/middleware/rate-limits.ts';
import { createRequestLog } from '../../../api/middleware/request-log.ts';
import { createMintScan } from '../../../api/mint-scan.ts';
import { createRedirect } from '../../../api/redirect.ts';
import type { CodeStore } from '../../../shared/adapters/database/code-store.ts';
import type { ScanEvent } from '../../../shared/contract/scan-event.ts';
import type { Log } from '../../../shared/log.ts';
import { Tally } from '../../../shared/tally.ts';

type Needs = {
  findBySlug: CodeStore['findBySlug'];
  publicUrl: string;
  log: Log;
  now: () => number;
  trustedProxies?: string[];
  locate?: Locate;
  tally?: Tally;
  salt?: string | null;
  rateLimits?: RateLimits;
  suspended?: { has: (tenantId: string) => boolean };
};

export type RedirectsUnderTest = {
  handle: Handle<boolean>;
  lookup: CodeLookup;
  scans: ScanEvent[];
  journal: { isHeld: boolean; release(): void };
};

/** What limits nobody. */
export const noLimits = createRateLimits({
  rates: { perKey: 0, perAddress: 0, failedAuthPerMinute: 0, unknownPerMinute: 0 },
  windows: {
    limit() {
      throw new Error('A limit of 0 was made');
    },
  },
  secretKey: '',
  clientAddress: () => null,
});

/** The redirect with a journal in memory, which acknowledges at once unless it is held. */
export function redirectsUnderTest(needs: Needs): RedirectsUnderTest {
  const { suspended = { has: () => false } } = needs;
  const { findBySlug, publicUrl, log, now, trustedProxies = [], locate, salt = 'salt of the day' } = needs;
  const rateLimits = needs.rateLimits ?? noLimits;
  const scans: ScanEvent[] = [];
  const held: (() => void)[] = [];
  const journal = {
    isHeld: false,
    release(): void {
      for (const acknowledge of held.splice(0)) acknowledge();
    },
  };
  const lookup = createCodeLookup({ findBySlug, log, maxKnown: 1000, denied: [] });
  const mint = createMintScan({
    clientAddress: createClientAddress(trustedProxies),
    locate: locate ?? (() => ({ country: null, city: null })),
    salts: { at: () => salt },
    now,
  });
  const record = async (event: ScanEvent): Promise<void> => {
    scans.push(event);
    if (journal.isHeld) await new Promise<void>((resolve) => held.push(resolve));
  };
  const handle = createRedirect({
    lookup,
    mint,
    record,
    rateLimits,
    requests: createRequestLog(log, needs.tally ?? new Tally()),
    suspended,
    publicUrl,
    log,
    now,
  });
  return { handle, lookup, scans, journal };
}
