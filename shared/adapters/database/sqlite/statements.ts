import { logoCodec, renderCodec } from './columns.ts';
import { byKey } from './sql-parts.ts';

/** A statement and the index (null: the primary key) by which SQLite finds its rows; a test compares it with the plan. */
export type Statement = { sql: string; index: string | null };

const open = `status in ('queued', 'running')`;
const placeholders = (count: number): string => Array.from({ length: count }, (_, index) => `?${index + 1}`).join(', ');

/** Values that every row lies behind, for a first page. */
export const beforeEverything: readonly [number, string] = [-1, ''];
export const behindEverything: readonly [number, string] = [Number.MAX_SAFE_INTEGER, ''];

/** What renders and logos share. The first parameter of all that change a row is its id. */
function workStatements(table: 'renders' | 'logos', columns: readonly string[], restart: { if: string; sets: string }) {
  const insert = `insert into ${table} (${columns.join(', ')}) values (${placeholders(columns.length)})`;
  return {
    insert: byKey(`${insert} on conflict (id) do nothing`),
    insertOrRestart: byKey(`${insert}
      on conflict (id) do update set status = 'queued', result = null, error = null, jobId = excluded.jobId, suspect = 0,
        starts = 0, queuedAt = excluded.queuedAt, completedAt = null, ${restart.sets}
      where ${restart.if}`),
    find: byKey(`select ${columns.join(', ')} from ${table} where id = ?1`),
    /* All rows as one text: libsql hands over a value much more slowly than JSON.parse does. */
    findEach: byKey(`select json_group_array(json_array(${columns.join(', ')})) from ${table}
      where id in (select value from json_each(?1))`),
    finish: byKey(
      `update ${table} set status = ?2, result = ?3, error = ?4, completedAt = ?5 where id = ?1 and ${open}`,
    ),
    openWork: {
      sql: `select id, jobId, suspect, queuedAt from ${table} where ${open} and queuedAt < ?1 and (queuedAt, id) > (?2, ?3)
        order by queuedAt, id limit ?4`,
      index: `${table}_open`,
    },
    /* A row that was a suspect stays one: a sweeper that looked before its job stalled must not clear the mark. */
    requeue: byKey(`update ${table} set status = 'queued', jobId = ?2, suspect = max(suspect, ?3), queuedAt = ?4
      where id = ?1 and ${open}`),
    countStart: byKey(`update ${table} set status = 'running', starts = starts + 1 where id = ?1 and ${open}`),
  } satisfies Record<string, Statement>;
}

const renderColumns = renderCodec.names.join(', ');
const logoColumns = logoCodec.names.join(', ');

const listRenders = (status: 'any' | 'one', order: 'asc' | 'desc'): Statement => ({
  sql: `select ${renderColumns} from renders where tenantId = ?1 and ${status === 'one' ? 'status = ?5 and ' : ''}
    (createdAt, id) ${order === 'asc' ? '>' : '<'} (?2, ?3) order by createdAt ${order}, id ${order} limit ?4`,
  index: status === 'one' ? 'renders_by_tenant_and_status' : 'renders_by_tenant',
});

const listLogos = (order: 'asc' | 'desc'): Statement => ({
  sql: `select ${logoColumns} from logos where tenantId = ?1 and status = 'completed' and deletedAt is null
    and (createdAt, id) ${order === 'asc' ? '>' : '<'} (?2, ?3) order by createdAt ${order}, id ${order} limit ?4`,
  index: 'logos_listed',
});

