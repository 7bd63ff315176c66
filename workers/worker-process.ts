import { setTimeout as delay } from 'node:timers/promises';
import { connectDatabase } from '../shared/adapters/database/connect-database.ts';
import { connectImageCache } from '../shared/adapters/image-cache.ts';
import { startJobWorker } from '../shared/adapters/job-worker.ts';
import { connectObjects } from '../shared/adapters/objects/connect-objects.ts';
import { connectQueues } from '../shared/adapters/queues.ts';
import type { QueueName } from '../shared/contract/jobs.ts';
import type { Service } from '../shared/run-service.ts';
import { untilAvailable } from '../shared/until-available.ts';
import { createHandlers, type WorkDeps } from './handlers.ts';
import { drawRender } from './image/draw.ts';
import { createProcessJob } from './process-job.ts';
import type { DrawRender } from './render-one.ts';
import { startSweeping } from './sweep.ts';

/** A `pool` process draws whatever comes; a `suspect` process draws what may crash it, and nothing else. */
export type WorkerKind = 'pool' | 'suspect';

/** How long a job's run may go on after the process was told to end. */
const jobGraceMs = 9000;

type Lane = { queue: QueueName; concurrency: number; lockMs: number; stalledCheckMs: number };

/**
 * A job takes milliseconds; a lock that was not renewed for this long belongs to a process that is dead or hangs. Suspects
 * are given less, because a crash is what they are expected to do.
 */
function lanesOf(kind: WorkerKind, concurrency: number): Lane[] {
  if (kind === 'suspect') return [{ queue: 'suspect', concurrency: 1, lockMs: 5000, stalledCheckMs: 2000 }];
  const times = { lockMs: 10_000, stalledCheckMs: 5000 };
  return [
    { queue: 'renders', concurrency, ...times },
    { queue: 'logos', concurrency: 1, ...times },
    { queue: 'maintenance', concurrency: 1, ...times },
  ];
}

/**
 * Connects to the stores and works on the queues of its kind until `service.releases` are released: then the jobs in hand
 * are finished, at most for 9 s. Stores that are away at the start are waited for.
 *
 * @param options.draw draws instead of `drawRender`
 */
export async function runWorkerProcess(
  service: Service,
  { kind, draw = drawRender }: { kind: WorkerKind; draw?: DrawRender },
): Promise<void> {
  const deps = await connect(service, draw);
  const { config, log, releases } = service;
  const processJob = createProcessJob(createHandlers(deps), log);
  for (const lane of lanesOf(kind, config.workers.concurrency)) {
    const worker = await startJobWorker({ ...lane, redis: redisOf(service), log, process: processJob });
    releases.defer(`job worker of ${lane.queue}`, () => worker.close({ graceMs: jobGraceMs }));
  }
  if (kind === 'pool') releases.defer('sweep timer', startSweeping(deps));
  log.debug({ kind }, 'child working');
}

async function connect(service: Service, draw: DrawRender): Promise<WorkDeps> {
  const { config, log, releases } = service;
  const database = await untilAvailable('The database', () => connectDatabase(config.database, log), service);
  releases.defer('database', () => database.close());
  const objects = await untilAvailable('The object store', () => connectObjects(config.objects), service);
  releases.defer('object store', () => objects.close());
  const queues = await connectQueues(redisOf(service), log);
  releases.defer('queues', () => queues.close());
  const imageCache = await connectImageCache(redisOf(service), log);
  releases.defer('image cache', () => imageCache.close());
  const { logoPixels } = config.limits;
  return { database, objects, queues, imageCache, draw, logoPixels, log, now: Date.now, pause: delay };
}

function redisOf({ config }: Service): { url: string; prefix: string } {
  const { url, prefix } = config.redis;
  if (url === null) throw new Error('The configuration of the workers has no REDIS_URL');
  return { url, prefix };
}
