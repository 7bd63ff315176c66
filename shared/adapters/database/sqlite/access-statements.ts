import type { KeyRow, TenantRow } from '../access-store.ts';
import { rowCodec } from './columns.ts';
import { byKey, insertOf, quoted, replaceOf } from './sql-parts.ts';
import type { Statement } from './statements.ts';

export const keyCodec = rowCodec<KeyRow>({
  id: 'plain',
  tenantId: 'plain',
  name: 'plain',
  role: 'plain',
  hash: 'plain',
  previousHash: 'plain',
  previousUntil: 'plain',
  expiresAt: 'plain',
  lastUsedAt: 'plain',
  createdAt: 'plain',
});

export const tenantCodec = rowCodec<TenantRow>({
  id: 'plain',
  name: 'plain',
  status: 'plain',
  quotas: 'json',
  revision: 'plain',
  createdAt: 'plain',
  updatedAt: 'plain',
});

const keyColumns = quoted(keyCodec.names);
const tenantColumns = quoted(tenantCodec.names);

const listKeys = (order: 'asc' | 'desc'): Statement => ({
  sql: `select ${keyColumns} from keys where tenantId = ?1 and (createdAt, id) ${order === 'asc' ? '>' : '<'} (?2, ?3)
    order by createdAt ${order}, id ${order} limit ?4`,
  index: 'keys_by_tenant',
});

const listTenants = (order: 'asc' | 'desc'): Statement => ({
  sql: `select ${tenantColumns} from tenants where (createdAt, id) ${order === 'asc' ? '>' : '<'} (?1, ?2)
    order by createdAt ${order}, id ${order} limit ?3`,
  index: 'tenants_by_creation',
});

export const keyStatements = {
  findByHash: { sql: `select ${keyColumns} from keys where hash = ?1 limit 1`, index: 'keys_by_hash' },
  findByPreviousHash: {
    sql: `select ${keyColumns} from keys where previousHash = ?1 limit 1`,
    index: 'keys_by_previous_hash',
  },
  find: byKey(`select ${keyColumns} from keys where id = ?1`),
  insert: insertOf('keys', keyCodec.names, 'id'),
  put: byKey(`insert into keys (id, tenantId, name, role, hash, createdAt) values (?1, ?2, ?3, ?4, ?5, ?6)
    on conflict (id) do update set tenantId = excluded.tenantId, name = excluded.name, role = excluded.role,
      hash = excluded.hash`),
  newestFirst: listKeys('desc'),
  oldestFirst: listKeys('asc'),
  rotate: byKey(
    'update keys set hash = ?3, previousHash = ?2, previousUntil = ?4 where id = ?1 and hash = ?2 and hash <> ?3',
  ),
  touch: byKey('update keys set lastUsedAt = max(?2, coalesce(lastUsedAt, 0)) where id = ?1'),
  remove: byKey('delete from keys where id = ?1 and tenantId = ?2'),
} satisfies Record<string, Statement>;

export const tenantStatements = {
  find: byKey(`select ${tenantColumns} from tenants where id = ?1`),
  insert: insertOf('tenants', tenantCodec.names, 'id'),
  replace: replaceOf('tenants', tenantCodec.names, 'id'),
  newestFirst: listTenants('desc'),
  oldestFirst: listTenants('asc'),
  suspended: {
    sql: "select id from tenants where status = 'suspended' order by id limit 10000",
    index: 'tenants_by_status',
  },
} satisfies Record<string, Statement>;