export const renderStatements = {
  ...workStatements('renders', renderCodec.names, {
    if: `status in ('failed', 'cancelled')`,
    sets: 'lastUsedAt = excluded.lastUsedAt, requestId = excluded.requestId, redrawn = null, bytesGone = null',
  }),
  newestFirst: listRenders('any', 'desc'),
  oldestFirst: listRenders('any', 'asc'),
  newestFirstOfStatus: listRenders('one', 'desc'),
  oldestFirstOfStatus: listRenders('one', 'asc'),
  reopen: byKey(`update renders set status = 'queued', result = null, error = null, jobId = ?2, suspect = 0, starts = 0,
    queuedAt = ?3, completedAt = null, redrawn = 1, bytesGone = null where id = ?1 and status = 'completed'`),
  remove: byKey('delete from renders where id = ?1 and tenantId = ?2'),
  touch: byKey('update renders set lastUsedAt = ?2, bytesGone = null where id = ?1'),
  unusedImages: {
    sql: `select id, json_extract(spec, '$.format') from renders where (tenantId = 'anonymous') = ?1 and bytesGone is null
      and lastUsedAt < ?2 and not ${open} order by lastUsedAt limit ?3`,
    index: 'renders_unused',
  },
  imageRemoved: byKey(`update renders set bytesGone = 1 where id = ?1 and lastUsedAt < ?2 and not ${open}`),
  unused: {
    sql: `select id from renders where (tenantId = 'anonymous') = ?1 and bytesGone = 1 and lastUsedAt < ?2 and mark is null
      and not ${open} order by lastUsedAt limit ?3`,
    index: 'renders_unused',
  },
  removeUnused: byKey(`delete from renders where id = ?1 and bytesGone = 1 and lastUsedAt < ?2 and mark is null
    and not ${open}`),
  withLogo: {
    sql: `select id from renders where json_extract(spec, '$.logo.id') = ?1 limit 1`,
    index: 'renders_by_logo',
  },
  walk: byKey(`select id, json_extract(spec, '$.format'), status = 'completed' and bytesGone is null from renders
    where id > ?1 order by id limit ?2`),
} satisfies Record<string, Statement>;

export const logoStatements = {
  ...workStatements('logos', logoCodec.names, {
    if: `status in ('failed', 'cancelled') or deletedAt is not null`,
    sets: 'deletedAt = null',
  }),
  newestFirst: listLogos('desc'),
  oldestFirst: listLogos('asc'),
  remove: byKey('update logos set deletedAt = ?3 where id = ?1 and tenantId = ?2 and deletedAt is null'),
  deleted: {
    sql: `select id, deletedAt from logos where deletedAt < ?1 and (deletedAt, id) > (?2, ?3) order by deletedAt, id limit ?4`,
    index: 'logos_deleted',
  },
  purge: byKey('delete from logos where id = ?1 and deletedAt < ?2'),
  walk: byKey(`select id, status = 'completed' from logos where id > ?1 order by id limit ?2`),
} satisfies Record<string, Statement>;

export const idempotencyStatements = {
  /* ?7 is now. A lease that ran out goes to an equal request only, and what the first one reserved stays reserved. */
  claim:
    byKey(`insert into idempotency (scope, tenantId, fingerprint, resourceId, holder, answeredAt, leaseUntil, expiresAt)
    values (?1, ?2, ?3, ?4, ?8, null, ?5, ?6)
    on conflict (scope) do update set tenantId = excluded.tenantId, fingerprint = excluded.fingerprint,
      resourceId = case when expiresAt <= ?7 then excluded.resourceId else resourceId end,
      holder = excluded.holder, answeredAt = null, sealedSecret = null, leaseUntil = excluded.leaseUntil, expiresAt = excluded.expiresAt
    where expiresAt <= ?7 or (answeredAt is null and leaseUntil <= ?7 and fingerprint = excluded.fingerprint)`),
  find: byKey(`select scope, tenantId, fingerprint, resourceId, holder, answeredAt, sealedSecret, leaseUntil, expiresAt
    from idempotency where scope = ?1`),
  answered: byKey(`update idempotency set answeredAt = ?3, sealedSecret = ?4
    where scope = ?1 and holder = ?2 and answeredAt is null`),
  release: byKey('delete from idempotency where scope = ?1 and holder = ?2 and answeredAt is null'),
  abandon: byKey('update idempotency set leaseUntil = ?3 where scope = ?1 and holder = ?2 and answeredAt is null'),
  expired: {
    sql: 'select scope from idempotency where expiresAt < ?1 order by expiresAt limit ?2',
    index: 'idempotency_expiring',
  },
  removeExpired: byKey('delete from idempotency where scope = ?1 and expiresAt < ?2'),
} satisfies Record<string, Statement>;

export const settingStatements = {
  claim: byKey('insert into settings (name, value) values (?1, ?2) on conflict (name) do nothing'),
  find: byKey('select name, value from settings where name = ?1'),
  list: byKey('select name, value from settings where name >= ?1 and name < ?2 order by name'),
  remove: byKey('delete from settings where name = ?1'),
} satisfies Record<string, Statement>;
