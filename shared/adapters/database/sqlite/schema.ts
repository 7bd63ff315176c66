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
];
