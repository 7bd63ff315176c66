import { type AuditRow, type AuditStore, auditScope } from '../audit-store.ts';
import { type UsageDay, type UsageStore, usageNames } from '../usage-store.ts';
import { rowCodec, type SqlValue } from './columns.ts';
import type { SqliteConnection } from './connection.ts';
import { byKey, insertOf, quoted } from './sql-parts.ts';
import type { Statement } from './statements.ts';

const auditCodec = rowCodec<AuditRow>({
  id: 'plain',
  tenantId: 'plain',
  keyId: 'plain',
  action: 'plain',
  objectId: 'plain',
  changes: 'json',
  requestId: 'plain',
  createdAt: 'plain',
});

/** Parameters: createdAt and id that the page lies behind, the other end of the range, limit, tenant, action, object. */
const listAudit = (order: 'asc' | 'desc', where: string, index: string): Statement => ({
  sql: `select ${quoted(auditCodec.names)} from audit where ${where}
    ${order === 'asc' ? '(createdAt, id) > (?1, ?2) and createdAt < ?3' : '(createdAt, id) < (?1, ?2) and createdAt >= ?3'}
    order by createdAt ${order}, id ${order} limit ?4`,
  index,
});

const bothWays = (where: string, index: string) => ({
  newest: listAudit('desc', where, index),
  oldest: listAudit('asc', where, index),
});

const lists = {
  all: bothWays('(?5 is null and ?6 is null and ?7 is null) and', 'audit_by_time'),
  tenant: bothWays('tenantId = ?5 and (?6 is null and ?7 is null) and', 'audit_by_tenant'),
  action: bothWays('action = ?6 and (?5 is null and ?7 is null) and', 'audit_by_action'),
  tenantAndAction: bothWays('tenantId = ?5 and action = ?6 and (?7 is null) and', 'audit_by_tenant_and_action'),
  object: bothWays(
    'objectId = ?7 and (?5 is null or tenantId = ?5) and (?6 is null or action = ?6) and',
    'audit_by_object',
  ),
};

export const auditStatements = {
  insert: insertOf('audit', auditCodec.names, 'id'),
  ...Object.fromEntries(
    Object.entries(lists).flatMap(([scope, { newest, oldest }]) => [
      [`${scope}Newest`, newest],
      [`${scope}Oldest`, oldest],
    ]),
  ),
  old: { sql: 'select id from audit where createdAt < ?1 order by createdAt, id limit ?2', index: 'audit_by_time' },
  remove: byKey('delete from audit where id = ?1'),
} satisfies Record<string, Statement>;

export function sqliteAudit(connection: SqliteConnection): AuditStore {
  return {
    async insert(rows) {
      await connection.write(auditStatements.insert, rows.map(auditCodec.encode));
    },
    async list(query) {
      const { tenantId, action, objectId, from, to, limit, order, after } = query;
      const newest = order === 'newest-first';
      const start: SqlValue[] = newest ? [to, ''] : [from, ''];
      const isWithin = after !== null && (newest ? after.createdAt < to : after.createdAt >= from);
      if (isWithin) start.splice(0, 2, after.createdAt, after.id);
      const statement = lists[auditScope(query)][newest ? 'newest' : 'oldest'];
      const parameters = [...start, newest ? from : to, limit, tenantId, action, objectId];
      return (await connection.list(statement, parameters)).map(auditCodec.decode);
    },
    async purge(before, limit) {
      const old = await connection.list(auditStatements.old, [before, limit]);
      await connection.write(auditStatements.remove, old);
      return old.length;
    },
  };
}

const dayNames = ['tenantId', 'day', ...usageNames] as const;

export const usageStatements = {
  add: byKey(`insert into usage (${dayNames.join(', ')}) values (?1, ?2, ?3, ?4, ?5, ?6)
    on conflict (tenantId, day) do update set ${usageNames.map((name) => `${name} = ${name} + excluded.${name}`).join(', ')}`),
  list: byKey(
    `select ${dayNames.join(', ')} from usage where tenantId = ?1 and day >= ?2 and day < ?3 order by tenantId, day`,
  ),
  old: { sql: 'select tenantId, day from usage where day < ?1 order by day limit ?2', index: 'usage_by_day' },
  remove: byKey('delete from usage where tenantId = ?1 and day = ?2'),
} satisfies Record<string, Statement>;

export function sqliteUsage(connection: SqliteConnection): UsageStore {
  const list: UsageStore['list'] = async (tenantId, { from, to }) => {
    const found = await connection.list(usageStatements.list, [tenantId, from, to]);
    return found.map(
      (values) => Object.fromEntries(dayNames.map((name, index) => [name, values[index]])) as unknown as UsageDay,
    );
  };
  return {
    async add(days) {
      const rows = days.map((day) => dayNames.map((name) => day[name]));
      try {
        /* One transaction: all of it or nothing. */
        await connection.write(usageStatements.add, rows);
        return { left: [], err: null };
      } catch (err) {
        return { left: days, err };
      }
    },
    find: async (tenantId, day) => (await list(tenantId, { from: day, to: `${day}~` }))[0] ?? null,
    list,
    async purge(before, limit) {
      const old = await connection.list(usageStatements.old, [before, limit]);
      await connection.write(usageStatements.remove, old);
      return old.length;
    },
  };
}
