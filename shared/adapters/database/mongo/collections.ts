import type { mongo } from 'mongoose';
import type { Callback } from '../../../contract/events.ts';
import type { ScanNotice } from '../../../domain/scans/scan-notice.ts';
import type { KeyRow, TenantRow } from '../access-store.ts';
import type { AuditRow } from '../audit-store.ts';
import type { IdempotencyRow, LogoRow, RenderRow } from '../database.ts';
import type { CallbackSecrets, DeliveryRow, RenderEnd, WebhookRow } from '../webhook-store.ts';
import { type BatchCollections, batchIndexes } from './batch-documents.ts';
import { type CodeCollections, codeIndexes } from './code-documents.ts';
import {
  type DayDocument,
  type MarkDocument,
  type ScanDocument,
  type SegmentDocument,
  type SpanDocument,
  scanIndexes,
} from './scan-documents.ts';
import type { UsageDocument } from './usage-store.ts';

/** What stands in a document and not in its row. */
type Unseen = {
  /** Marks the call that ended it, so that this call knows its own. */
  endedBy?: string;
  /** The outbox of a render, see RenderOutbox; `redrawn`: only its bytes are made again, which is no news. */
  callbacks?: Callback[];
  redrawn?: true;
  ends?: RenderEnd[];
  mark?: string;
  /** What the purge finds renders by, see RenderPurge. */
  anonymous?: true;
  bytesGone?: true;
};

/** A row as MongoDB keeps it: the id under `_id`. */
export type Stored<Row extends { id: string }> = Omit<Row, 'id'> & { _id: string } & Unseen;

export type Collections = BatchCollections &
  CodeCollections & {
    renders: mongo.Collection<Stored<RenderRow>>;
    logos: mongo.Collection<Stored<LogoRow>>;
    keys: mongo.Collection<Stored<KeyRow>>;
    tenants: mongo.Collection<Stored<TenantRow>>;
    audit: mongo.Collection<Stored<AuditRow>>;
    usage: mongo.Collection<UsageDocument>;
    idempotency: mongo.Collection<Omit<IdempotencyRow, 'scope'> & { _id: string }>;
    webhooks: mongo.Collection<Stored<WebhookRow>>;
    callbackSecrets: mongo.Collection<Omit<CallbackSecrets, 'tenantId'> & { _id: string }>;
    deliveries: mongo.Collection<Stored<DeliveryRow>>;
    scanNotices: mongo.Collection<Omit<ScanNotice, 'codeId'> & { _id: string }>;
    settings: mongo.Collection<{ _id: string; value: string }>;
    scans: mongo.Collection<ScanDocument>;
    scan_marks: mongo.Collection<MarkDocument>;
    scan_segments: mongo.Collection<SegmentDocument>;
    scan_days: mongo.Collection<DayDocument>;
    tenant_scan_days: mongo.Collection<DayDocument>;
    scan_spans: mongo.Collection<SpanDocument>;
  };

/** `sparse`: documents without the field are not in it, which costs them nothing. */
type Index = { name: string; key: Record<string, 1 | -1>; sparse?: true };

/**
 * Which query each is for stands beside the query. None is partial; unique is that of codes by their slugs alone: else nothing but
 * `_id` decides what may be stored.
 */
export const indexes = {
  renders: [
    { name: 'by_tenant', key: { tenantId: 1, createdAt: 1, _id: 1 } },
    { name: 'by_tenant_and_status', key: { tenantId: 1, status: 1, createdAt: 1, _id: 1 } },
    { name: 'open', key: { status: 1, queuedAt: 1, _id: 1 } },
    { name: 'to_tell', key: { mark: 1 }, sparse: true },
    { name: 'unused', key: { anonymous: 1, bytesGone: 1, lastUsedAt: 1 } },
    { name: 'by_logo', key: { 'spec.logo.id': 1 }, sparse: true },
  ],
  logos: [
    { name: 'listed', key: { tenantId: 1, status: 1, deletedAt: 1, createdAt: 1, _id: 1 } },
    { name: 'open', key: { status: 1, queuedAt: 1, _id: 1 } },
    { name: 'deleted', key: { deletedAt: 1, _id: 1 } },
  ],
  keys: [
    { name: 'by_hash', key: { hash: 1 } },
    { name: 'by_previous_hash', key: { previousHash: 1 } },
    { name: 'by_tenant', key: { tenantId: 1, createdAt: 1, _id: 1 } },
  ],
  tenants: [
    { name: 'by_creation', key: { createdAt: 1, _id: 1 } },
    { name: 'by_status', key: { status: 1, _id: 1 } },
  ],
  audit: [
    { name: 'by_time', key: { createdAt: 1, _id: 1 } },
    { name: 'by_tenant', key: { tenantId: 1, createdAt: 1, _id: 1 } },
    { name: 'by_action', key: { action: 1, createdAt: 1, _id: 1 } },
    { name: 'by_tenant_and_action', key: { tenantId: 1, action: 1, createdAt: 1, _id: 1 } },
    { name: 'by_object', key: { objectId: 1, createdAt: 1, _id: 1 } },
  ],
  usage: [
    { name: 'by_tenant', key: { tenantId: 1, day: 1 } },
    { name: 'by_day', key: { day: 1 } },
  ],
  idempotency: [{ name: 'expiring', key: { expiresAt: 1 } }],
  webhooks: [
    { name: 'by_tenant', key: { tenantId: 1, createdAt: 1, _id: 1 } },
    { name: 'active', key: { tenantId: 1, status: 1, createdAt: 1, _id: 1 } },
  ],
  callbackSecrets: [],
  deliveries: [
    { name: 'by_webhook', key: { webhookId: 1, createdAt: 1, _id: 1 } },
    { name: 'by_webhook_and_status', key: { webhookId: 1, status: 1, createdAt: 1, _id: 1 } },
    { name: 'of_callbacks', key: { tenantId: 1, webhookId: 1, createdAt: 1, _id: 1 } },
    { name: 'of_callbacks_and_status', key: { tenantId: 1, webhookId: 1, status: 1, createdAt: 1, _id: 1 } },
    { name: 'by_resource', key: { resourceId: 1, webhookId: 1, createdAt: 1, _id: 1, status: 1, tenantId: 1 } },
    { name: 'due', key: { status: 1, nextAttemptAt: 1, _id: 1 } },
    { name: 'due_in_lane', key: { lane: 1, status: 1, nextAttemptAt: 1, _id: 1 } },
    { name: 'ended', key: { completedAt: 1 } },
  ],
  scanNotices: [{ name: 'due', key: { dueAt: 1 } }],
  settings: [],
  ...scanIndexes,
  ...codeIndexes,
  ...batchIndexes,
} as const satisfies Record<keyof Collections, readonly Index[]>;

/** Makes the indexes that are missing; any number of processes may do so at once. */
export async function ensureIndexes(db: mongo.Db): Promise<void> {
  for (const [name, specifications] of Object.entries(indexes)) {
    if (specifications.length > 0)
      await db.collection(name).createIndexes(specifications.map((index) => ({ ...index })));
  }
}

export function storedOf<Row extends { id: string }>({ id, ...rest }: Row): Stored<Row> {
  return { _id: id, ...rest };
}

export function rowOf<Row extends { id: string }>(document: Stored<Row>): Row {
  const {
    _id,
    endedBy: _e,
    callbacks: _c,
    redrawn: _r,
    ends: _s,
    mark: _m,
    anonymous: _a,
    bytesGone: _b,
    ...rest
  } = document;
  return { id: _id, ...rest } as unknown as Row;
}
