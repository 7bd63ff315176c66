import type { RouterContext } from '@koa/router';
import type { DefaultContext } from 'koa';
import type { Registry } from 'prom-client';
import type { BoardQueue } from '../shared/adapters/board-queues.ts';
import type { KeyRow } from '../shared/adapters/database/access-store.ts';
import type { CodeRow } from '../shared/adapters/database/code-store.ts';
import type { Database } from '../shared/adapters/database/database.ts';
import type { ImageCache } from '../shared/adapters/image-cache.ts';
import type { ObjectStore } from '../shared/adapters/objects/objects.ts';
import type { Queues } from '../shared/adapters/queues.ts';
import type { SharedCounts } from '../shared/adapters/shared-counts.ts';
import type { Config } from '../shared/config.ts';
import type { Log } from '../shared/log.ts';
import type { Tally } from '../shared/tally.ts';
import type { DeliveryState } from './deliver-scans.ts';
import type { NotedChange } from './middleware/audit.ts';
import type { RateLimits } from './middleware/rate-limits.ts';
import type { SuspendedTenants } from './suspended-tenants.ts';
import type { UsageMeter } from './usage-meter.ts';

/** What the API is made of; all of it is connected before and released after. */
export type ApiDeps = {
  config: Pick<
    Config,
    | 'publicUrl'
    | 'shortUrl'
    | 'targetDeny'
    | 'openQr'
    | 'corsOrigins'
    | 'wait'
    | 'limits'
    | 'webhooks'
    | 'dataDir'
    | 'metricsToken'
  > & {
    secretKey: string;
    /** Of every code that was ever made here. */
    shortOrigins: readonly string[];
  };
  database: Database;
  queues: Queues;
  /** Every queue, for operators. */
  boardQueues: readonly BoardQueue[];
  objects: ObjectStore;
  imageCache: ImageCache;
  rateLimits: RateLimits;
  log: Log;
  /** Where this process counts. */
  tally: Tally;
  /** What all workers counted. */
  sharedCounts: Pick<SharedCounts, 'read' | 'processes'>;
  /** Memory, processor and event loop of this process. */
  processMetrics: Pick<Registry, 'metrics'>;
  /** How its journal of scans stands. */
  scans: () => DeliveryState;
  /** Throws when no scan can be written down: the disk is full, say. */
  probeJournal: () => Promise<void>;
  /** Milliseconds since 1970. */
  now: () => number;
  /** Aborted when the process begins to end: a stream that would go on is ended, for its reader comes back to another process. */
  ending: AbortSignal;
  /** Aborted some seconds later: whoever waits for work is answered with how it stands. */
  hurry: AbortSignal;
  /** Counts what tenants use, and holds them to their quotas. */
  meter: UsageMeter;
  /** Tenants whose keys and codes are refused. */
  suspended: SuspendedTenants;
  /** To be told of every code that was changed here: the redirect of this process knows it at once. */
  codeChanged: (row: CodeRow) => void;
  /** To be told of every code that was made here. */
  codeMade: (row: CodeRow) => void;
};

export type ApiState = {
  requestId: string;
  /** Set by `requireKey` and `openToAll`. */
  tenantId: string;
  /** Null on open routes when no key came. */
  key: KeyRow | null;
  /** Whether the key that came would be let in now: for answers that go on for minutes. Set by `requireKey`. */
  isStillGood?: () => Promise<boolean>;
  /** What the handler says that it changed, see middleware/audit.ts. */
  change?: NotedChange | null;
  /** Until when the signature of a signed query is good, ms. */
  goodUntil?: number;
};

export type ApiContext = RouterContext<ApiState, DefaultContext>;
export type Next = () => Promise<unknown>;
export type ApiMiddleware = (ctx: ApiContext, next: Next) => unknown;
