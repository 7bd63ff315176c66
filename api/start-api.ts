import { connectDatabase } from '../shared/adapters/database/connect-database.ts';
import { connectImageCache } from '../shared/adapters/image-cache.ts';
import { connectObjects } from '../shared/adapters/objects/connect-objects.ts';
import { connectQueues } from '../shared/adapters/queues.ts';
import type { Config } from '../shared/config.ts';
import { AppError, unavailable } from '../shared/errors.ts';
import type { Service } from '../shared/run-service.ts';
import { untilAvailable } from '../shared/until-available.ts';
import { buildApp } from './app.ts';
import type { ApiDeps } from './deps.ts';
import { claimSecretKey, seedBootstrapKey } from './first-facts.ts';
import { type ApiServer, createApiServer } from './server.ts';

/** How long stores may take to come up before the start is given up, and the supervisor tries another. */
const storesWaitMs = 60_000;
/** When draining: who still waits for a render after this is answered with how it stands, and the rest is cut. */
const hurryMs = 6000;
const cutMs = 8500;

/** Connects what the API needs, listens, and answers the address; the drain stands on the release stack. */
export async function startApi(service: Service): Promise<{ address: string }> {
  const { config, log, releases } = service;
  const hurry = new AbortController();
  const deps = await connect(service, hurry.signal);
  const api = createApiServer(buildApp(deps), config.publicUrl);
  const address = await listen(api, config);
  releases.defer('HTTP server', () => api.drain({ hurryMs, cutMs, hurry: () => hurry.abort() }));
  log.info({ address }, 'listening');
  return { address };
}

async function connect(service: Service, hurry: AbortSignal): Promise<ApiDeps> {
  const { config, log, releases } = service;
  const { secretKey, redis } = config;
  if (secretKey === null || redis.url === null) throw new Error('An API was started without SECRET_KEY or REDIS_URL');
  const redisConfig = { url: redis.url, prefix: redis.prefix };

  const database = await whenThere('The database', () => connectDatabase(config.database, log), service);
  releases.defer('database', () => database.close());
  const objects = await whenThere('The object store', () => connectObjects(config.objects), service);
  releases.defer('object store', () => objects.close());
  const imageCache = await connectImageCache(redisConfig, log);
  releases.defer('image cache', () => imageCache.close());
  const queues = await connectQueues(redisConfig, log);
  releases.defer('queues', () => queues.close());

  await claimSecretKey(database, secretKey);
  if (config.bootstrapApiKey === null) log.warn('BOOTSTRAP_API_KEY is not set: only keys made before work');
  else await seedBootstrapKey(database, config.bootstrapApiKey, Date.now());
  return { config: { ...config, secretKey }, database, objects, imageCache, queues, log, now: Date.now, hurry };
}

/** @throws AppError `unavailable` that names the store when it has not come up in time */
async function whenThere<Handle>(name: string, open: () => Promise<Handle>, service: Service): Promise<Handle> {
  const tooLong = AbortSignal.timeout(storesWaitMs);
  const stopping = AbortSignal.any([service.stopping, tooLong]);
  try {
    return await untilAvailable(name, open, { log: service.log, stopping });
  } catch (error) {
    if (!tooLong.aborted) throw error;
    const message = `${name} has not answered for ${storesWaitMs / 1000} seconds; see the log for the reason`;
    throw unavailable('store_away_at_start', message, error);
  }
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
