import { hostname } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { claimSecretKey } from '../shared/adapters/database/claim-secret-key.ts';
import { connectDatabase } from '../shared/adapters/database/connect-database.ts';
import { knownShortOrigins } from '../shared/adapters/database/short-origins.ts';
import { connectImageCache } from '../shared/adapters/image-cache.ts';
import { connectObjects } from '../shared/adapters/objects/connect-objects.ts';
import { createOutbound } from '../shared/adapters/outbound.ts';
import { connectQueues } from '../shared/adapters/queues.ts';
import { connectRedisClock } from '../shared/adapters/redis-clock.ts';
import { connectSharedCounts } from '../shared/adapters/shared-counts.ts';
import type { Config } from '../shared/config.ts';
import type { Service } from '../shared/run-service.ts';
import { Tally } from '../shared/tally.ts';
import { untilAvailable } from '../shared/until-available.ts';
import type { BatchSettings } from './batches/batch-deps.ts';
import { mostRowsPerPart } from './batches/zip-part.ts';
import { createHandlers, type WorkDeps } from './handlers.ts';
import { drawRender } from './image/draw.ts';
import { startJobLanes, type WorkerKind } from './job-lanes.ts';
import { createProcessJob } from './process-job.ts';
import { startPurging } from './purge/start-purging.ts';
import type { DrawRender } from './render-one.ts';
import { createRightOfWay } from './right-of-way.ts';
import { startRollingUp } from './roll-up-scans.ts';
import { createStandBy } from './stand-by.ts';
import { startSweeping } from './sweep.ts';
import { startDelivering } from './sweep-deliveries.ts';

/** How long the jobs in hand may go on, all of them, after the process was told to end. */
const jobGraceMs = 9000;

/** For one call of a webhook, all of it. */
const webhookTimeoutMs = 15_000;

type WorkerOptions = { kind: WorkerKind; restarts?: number; standsBy?: boolean; draw?: DrawRender };

/**
 * Connects to the stores and works on the queues of its kind until `service.releases` are released: then no more
 * jobs are taken, and those in hand are finished, at most for 9 s. Stores that are away at the start are waited for.
 *
 * @param options.restarts how many processes in its place ended before it
 * @param options.standsBy keeps free of batch work while single renders come
 * @param options.draw draws instead of `drawRender`
 */
export async function runWorkerProcess(
  service: Service,
  { kind, restarts = 0, standsBy = false, draw = drawRender }: WorkerOptions,
): Promise<void> {
  const ending = new AbortController();
  const deps = { ...(await connect(service, { kind, draw })), ending: ending.signal };
  const { config, log, releases } = service;
  deps.tally.counter('qrfactory_pool_restarts_total', { kind }).add(restarts);
  const way = createRightOfWay();
  const processJob = createProcessJob(createHandlers(deps, way), deps);
  const { concurrency } = config.workers;
  const lanes = await startJobLanes({ kind, concurrency, redis: redisOf(service), log, process: processJob });
  releases.defer('job workers', () => lanes.close({ graceMs: jobGraceMs }));
  if (standsBy) way.onFirst(createStandBy(lanes.batches));
  if (kind === 'pool') {
    releases.defer('sweep timer', startSweeping(deps));
    releases.defer('roll-up timer', startRollingUp(deps));
    releases.defer('purge timer', startPurging(deps));
    releases.defer('delivery timer', startDelivering(deps));
  }
  releases.defer('pauses', () => ending.abort());
  log.debug({ kind }, 'child working');
}

type Kind = { kind: WorkerKind; draw: DrawRender };

async function connect(service: Service, { kind, draw }: Kind): Promise<Omit<WorkDeps, 'ending'>> {
  const { config, log, releases } = service;
  const database = await untilAvailable('The database', () => connectDatabase(config.database, log), service);
  releases.defer('database', () => database.close());
  await claimSecretKey(database, secretKeyOf(service));
  const objects = await untilAvailable('The object store', () => connectObjects(config.objects), service);
  releases.defer('object store', () => objects.close());
  const queues = await connectQueues(redisOf(service), log);
  releases.defer('queues', () => queues.close());
  const clock = await connectRedisClock(redisOf(service), log);
  releases.defer('clock', () => clock.close());
  const imageCache = await connectImageCache(redisOf(service), log);
  releases.defer('image cache', () => imageCache.close());
  const tally = await shareCounts(service, kind);
  const { outboundAllow, timeScale: webhookTimeScale } = config.webhooks;
  const outbound = createOutbound({ allow: outboundAllow, timeoutMs: webhookTimeoutMs });
  releases.defer('outgoing connections', () => outbound.close());
  const { logoPixels } = config.limits;
  const { scanRetentionDays, imageKeepDays, auditKeepDays, usageKeepDays } = config;
  return {
    database,
    objects,
    queues,
    imageCache,
    draw,
    logoPixels,
    scanRetentionDays,
    imageKeepDays,
    auditKeepDays,
    usageKeepDays,
    outbound,
    webhookTimeScale,
    secretKey: secretKeyOf(service),
    publicUrl: config.publicUrl,
    batches: batchSettings(config, await knownShortOrigins(database, config.shortUrl)),
    lot: Math.random,
    log,
    tally,
    now: clock.now,
    pause: (ms, signal) => delay(ms, undefined, { signal }),
  };
}

/** Makes what this process counts in, and brings it to Redis: nobody can ask a worker. */
async function shareCounts(service: Service, kind: WorkerKind): Promise<Tally> {
  const { log, releases } = service;
  const counts = await connectSharedCounts(redisOf(service), log);
  releases.defer('connection for counts', () => counts.close());
  const lag = monitorEventLoopDelay({ resolution: 20 });
  lag.enable();
  releases.defer('event loop monitor', () => void lag.disable());
  const id = `${hostname()}-${process.pid}`;
  const tally = new Tally();
  const stop = counts.push(tally, () => {
    const lagSeconds = lag.max / 1e9;
    lag.reset();
    return { id, kind, residentBytes: process.memoryUsage.rss(), lagSeconds };
  });
  releases.defer('counts', stop);
  return tally;
}

function batchSettings(
  { limits, batchKeepDays, shortUrl, publicUrl, targetDeny }: Config,
  shortOrigins: string[],
): BatchSettings {
  const { csvBytes, csvRows, csvColumns, csvLineBytes } = limits;
  return {
    csvLimits: { bytes: csvBytes, rows: csvRows, columns: csvColumns, lineBytes: csvLineBytes },
    keepDays: batchKeepDays,
    rowsPerPart: mostRowsPerPart,
    shortOrigin: shortUrl,
    ownUrls: [publicUrl, shortUrl, ...shortOrigins],
    targetDeny,
  };
}

function secretKeyOf({ config }: Service): string {
  if (config.secretKey === null) throw new Error('The configuration of the workers has no SECRET_KEY');
  return config.secretKey;
}

function redisOf({ config }: Service): { url: string; prefix: string } {
  const { url, prefix } = config.redis;
  if (url === null) throw new Error('The configuration of the workers has no REDIS_URL');
  return { url, prefix };
}
