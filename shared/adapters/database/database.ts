import type { ErrorCorrectionLevel, RenderSpec } from '../../domain/render-spec.ts';
import type { WorkError } from '../../errors.ts';
import type { KeyStore, TenantStore } from './access-store.ts';
import type { AuditStore } from './audit-store.ts';
import type { BatchStore } from './batch-store.ts';
import type { CodeStore } from './code-store.ts';
import type { LogoPurge, RenderPurge } from './purge-store.ts';
import type { ScanStore } from './scan-store.ts';
import type { UsageStore } from './usage-store.ts';
import type { DeliveryStore, RenderOutbox, ScanNoticeStore, WebhookStore } from './webhook-store.ts';

const workStatuses = ['queued', 'running', 'completed', 'failed', 'cancelled'] as const;
export type WorkStatus = (typeof workStatuses)[number];

/** Times in rows are milliseconds since 1970, UTC. */
export type Millis = number;

/** What came of a drawing. The object's key follows from the render's id and format. */
export type RenderResult = {
  version: number;
  modules: number;
  errorCorrection: ErrorCorrectionLevel;
  mask: number;
  sizeBytes: number;
  /** Hex. */
  sha256: string;
};

export type RenderRow = {
  id: string;
  tenantId: string;
  spec: RenderSpec;
  rendererVersion: number;
  status: WorkStatus;
  result: RenderResult | null;
  error: WorkError | null;
  /** The job that carries this row now; the sweeper asks the queue whether it lives. */
  jobId: string;
  /** Its job stalled once: from then on it runs on the queue `suspect` only. */
  suspect: boolean;
  /** Starts counted as a suspect. */
  starts: number;
  createdAt: Millis;
  /** When it was last put on a queue. */
  queuedAt: Millis;
  completedAt: Millis | null;
  lastUsedAt: Millis;
  /** The request that put it to work, for logs. */
  requestId: string | null;
};

export type NewRender = Pick<RenderRow, 'id' | 'tenantId' | 'spec' | 'rendererVersion' | 'jobId'> & {
  requestId?: string | null;
};

export type Accepted<Row> = { row: Row; started: boolean };

export type Outcome<Result> = { id: string; at: Millis } & (
  | { result: Result; error: null }
  | { result: null; error: WorkError }
);

export type Page = {
  /** 1…200 */
  limit: number;
  order: 'newest-first' | 'oldest-first';
  /** Continue behind this row, in the order asked for. */
  after: { createdAt: Millis; id: string } | null;
  status: WorkStatus | null;
};

/** How the job that carried a row ended it, as it is told beside the row: it holds as long as no other job carries the row. */
export type ToldEnd<Result = RenderResult> = Outcome<Result> & { jobId: string };

/** Work that is open (queued or running), as the sweeper sees it. */
export type OpenWork = { id: string; jobId: string; suspect: boolean; queuedAt: Millis };

/** What renders and logos have in common: work that is accepted, run by a job, and ends once. */
export interface WorkStore<Row, New, Result> {
  /**
   * Inserts the rows that are new and starts anew those that had failed or were cancelled; leaves all others as they are.
   * Durable when it returns. Answers in the order given; `started` says that this call put the row to work. An id may stand
   * twice in `rows`: the first starts it.
   */
  accept(rows: New[], now: Millis): Promise<Accepted<Row>[]>;
  /** Point look-up by id, hot; the caller compares tenants. */
  find(id: string): Promise<Row | null>;
  /** The rows that exist, in any order. */
  findMany(ids: string[]): Promise<Row[]>;
  /**
   * Ends rows that are still open, all in one write; answers the ids that it ended (others were gone or had ended). Power loss
   * may open renders again, never logos: it also takes images, and these can be drawn again.
   */
  finish(outcomes: Outcome<Result>[]): Promise<string[]>;
  /** Open rows queued before `before`, oldest first, at most `limit`, behind `after`. */
  openWork(query: {
    before: Millis;
    limit: number;
    after: { queuedAt: Millis; id: string } | null;
  }): Promise<OpenWork[]>;
  /** Notes that open rows were put on a queue again, by these jobs. */
  requeue(rows: { id: string; jobId: string; suspect: boolean }[], now: Millis): Promise<void>;
  /** Counts a start of a suspect, durably before it runs; marks it running; answers the count, 0 when it is not open. */
  countStart(id: string, now: Millis): Promise<number>;
  /** Newest or oldest first by `createdAt`, then id. */
  list(tenantId: string, page: Page): Promise<Row[]>;
}

