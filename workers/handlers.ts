import type { Database } from '../shared/adapters/database/database.ts';
import type { ImageCache } from '../shared/adapters/image-cache.ts';
import type { RunningJob, Verdict } from '../shared/adapters/job-worker.ts';
import type { ObjectStore } from '../shared/adapters/objects/objects.ts';
import type { Outbound } from '../shared/adapters/outbound.ts';
import type { Queues } from '../shared/adapters/queues.ts';
import type { JobName, JobPayload } from '../shared/contract/jobs.ts';
import type { Log } from '../shared/log.ts';
import type { Tally } from '../shared/tally.ts';
import type { BatchDeps, BatchSettings } from './batches/batch-deps.ts';
import { createBatchOutbox } from './batches/batch-outbox.ts';
import { createEndBatch } from './batches/end-batch.ts';
import { createParseBatch } from './batches/parse-batch.ts';
import { createRenderRows } from './batches/render-rows.ts';
import { createRenderSuspectRows } from './batches/render-suspect-rows.ts';
import { createRetryBatch } from './batches/retry-batch.ts';
import { createZipPart } from './batches/zip-part.ts';
import { createCheckLogo, createCheckSuspectLogo } from './check-logo.ts';
import { createEndRenders } from './end-renders.ts';
import { createLogoSource } from './logo-source.ts';
import { createPurge, createPurgeOrphans } from './purge/purge.ts';
import { createPurgeScans } from './purge-scans.ts';
import { createRecordScans } from './record-scans.ts';
import { createRelayEvents } from './relay-events.ts';
import { createRenderCodes } from './render-codes.ts';
import { createRenderOne, type DrawRender } from './render-one.ts';
import { createRenderOutbox } from './render-outbox.ts';
import { createRenderSuspect } from './render-suspect.ts';
import { createRightOfWay, type RightOfWay } from './right-of-way.ts';
import { createRollUpScans } from './roll-up-scans.ts';
import { createScanOutbox } from './scan-outbox.ts';
import { createSendWebhook } from './send-webhook.ts';
import { createSweep } from './sweep.ts';
import { createSweepDeliveries } from './sweep-deliveries.ts';

/** What the handlers work with; all of it is connected before and released after. */
export type WorkDeps = {
  database: Pick<
    Database,
    | 'renders'
    | 'logos'
    | 'idempotency'
    | 'codes'
    | 'scans'
    | 'webhooks'
    | 'deliveries'
    | 'scanNotices'
    | 'batches'
    | 'tenants'
    | 'audit'
    | 'usage'
  >;
  objects: ObjectStore;
  queues: Pick<Queues, 'add' | 'liveJobs' | 'claimEpoch' | 'announceEnded' | 'announceChanged'>;
  imageCache: Pick<ImageCache, 'put'>;
  draw: DrawRender;
  /** A logo of more pixels is refused. */
  logoPixels: number;
  /** Scans older than so many days are deleted; 0: they are kept for ever. */
  scanRetentionDays: number;
  /** Images that nobody used for so many days are removed. */
  imageKeepDays: number;
  /** Records of changes, and days of use, older than so many days are removed; 0: they are kept for ever. */
  auditKeepDays: number;
  usageKeepDays: number;
  /** Calls webhooks. */
  outbound: Pick<Outbound, 'post'>;
  /** Shrinks the delays between a webhook's attempts. */
  webhookTimeScale: number;
  secretKey: string;
  publicUrl: string;
  batches: BatchSettings;
  /** 0…1, by lot. */
  lot: () => number;
  log: Log;
  /** Where this process counts. */
  tally: Tally;
  /** Milliseconds since 1970. */
  now: () => number;
  /** Rejects when `signal` is aborted. */
  pause: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** Aborted when the process is told to end. */
  ending: AbortSignal;
};

export type Handler<Name extends JobName> = (payload: JobPayload<Name>, job: RunningJob) => Promise<Verdict>;
export type Handlers = { [Name in JobName]: Handler<Name> };

/** Makes the handler of every job; a job without one does not compile. `way` is that of the process. */
export function createHandlers(deps: WorkDeps, way: RightOfWay = createRightOfWay()): Handlers {
  const logos = createLogoSource(deps);
  const tools = { renderOne: createRenderOne({ ...deps, logos }), endRenders: createEndRenders(deps), logos };
  const renderCodes = createRenderCodes({ ...deps, ...tools });
  const batchDeps: BatchDeps = { ...deps, logos, way };
  return {
    'render-codes': (payload, job) => way.first(() => renderCodes(payload, job)),
    'render-suspect': createRenderSuspect({ ...deps, ...tools }),
    'check-logo': createCheckLogo(deps),
    'check-suspect-logo': createCheckSuspectLogo(deps),
    sweep: createSweep(deps),
    'record-scans': createRecordScans(deps),
    'roll-up-scans': createRollUpScans(deps),
    'purge-scans': createPurgeScans(deps),
    purge: createPurge(deps),
    'purge-orphans': createPurgeOrphans(deps),
    'relay-events': createRelayEvents(deps, [
      createRenderOutbox(deps),
      createBatchOutbox(deps),
      createScanOutbox(deps),
    ]),
    'sweep-deliveries': createSweepDeliveries(deps),
    'send-webhook': createSendWebhook(deps),
    'parse-batch': createParseBatch(batchDeps),
    'retry-batch': createRetryBatch(batchDeps),
    'zip-part': createZipPart(batchDeps),
    'end-batch': createEndBatch(batchDeps),
    'render-rows': createRenderRows(batchDeps),
    'render-suspect-rows': createRenderSuspectRows(batchDeps),
  } satisfies Handlers;
}
