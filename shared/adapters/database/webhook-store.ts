import type { Callback, EventType, MessageType } from '../../contract/events.ts';
import type { ScanNotice } from '../../domain/scans/scan-notice.ts';
import type { WorkError } from '../../errors.ts';
import type { SealedSecret } from '../../signing-secrets.ts';
import type { Millis, Outcome, Page, RenderResult, RenderRow, WorkStatus } from './database.ts';

const webhookStatuses = ['active', 'disabled'] as const;
type WebhookStatus = (typeof webhookStatuses)[number];

/** `gone`: it answered 410; `failing`: five days of failures; `by_request`: its owner said so. */
type DisabledReason = 'gone' | 'failing' | 'by_request';

export type WebhookRow = {
  id: string;
  tenantId: string;
  url: string;
  events: EventType[];
  description: string | null;
  status: WebhookStatus;
  disabledReason: DisabledReason | null;
  /** The newest first; two while it rotates. */
  secrets: SealedSecret[];
  /** Its first failure since it succeeded last; null: it did not fail since. */
  failingSince: Millis | null;
  /** Counts changes: 1, 2 … */
  revision: number;
  createdAt: Millis;
  updatedAt: Millis;
};

/** Secrets that sign what goes to the `callbackUrl`s of a tenant. */
export type CallbackSecrets = { tenantId: string; secrets: SealedSecret[]; revision: number };

export interface WebhookStore {
  /** Inserts the row unless one of its id is there; true when this call did it. */
  insert(row: WebhookRow): Promise<boolean>;
  /** Point look-up by id; the caller compares tenants. */
  find(id: string): Promise<WebhookRow | null>;
  list(tenantId: string, page: Omit<Page, 'status'>): Promise<WebhookRow[]>;
  /** Puts `next` in the place of the row that has revision `next.revision - 1`; true when it did. */
  replace(next: WebhookRow): Promise<boolean>;
  remove(tenantId: string, id: string): Promise<boolean>;
  /** Active endpoints of a tenant, at most 200, the oldest first. */
  active(tenantId: string): Promise<WebhookRow[]>;
  /** What somebody wants to be told of these tenants; those of whom nobody wants anything are left out. Hot. */
  wantedEvents(tenantIds: string[]): Promise<Map<string, Set<EventType>>>;
  findCallbackSecrets(tenantId: string): Promise<CallbackSecrets | null>;
  /** Stores them if what stands there has revision `next.revision - 1` (0: nothing does); true when it did. */
  replaceCallbackSecrets(next: CallbackSecrets): Promise<boolean>;
}

const deliveryStatuses = ['queued', 'completed', 'failed'] as const satisfies readonly WorkStatus[];
type DeliveryStatus = (typeof deliveryStatuses)[number];

export type DeliveryAttempt = {
  at: Millis;
  /** Null: no answer came, `error` says why. */
  httpStatus: number | null;
  latencyMs: number;
  error: WorkError | null;
  /** The first kilobyte of the answer. */
  body: string | null;
};

/** The latest attempts stay on record. */
export const mostAttemptsKept = 20;

/** One message to one receiver, until it is taken or given up. */
export type DeliveryRow = {
  /** `webhook-id` of every attempt. */
  id: string;
  tenantId: string;
  /** Null for a `callbackUrl`. */
  webhookId: string | null;
  callbackUrl: string | null;
  /** Who is called: deliveries of one lane share its places, so that a slow receiver holds up no other. */
  lane: string;
  type: MessageType;
  /** What it tells of; null in rows from before it was kept. */
  resourceId: string | null;
  /** As it is sent. */
  body: string;
  status: DeliveryStatus;
  /** Oldest first. */
  attempts: DeliveryAttempt[];
  /** Attempts of the schedule that is under way; redelivering begins anew. */
  attemptsMade: number;
  /** When it is due; while an attempt is under way, when that is taken for lost. Null once it has ended. */
  nextAttemptAt: Millis | null;
  error: WorkError | null;
  createdAt: Millis;
  completedAt: Millis | null;
  /** The request that led to it, for logs. */
  requestId: string | null;
};

export type NewDelivery = Pick<
  DeliveryRow,
  'id' | 'tenantId' | 'webhookId' | 'callbackUrl' | 'lane' | 'type' | 'resourceId' | 'body' | 'createdAt'
> & { requestId?: string | null };

/** `resourceId`: those only that tell of it; null: all. */
export type DeliveryPage = Page & { resourceId: string | null };