export interface RenderStore extends WorkStore<RenderRow, NewRender, RenderResult>, RenderOutbox, RenderPurge {
  /** Opens a completed row again because its bytes are gone; true when this call did it. */
  reopen(id: string, jobId: string, now: Millis): Promise<boolean>;
  remove(tenantId: string, id: string): Promise<boolean>;
  /** Sets `lastUsedAt`. */
  touch(ids: string[], now: Millis): Promise<void>;
}

/** What decoding a logo told. Its bytes' type, size and checksum are known before. */
export type LogoResult = { widthPx: number; heightPx: number };

export type LogoRow = {
  id: string;
  tenantId: string;
  contentType: 'image/png' | 'image/jpeg' | 'image/webp';
  sizeBytes: number;
  sha256: string;
  status: WorkStatus;
  result: LogoResult | null;
  error: WorkError | null;
  jobId: string;
  suspect: boolean;
  starts: number;
  createdAt: Millis;
  queuedAt: Millis;
  completedAt: Millis | null;
  /** Deleted by its owner: not listed, not to be used in new renders; its bytes stay for those that are drawn again. */
  deletedAt: Millis | null;
};

export type NewLogo = Pick<LogoRow, 'id' | 'tenantId' | 'contentType' | 'sizeBytes' | 'sha256' | 'jobId'>;

/** `accept` of a deleted logo brings it back (checked again); `list` shows completed ones that are not deleted. */
export interface LogoStore extends WorkStore<LogoRow, NewLogo, LogoResult>, LogoPurge {
  /** Marks it deleted; true when it was there and not deleted before. */
  remove(tenantId: string, id: string, now: Millis): Promise<boolean>;
}

export type IdempotencyRow = {
  /** Tenant, route and key. */
  scope: string;
  tenantId: string;
  /** Over parsed fields and files' sha256, hex. */
  fingerprint: string;
  /** The id that the first request reserved for what it makes. */
  resourceId: string;
  /** The call that has the lease; whoever lost it can neither answer nor release what another holds now. */
  holder: string;
  /** Null while the first request is not yet answered. */
  answeredAt: Millis | null;
  /** The secret that the answer held, sealed, so that it can be given again. */
  sealedSecret: string | null;
  leaseUntil: Millis;
  expiresAt: Millis;
};

type HeldClaim = Pick<IdempotencyRow, 'scope' | 'holder'>;

export interface IdempotencyStore {
  /**
   * Claims `row.scope` in one atomic step. `won`: the caller does the work (the record is new, had expired, or its lease
   * ran out unanswered: then `row` keeps the resourceId reserved first, under the new holder). Else the record as it stands.
   */
  claim(
    row: Omit<IdempotencyRow, 'answeredAt' | 'sealedSecret'>,
    now: Millis,
  ): Promise<{ won: boolean; row: IdempotencyRow }>;
  /** Notes that the holder answered, and what is to be kept of the answer. */
  answered(claim: HeldClaim, now: Millis, sealedSecret: string | null): Promise<void>;
  /** Forgets an unanswered claim of this holder: the request made nothing. */
  release(claim: HeldClaim): Promise<void>;
  /** Ends the lease of an unanswered claim of this holder: the next equal request takes it over, with the id that is reserved. */
  abandon(claim: HeldClaim, now: Millis): Promise<void>;
  /** Removes at most `limit` records that expired before `before`; answers how many. */
  purgeExpired(before: Millis, limit: number): Promise<number>;
}

export type Setting = { name: string; value: string };

export interface Database {
  renders: RenderStore;
  logos: LogoStore;
  keys: KeyStore;
  tenants: TenantStore;
  audit: AuditStore;
  usage: UsageStore;
  idempotency: IdempotencyStore;
  codes: CodeStore;
  batches: BatchStore;
  scans: ScanStore;
  webhooks: WebhookStore;
  deliveries: DeliveryStore;
  scanNotices: ScanNoticeStore;
  /** Stores `value` under `name` unless something stands there; answers what stands there then. */
  claimSetting(name: string, value: string): Promise<string>;
  /** Settings whose names begin with `prefix`, in the order of names. */
  listSettings(prefix: string): Promise<Setting[]>;
  /** Removes those of these settings that there are. */
  removeSettings(names: string[]): Promise<void>;
  /** Throws AppError `unavailable` when the database does not answer. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
