/**
 * What brings the file from one `user_version` to the next; the position is the version it starts from. Append only: a
 * migration that was released is never changed.
 *
 * Which query an index is for stands beside the query, in statements.ts.
 */
export const migrations: readonly string[] = [
  `
  create table renders (
    id text primary key, tenantId text not null, spec text not null, rendererVersion integer not null,
    status text not null, result text, error text, jobId text not null, suspect integer not null, starts integer not null,
    createdAt integer not null, queuedAt integer not null, completedAt integer, lastUsedAt integer not null
  ) strict;
  create index renders_by_tenant on renders (tenantId, createdAt, id);
  create index renders_by_tenant_and_status on renders (tenantId, status, createdAt, id);
  create index renders_open on renders (queuedAt, id) where status in ('queued', 'running');

  create table logos (
    id text primary key, tenantId text not null, contentType text not null, sizeBytes integer not null,
    sha256 text not null, status text not null, result text, error text, jobId text not null, suspect integer not null,
    starts integer not null, createdAt integer not null, queuedAt integer not null, completedAt integer,
    deletedAt integer
  ) strict;
  create index logos_listed on logos (tenantId, createdAt, id) where status = 'completed' and deletedAt is null;
  create index logos_open on logos (queuedAt, id) where status in ('queued', 'running');

  create table keys (
    id text primary key, tenantId text not null, name text not null, role text not null, hash text not null,
    createdAt integer not null
  ) strict;
  create index keys_by_hash on keys (hash);

  create table idempotency (
    scope text primary key, tenantId text not null, fingerprint text not null, resourceId text not null,
    answeredAt integer, leaseUntil integer not null, expiresAt integer not null
  ) strict;

  create table settings (name text primary key, value text not null) strict;
  `,
  /*
   * Codes. A code's number says its place by `createdAt`: milliseconds times 2^20, and counted on from there for codes of the
   * same millisecond. So whatever finds numbers in order finds codes in the order that lists begin with, the full-text index too,
   * which holds the words and facts of `terms` (code-terms.ts), and all beginnings of words (`prefix`): to gather a frequent
   * one from its words takes 0.3 s per million. Triggers keep that index and the earlier targets with the row, whichever
   * statement writes it. `place` is the number by a name that SQLite takes as a bound behind another column. No code is
   * ever removed, so no slug is given twice.
   */
  `
  create table codes (
    number integer primary key, id text not null unique, tenantId text not null, slug text not null unique,
    shortOrigin text not null, version integer not null, target text not null, targetFrom integer not null,
    targetBy text not null, fallbackTarget text, paused integer not null, archivedAt integer, expiresAt integer,
    forwardQuery integer not null, title text, tags text not null, imageOptions text not null, externalId text,
    metadata text not null, batchId text, revision integer not null, createdAt integer not null, updatedAt integer not null,
    scanCount integer not null, lastScannedAt integer, terms text not null,
    archived integer not null generated always as (archivedAt is not null),
    titleKey text not null generated always as (coalesce(title, '')),
    lastScannedKey integer not null generated always as (coalesce(lastScannedAt, -1)),
    place integer not null generated always as (number)
  ) strict;
  create index codes_by_creation on codes (tenantId, archived);
  create index codes_by_update on codes (tenantId, archived, updatedAt, place);
  create index codes_by_scan_count on codes (tenantId, archived, scanCount, place);
  create index codes_by_last_scan on codes (tenantId, archived, lastScannedKey, place);
  create index codes_by_title on codes (tenantId, archived, titleKey, place);
  create index codes_unarchived on codes (tenantId, paused, number, expiresAt) where archivedAt is null;
  create index codes_expiring on codes (tenantId, number, expiresAt) where archivedAt is null and expiresAt is not null;

  create table code_targets (
    codeId text not null, version integer not null, target text not null, targetFrom integer not null,
    targetBy text not null, primary key (codeId, version)
  ) strict, without rowid;
  create trigger codes_keep_targets after update of version on codes when new.version <> old.version begin
    insert into code_targets (codeId, version, target, targetFrom, targetBy)
    values (old.id, old.version, old.target, old.targetFrom, old.targetBy);
  end;

  create virtual table code_terms using fts5 (
    terms, content = '', contentless_delete = 1, detail = none, tokenize = 'ascii',
    prefix = '1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16'
  );
  create trigger codes_find_new after insert on codes begin
    insert into code_terms (rowid, terms) values (new.number, new.terms);
  end;
  create trigger codes_find_changed after update of terms on codes when new.terms <> old.terms begin
    insert or replace into code_terms (rowid, terms) values (new.number, new.terms);
  end;
  `,
  /*
   * Webhooks. What a render has to tell stands in its row (`ends`, marked by `mark`), whom to call at its end in `callbacks`;
   * `redrawn` says that only its bytes are made again, which is no news.
   */
  `
  alter table renders add column callbacks text;
  alter table renders add column redrawn integer;
  alter table renders add column ends text;
  alter table renders add column mark text;
  create index renders_to_tell on renders (mark) where mark is not null;

  alter table idempotency add column sealedSecret text;

  create table webhooks (
    id text primary key, tenantId text not null, url text not null, events text not null, description text,
    status text not null, disabledReason text, secrets text not null, failingSince integer, revision integer not null,
    createdAt integer not null, updatedAt integer not null
  ) strict;
  create index webhooks_by_tenant on webhooks (tenantId, createdAt, id);
  create index webhooks_active on webhooks (tenantId, createdAt, id) where status = 'active';

  create table callback_secrets (tenantId text primary key, secrets text not null, revision integer not null) strict;

  create table deliveries (
    id text primary key, tenantId text not null, webhookId text, callbackUrl text, lane text not null, type text not null,
    body text not null, status text not null, attempts text not null, attemptsMade integer not null,
    nextAttemptAt integer, error text, createdAt integer not null, completedAt integer
  ) strict;
  create index deliveries_by_webhook on deliveries (webhookId, createdAt, id);
  create index deliveries_by_webhook_and_status on deliveries (webhookId, status, createdAt, id);
  create index deliveries_due on deliveries (nextAttemptAt, id, lane) where status = 'queued';
  create index deliveries_due_in_lane on deliveries (lane, nextAttemptAt, id) where status = 'queued';
  create index deliveries_ended on deliveries (completedAt) where completedAt is not null;

  create table scan_notices (
    codeId text primary key, tenantId text not null, count integer not null, scans text not null, segments text not null,
    "group" text, dueAt integer, toldAt integer, revision integer not null
  ) strict;
  create index scan_notices_due on scan_notices (dueAt) where dueAt is not null;
  `,
  /*
   * Scans. The ledger lies in the order of codes and times, for so it is read. Roll-ups by UTC day: the texts are JSON (scan-day.ts),
   * the longest last, so that the others are read without it.
   */
  `
  create table scans (
    id text not null, tenantId text not null, codeId text not null, at integer not null, version integer,
    fallbackTarget text, source text, country text, city text, visitor text, device text, system text, browser text,
    referrer text, language text, bot integer not null, primary key (codeId, at, id)
  ) strict, without rowid;
  create index scans_by_tenant on scans (tenantId, at, id);
  create index scans_by_visitor on scans (visitor, codeId, bot, source, at) where visitor is not null;

  create table scan_marks (
    codeId text not null, start integer not null, tenantId text not null, stamp text not null, since integer not null,
    primary key (codeId, start)
  ) strict, without rowid;
  create index scan_marks_oldest on scan_marks (since, codeId, start);
  create index scan_marks_by_tenant on scan_marks (tenantId, start);

  create table scan_segments (id text primary key, recordedAt integer not null) strict;
  create index scan_segments_by_time on scan_segments (recordedAt);

  create table scan_days (
    codeId text not null, day integer not null, tenantId text not null, revision integer not null,
    scanCount integer not null, lastAt integer, counts text not null, total text, breakdowns text not null,
    primary key (codeId, day)
  ) strict, without rowid;

  create table tenant_scan_days (
    tenantId text not null, day integer not null, revision integer not null, scanCount integer not null, lastAt integer,
    counts text not null, total text, breakdowns text not null, primary key (tenantId, day)
  ) strict, without rowid;
  `,
  /*
   * Batches. Ids of rows and chunks begin with their batch's and are in the order of numbers, so the primary keys list them. A
   * task is open as long as it is there.
   */
  `
  create table batches (
    id text primary key, tenantId text not null, name text, mode text not null, status text not null, file text not null,
    shared text not null, callback text, createdBy text not null, run integer not null, isParsed integer not null,
    cancelledAt integer, parts text not null, archive text, error text, untold text not null,
    toBeTold integer not null,
    createdAt integer not null, startedAt integer, completedAt integer, expiresAt integer, revision integer not null
  ) strict;
  create index batches_by_tenant on batches (tenantId, createdAt, id);
  create index batches_by_tenant_and_status on batches (tenantId, status, createdAt, id);
  create index batches_to_tell on batches (id) where toBeTold = 1;
  create index batches_expiring on batches (expiresAt) where expiresAt is not null;

  create table batch_rows (
    id text primary key, batchId text not null, "row" integer not null, line integer not null, name text, file text,
    status text not null, input text, extra text not null, run integer not null, starts integer not null, codeId text,
    shortUrl text, result text, error text, completedAt integer
  ) strict;
  create index batch_rows_by_status on batch_rows (batchId, status, id);

  create table batch_chunks (
    id text primary key, batchId text not null, tenantId text not null, "rows" text not null, run integer not null,
    status text not null, lane text
  ) strict;
  create index batch_chunks_by_tenant on batch_chunks (tenantId, status, id);
  create index batch_chunks_open on batch_chunks (batchId) where status <> 'ended';

  create table batch_tasks (
    id text primary key, kind text not null, tenantId text not null, batchId text, about text, jobId text not null,
    queuedAt integer not null
  ) strict;
  create index batch_tasks_open on batch_tasks (queuedAt, id);
  `,
  /* Records of Idempotency-Keys have a holder, and are removed when they expire. */
  `
  alter table idempotency add column holder text not null default '';
  create index idempotency_expiring on idempotency (expiresAt);
  `,
  /* Keys expire and rotate; tenants. */
  `
  alter table keys add column previousHash text;
  alter table keys add column previousUntil integer;
  alter table keys add column expiresAt integer;
  alter table keys add column lastUsedAt integer;
  create index keys_by_previous_hash on keys (previousHash) where previousHash is not null;
  create index keys_by_tenant on keys (tenantId, createdAt, id);

  create table tenants (
    id text primary key, name text not null, status text not null, revision integer not null,
    createdAt integer not null, updatedAt integer not null
  ) strict;
  create index tenants_by_creation on tenants (createdAt, id);
  create index tenants_by_status on tenants (status, id);
  `,
  /* Who changed what, and what tenants use on each UTC day. */
  `
  create table audit (
    id text primary key, tenantId text not null, keyId text not null, action text not null, objectId text not null,
    changes text not null, requestId text not null, createdAt integer not null
  ) strict;
  create index audit_by_time on audit (createdAt, id);
  create index audit_by_tenant on audit (tenantId, createdAt, id);
  create index audit_by_action on audit (action, createdAt, id);
  create index audit_by_tenant_and_action on audit (tenantId, action, createdAt, id);
  create index audit_by_object on audit (objectId, createdAt, id);

  create table usage (
    tenantId text not null, day text not null, calls integer not null, renders integer not null, batchRows integer not null,
    codes integer not null, primary key (tenantId, day)
  ) strict, without rowid;
  `,
  /*
   * The purge. `bytesGone`: the image of a render that nobody used for long is removed. What has a logo is found by it, so that
   * none is removed that is still drawn.
   */
  `
  alter table renders add column bytesGone integer;
  create index renders_unused on renders ((tenantId = 'anonymous'), bytesGone, lastUsedAt);
  create index renders_by_logo on renders (json_extract(spec, '$.logo.id')) where json_extract(spec, '$.logo.id') is not null;
  create index codes_by_logo on codes (json_extract(imageOptions, '$.logo.id'))
    where json_extract(imageOptions, '$.logo.id') is not null;
  create index logos_deleted on logos (deletedAt, id) where deletedAt is not null;

  alter table batches add column finalCounts text;
  alter table batches add column purgedAt integer;
  drop index batches_expiring;
  create index batches_expiring on batches (expiresAt) where expiresAt is not null and purgedAt is null;
  create index batches_purged on batches (purgedAt) where purgedAt is not null;
  `,
  /* Spans of days of a code or tenant, added up: what can be added up again at any time. */
  `
  create table scan_spans (
    owner text not null, span integer not null, days integer not null, revisions integer not null, total text not null,
    primary key (owner, span)
  ) strict, without rowid;
  `,
  /* Which request put a render to work and is to be told of its end, for logs. */
  `
  alter table renders add column requestId text;
  alter table deliveries add column requestId text;
  `,
  /* Quotas of a tenant's own. */
  `
  alter table tenants add column quotas text not null default '{"rendersPerDay":null,"batchRowsPerDay":null}';
  `,
  /* Which request made a batch, for logs. */
  `
  alter table batches add column requestId text;
  `,
  /* Days of use are purged. */
  `
  create index usage_by_day on usage (day);
  `,
  /* Rows of a batch that ended in earlier runs; deliveries to callbackUrls are listed. */
  `
  alter table batches add column endedBefore integer not null default 0;
  create index deliveries_to_callbacks on deliveries (tenantId, createdAt, id) where webhookId is null;
  create index deliveries_to_callbacks_of_status on deliveries (tenantId, status, createdAt, id) where webhookId is null;
  `,
  /* Deliveries are listed by what they tell of. A code has many, of which few failed: `status` spares reading the rows. */
  `
  alter table deliveries add column resourceId text;
  create index deliveries_by_resource on deliveries (resourceId, webhookId, createdAt, id, status) where resourceId is not null;
  `,
  /* Open batches that no task is about are looked for. */
  `
  create index batches_open on batches (id) where status in ('queued', 'running');
  create index batch_tasks_of_batch on batch_tasks (batchId);
  `,
];
