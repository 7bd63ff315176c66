import type { CodeRow } from '../shared/adapters/database/code-store.ts';
import type { Database } from '../shared/adapters/database/database.ts';
import type { Queues } from '../shared/adapters/queues.ts';
import type { Service } from '../shared/run-service.ts';
import type { Tally } from '../shared/tally.ts';
import type { ClientAddress } from './client-address.ts';
import { createCodeLookup } from './code-lookup.ts';
import { createCodeSnapshot } from './code-snapshot.ts';
import { type DeliveryState, ScanDelivery } from './deliver-scans.ts';
import { createChangeFollower } from './follow-changes.ts';
import type { Handle } from './handle.ts';
import { knownCodeOf } from './known-code.ts';
import { type Locator, nowhere, openLocator } from './locate.ts';
import type { RateLimits } from './middleware/rate-limits.ts';
import type { RequestLog } from './middleware/request-log.ts';
import { createMintScan } from './mint-scan.ts';
import { createRedirect } from './redirect.ts';
import { createSuspendedTenants, type SuspendedTenants } from './suspended-tenants.ts';
import { createDailySalts } from './visitor.ts';

type Needs = {
  /** Throws AppError `unavailable` until the database is connected. */
  database: () => Database;
  /** Resolves once it is connected. */
  databaseThere: Promise<void>;
  queues: Queues;
  now: () => number;
  requests: RequestLog;
  tally: Tally;
  rateLimits: RateLimits;
  clientAddress: ClientAddress;
  /** How long the drain may wait for the ledger, ms. */
  graceMs: () => number;
};

export type Redirects = {
  handle: Handle<boolean>;
  /** Puts a code that was changed here in at once. */
  codeChanged: (row: CodeRow) => void;
  /** Knows a code that was made here. */
  codeMade: (row: CodeRow) => void;
  /** How many codes an earlier process left on the disk. */
  knownAtStart: number;
  scans: () => DeliveryState;
  /** Throws when no scan can be written down. */
  probeJournal: () => Promise<void>;
  suspended: SuspendedTenants;
  /** Does what needs the database: to be called once it is there. */
  connected: () => Promise<void>;
};

/**
 * Brings up what `GET /:slug` needs, none of which waits for the database: known codes from the disk, the journal, the places of
 * addresses. The drain of it stands on the release stack.
 */
export async function startRedirects(service: Service, needs: Needs): Promise<Redirects> {
  const { config, log, releases } = service;
  const { database, databaseThere, queues, now, requests, tally, rateLimits, clientAddress, graceMs } = needs;
  const { dataDir, publicUrl } = config;

  const lookup = createCodeLookup({
    findBySlug: async (slug) => database().codes.findBySlug(slug),
    log,
    maxKnown: config.limits.knownCodes,
    denied: config.targetDeny,
    isConnecting: true,
  });
  void databaseThere.then(lookup.connected);
  const salts = createDailySalts({
    settings: {
      claimSetting: async (name, value) => database().claimSetting(name, value),
      listSettings: async (prefix) => database().listSettings(prefix),
      removeSettings: async (names) => database().removeSettings(names),
    },
    log,
    now,
  });
  releases.defer('daily salts', () => salts.stop());
  releases.defer('codes to forget', queues.onForgotten(lookup.forget));
  const suspended = createSuspendedTenants({
    store: { suspended: async () => database().tenants.suspended() },
    log,
    onChange: () => void snapshot.save(),
  });
  const snapshot = createCodeSnapshot({ dataDir, lookup, salts, suspended, log });
  const knownAtStart = await snapshot.load();
  snapshot.start();
  releases.defer('codes changed elsewhere', queues.onChanged(createChangeFollower({ lookup, note: snapshot.note })));
  releases.defer('known codes', () => snapshot.stop());

  const scans = {
    findRecorded: async (ids: string[]) => database().scans.findRecorded(ids),
    forgetRecorded: async (ids: string[]) => database().scans.forgetRecorded(ids),
  };
  const sizes = tally.histogram('qrfactory_group_size', { group: 'scans' });
  const observe = (size: number): void => sizes.observe(size);
  const delivery = await ScanDelivery.start({ dataDir, scans, queues, log, now, observe });
  releases.defer('scan delivery', () => delivery.close({ graceMs: graceMs() }));

  // A slow disk may take seconds for it: scans until then are counted without a place.
  let places: Locator = { locate: () => nowhere, close: async () => undefined };
  const located = openLocator(config.geoipDbPath, log).then((found) => {
    places = found;
    log.info('scans are located from now on');
  });
  located.catch(() => undefined); // `connected` tells it
  releases.defer('files of places', async () => {
    await located.catch(() => undefined); // else they would be opened behind this
    await places.close();
  });
  const mint = createMintScan({
    clientAddress,
    locate: (address) => places.locate(address),
    salts,
    now,
  });
  const record = delivery.record.bind(delivery);
  return {
    handle: createRedirect({ lookup, suspended, mint, record, rateLimits, requests, publicUrl, log, now }),
    codeChanged(row) {
      lookup.changed(row);
      snapshot.note(knownCodeOf(row));
      // Who does not hear of it learns it when the code is scanned there.
      queues
        .announceChanged([row.slug])
        .catch((err: unknown) => log.debug({ err }, 'a changed code was not announced'));
    },
    codeMade: lookup.made,
    suspended,
    knownAtStart,
    scans: () => delivery.state(),
    probeJournal: () => delivery.probe(),
    async connected() {
      releases.defer('suspended tenants', await suspended.start());
      await located;
      await salts.start();
    },
  };
}
