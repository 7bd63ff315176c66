import { collectDefaultMetrics, Registry } from 'prom-client';
import { openBoardQueues } from '../shared/adapters/board-queues.ts';
import { claimSecretKey } from '../shared/adapters/database/claim-secret-key.ts';
import type { Database } from '../shared/adapters/database/database.ts';
import { knownShortOrigins } from '../shared/adapters/database/short-origins.ts';
import { connectImageCache } from '../shared/adapters/image-cache.ts';
import { connectQueues } from '../shared/adapters/queues.ts';
import { connectRateWindows, type RateWindows } from '../shared/adapters/rate-windows.ts';
import { connectRedisClock } from '../shared/adapters/redis-clock.ts';
import { connectSharedCounts } from '../shared/adapters/shared-counts.ts';
import type { Config } from '../shared/config.ts';
import { AppError } from '../shared/errors.ts';
import type { Service } from '../shared/run-service.ts';
import { Tally } from '../shared/tally.ts';
import { buildApp } from './app.ts';
import { createClientAddress } from './client-address.ts';
import type { ApiDeps } from './deps.ts';
import { seedBootstrapKey, seedDefaultTenant } from './first-facts.ts';
import type { Handle } from './handle.ts';
import { holdPort } from './hold-port.ts';
import { LateStores } from './late-stores.ts';
import { createRateLimits } from './middleware/rate-limits.ts';
import { createRequestLog } from './middleware/request-log.ts';
import { type ApiServer, createApiServer } from './server.ts';
import { startRedirects } from './start-redirects.ts';
import { answerStarting } from './starting.ts';
import { createUsageMeter } from './usage-meter.ts';

/** When draining: who still waits for a render after this is answered with how it stands, and the rest is cut. */
const hurryMs = 6000;
const cutMs = 8500;

/** What is left of the process' grace for scans that are on their way to the ledger. */
const drainMs = 9000;

/**
 * Listens, connects what the API needs, and answers the address once all of it is there; until then short URLs are redirected from
 * what an earlier process knew. The drain stands on the release stack.
 */
export async function startApi(asked: Service): Promise<{ address: string }> {
  const port = await holdPort(asked.config);
  const { config } = port;
  const service = { ...asked, config };
  const { log, releases, stopping } = service;
  let drainUntil = Number.POSITIVE_INFINITY;
  stopping.addEventListener('abort', () => {
    drainUntil = performance.now() + drainMs;
  });
  const stores = new LateStores(releases);
  const { rateWindows: windows, ...redis } = await connectRedis(service);
  const { queues, now } = redis;
  const tally = new Tally();
  const processMetrics = new Registry();
  collectDefaultMetrics({ register: processMetrics, prefix: 'qrfactory_' });
  const clientAddress = createClientAddress(config.trustedProxies);
  const rateLimits = createRateLimits({
    rates: config.rateLimits,
    windows,
    secretKey: secretOf(config),
    clientAddress,
  });
  const requests = createRequestLog(log, tally);
  const graceMs = () => Math.max(drainUntil - performance.now(), 0);
  const redirects = await startRedirects(service, {
    database: stores.database,
    databaseThere: stores.databaseThere,
    queues,
    now,
    requests,
    tally,
    rateLimits,
    clientAddress,
    graceMs,
  });

  const meter = createUsageMeter({
    usage: {
      add: async (days) => {
        try {
          return await stores.database().usage.add(days);
        } catch (err) {
          return { left: days, err };
        }
      },
      find: async (tenantId, day) => stores.database().usage.find(tenantId, day),
      list: async (tenantId, range) => stores.database().usage.list(tenantId, range),
    },
    tenants: { find: async (id) => stores.database().tenants.find(id) },
    quotas: config.quotas,
    log,
    now,
  });
  // Released behind the server: the last answers are counted.
  releases.defer('usage', meter.start());

  let others: Handle = answerStarting({ queues, isThere: stores.isThere, publicUrl: config.publicUrl, requests });
  const { bodyBytes, logoBodyBytes, logoBytes, csvBytes } = config.limits;
  const api = createApiServer((...both) => redirects.handle(...both) || others(...both), config.publicUrl, {
    mostBodyBytes: Math.max(bodyBytes, logoBodyBytes, logoBytes, csvBytes),
  });
  const ending = new AbortController();
  const hurry = new AbortController();
  await port.letGo();
  const address = await listen(api, config);
  releases.defer('HTTP server', () => {
    ending.abort();
    return api.drain({ hurryMs, cutMs, hurry: () => hurry.abort() });
  });
  log.info({ address, knownCodes: redirects.knownAtStart }, 'redirecting');

  const { database, objects } = await stores.connect(service, { patient: redirects.knownAtStart > 0 });
  const secretKey = await checkFirstFacts(service, database, now());
  await redirects.connected();
  const deps: ApiDeps = {
    config: { ...config, secretKey, shortOrigins: await knownShortOrigins(database, config.shortUrl) },
    database,
    objects,
    ...redis,
    rateLimits,
    log,
    tally,
    processMetrics,
    scans: redirects.scans,
    probeJournal: redirects.probeJournal,
    ending: ending.signal,
    hurry: hurry.signal,
    codeChanged: redirects.codeChanged,
    codeMade: redirects.codeMade,
    suspended: redirects.suspended,
    meter,
  };
  others = buildApp(deps);
  log.info({ address }, 'listening');
  return { address };
}

