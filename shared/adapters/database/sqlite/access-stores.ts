import type { KeyStore, ListedPage, TenantStore } from '../access-store.ts';
import { keyCodec, keyStatements, tenantCodec, tenantStatements } from './access-statements.ts';
import type { SqlValue } from './columns.ts';
import type { SqliteConnection } from './connection.ts';
import { beforeEverything, behindEverything, type Statement } from './statements.ts';

/** Where a page begins, and the statement that goes on from there. */
function pageOf(
  { order, after }: ListedPage,
  { newestFirst, oldestFirst }: { newestFirst: Statement; oldestFirst: Statement },
): { statement: Statement; start: [number, string] } {
  const newest = order === 'newest-first';
  const [createdAt, id] = newest ? behindEverything : beforeEverything;
  return {
    statement: newest ? newestFirst : oldestFirst,
    start: after === null ? [createdAt, id] : [after.createdAt, after.id],
  };
}

export function sqliteKeys(connection: SqliteConnection): KeyStore {
  const changesOne = async (statement: Statement, parameters: SqlValue[]): Promise<boolean> =>
    (await connection.write(statement, [parameters])).changes[0] === 1;
  const find = async (statement: Statement, key: string) => {
    const values = await connection.find(statement, key);
    return values === null ? null : keyCodec.decode(values);
  };
  return {
    findByHash: async (hash) =>
      (await find(keyStatements.findByHash, hash)) ?? (await find(keyStatements.findByPreviousHash, hash)),
    find: (id) => find(keyStatements.find, id),
    insert: (key) => changesOne(keyStatements.insert, keyCodec.encode(key)),
    async put({ id, tenantId, name, role, hash, createdAt }) {
      await connection.write(keyStatements.put, [[id, tenantId, name, role, hash, createdAt]]);
    },
    async list(tenantId, page) {
      const { statement, start } = pageOf(page, keyStatements);
      return (await connection.list(statement, [tenantId, ...start, page.limit])).map(keyCodec.decode);
    },
    rotate: (id, { from, hash, previousUntil }) => changesOne(keyStatements.rotate, [id, from, hash, previousUntil]),
    async touch(ids, at) {
      await connection.write(
        keyStatements.touch,
        ids.map((id) => [id, at]),
      );
    },
    remove: (tenantId, id) => changesOne(keyStatements.remove, [id, tenantId]),
  };
}

export function sqliteTenants(connection: SqliteConnection): TenantStore {
  const changesOne = async (statement: Statement, parameters: SqlValue[]): Promise<boolean> =>
    (await connection.write(statement, [parameters])).changes[0] === 1;
  return {
    async find(id) {
      const values = await connection.find(tenantStatements.find, id);
      return values === null ? null : tenantCodec.decode(values);
    },
    insert: (tenant) => changesOne(tenantStatements.insert, tenantCodec.encode(tenant)),
    replace: (next) => changesOne(tenantStatements.replace, tenantCodec.encode(next)),
    async list(page) {
      const { statement, start } = pageOf(page, tenantStatements);
      return (await connection.list(statement, [...start, page.limit])).map(tenantCodec.decode);
    },
    suspended: async () => (await connection.list(tenantStatements.suspended, [])).map(([id]) => id as string),
  };
}