export type DueDelivery = { id: string; lane: string; nextAttemptAt: Millis };

/** How a delivery stands after an attempt. */
export type DeliveryVerdict =
  | { status: 'completed' }
  | { status: 'queued'; nextAttemptAt: Millis }
  | { status: 'failed'; error: WorkError };

/** Returns the row that a new delivery begins as: due at once. */
export function freshDelivery(row: NewDelivery): DeliveryRow {
  const { createdAt } = row;
  return {
    ...row,
    status: 'queued',
    attempts: [],
    attemptsMade: 0,
    nextAttemptAt: createdAt,
    error: null,
    completedAt: null,
    requestId: row.requestId ?? null,
  };
}

export interface DeliveryStore {
  /** Inserts those whose id is new, due at once; answers their ids. Durable when it returns. */
  insert(rows: NewDelivery[]): Promise<string[]>;
  find(id: string): Promise<DeliveryRow | null>;
  /** Newest or oldest first by `createdAt`, then id. */
  list(webhookId: string, page: DeliveryPage): Promise<DeliveryRow[]>;
  /** Those to the `callbackUrl`s of a tenant, likewise. */
  listOfCallbacks(tenantId: string, page: DeliveryPage): Promise<DeliveryRow[]>;
  /** Queued ones that are due at `at`, the longest due first, behind `after`. */
  due(query: {
    at: Millis;
    limit: number;
    after: { nextAttemptAt: Millis; id: string } | null;
  }): Promise<DueDelivery[]>;
  dueInLane(lane: string, query: { at: Millis; limit: number }): Promise<DueDelivery[]>;
  /** Takes a queued delivery that is still due at `dueAt` for one attempt until `until`; true for one caller only. */
  lease(id: string, dueAt: Millis, until: Millis): Promise<boolean>;
  /**
   * Puts an attempt on record. How the delivery stands then follows `verdict` if the lease still holds; else another run, or its
   * owner, decided meanwhile. True when it followed.
   */
  record(id: string, leasedUntil: Millis, attempt: DeliveryAttempt, verdict: DeliveryVerdict): Promise<boolean>;
  /** Ends a queued delivery without an attempt. */
  fail(id: string, error: WorkError, at: Millis): Promise<void>;
  /** Makes it due at once, with all its attempts before it; true when it is there. */
  redeliver(id: string, at: Millis): Promise<boolean>;
  /** Removes at most `limit` that ended before `before`; answers how many. */
  purgeEnded(before: Millis, limit: number): Promise<number>;
}

/** One end of a render that is to be told: a snapshot, as the row may be started anew before it is. */
export type RenderEnd = {
  status: 'completed' | 'failed';
  at: Millis;
  result: RenderResult | null;
  error: WorkError | null;
  callbacks: Callback[];
  /** Whether endpoints are told; false: the callbacks only, who came after the end. */
  isForWebhooks: boolean;
};

export type RenderToTell = {
  row: RenderRow;
  ends: RenderEnd[];
  /** New with every mark: what was marked meanwhile is not cleared. */
  mark: string;
};

/** `isWanted`: an endpoint wants to be told of it. */
export type RenderOutcome = Outcome<RenderResult> & { isWanted?: boolean };

/** The outbox within the renders: what is to be told stands in the row, written by the write that ended it. */
export interface RenderOutbox {
  /**
   * Ends rows as `finish` does; an end that is wanted, or that callbacks wait for, is marked as to be told in the same write. A
   * row that was only drawn again is marked for its callbacks alone. Answers what it ended, and which of it is to be told.
   */
  end(outcomes: RenderOutcome[]): Promise<{ id: string; toTell: boolean }[]>;
  /**
   * Stores whom to call at the end of each render; those that have ended are marked as to be told now. Durable when it
   * returns; answers the ids that are to be told. A render that is not there is left out.
   */
  addCallbacks(added: { id: string; callbacks: Callback[] }[], now: Millis): Promise<string[]>;
  /** The longest marked first. */
  toTell(limit: number): Promise<RenderToTell[]>;
  /** Clears the marks that are still these. */
  told(rows: { row: { id: string }; mark: string }[]): Promise<void>;
}

export interface ScanNoticeStore {
  find(codeId: string): Promise<ScanNotice | null>;
  /** Stores it if what stands there has revision `next.revision - 1` (0: nothing does); true when it did. */
  replace(next: ScanNotice): Promise<boolean>;
  /** The longest due first. */
  due(query: { at: Millis; limit: number }): Promise<ScanNotice[]>;
}