async function connectRedis({
  config,
  log,
  releases,
}: Service): Promise<
  Pick<ApiDeps, 'queues' | 'boardQueues' | 'imageCache' | 'sharedCounts' | 'now'> & { rateWindows: RateWindows }
> {
  const { url, prefix } = config.redis;
  if (url === null) throw new Error('An API was started without REDIS_URL');
  // Beside the others: a Redis that does not answer is waited for by each of them.
  const connecting = connectRedisClock({ url }, log);
  releases.defer('clock', async () => (await connecting).close());
  const imageCache = await connectImageCache({ url, prefix }, log);
  releases.defer('image cache', () => imageCache.close());
  const queues = await connectQueues({ url, prefix }, log);
  releases.defer('queues', () => queues.close());
  const board = await openBoardQueues({ url, prefix }, log);
  releases.defer('queues of the board', () => board.close());
  const sharedCounts = await connectSharedCounts({ url, prefix }, log);
  releases.defer('connection for counts', () => sharedCounts.close());
  const rateWindows = await connectRateWindows({ url, prefix }, log);
  releases.defer('rate limits', () => rateWindows.close());
  const { now } = await connecting;
  return { imageCache, queues, boardQueues: board.queues, sharedCounts, rateWindows, now };
}

async function checkFirstFacts({ config, log }: Service, database: Database, now: number): Promise<string> {
  const { bootstrapApiKey } = config;
  const secretKey = secretOf(config);
  await claimSecretKey(database, secretKey);
  await seedDefaultTenant(database, now);
  if (bootstrapApiKey === null) log.warn('BOOTSTRAP_API_KEY is not set: only keys made before work');
  else await seedBootstrapKey(database, bootstrapApiKey, now);
  return secretKey;
}

function secretOf({ secretKey }: Config): string {
  if (secretKey === null) throw new Error('An API was started without SECRET_KEY');
  return secretKey;
}

function listen({ server }: ApiServer, { host, port }: Config): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const message = `${host}:${port} is taken by another program; stop that one, or set PORT to a free port`;
      reject(error.code === 'EADDRINUSE' ? new AppError('conflict', 'port_taken', message, { cause: error }) : error);
    });
    server.listen(port, host, () => {
      const address = server.address();
      const shownHost = host.includes(':') ? `[${host}]` : host;
      resolve(`http://${shownHost}:${typeof address === 'object' ? address?.port : port}`);
    });
  });
}
