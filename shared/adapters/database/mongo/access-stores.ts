import {
  type KeyRow,
  type KeyStore,
  type ListedPage,
  noQuotas,
  type TenantRow,
  type TenantStore,
} from '../access-store.ts';
import { rowOf, type Stored, storedOf } from './collections.ts';
import type { MongoConnection } from './connection.ts';
import { isDuplicateKey } from './mongo-error.ts';
import { insertNew, replaceRevision } from './revisions.ts';
import { behind, direction } from './work-stores.ts';

const sorted = (page: ListedPage) => ({ createdAt: direction(page), _id: direction(page) }) as const;

const unused = { previousHash: null, previousUntil: null, expiresAt: null, lastUsedAt: null };

/** Keys of the first version lack what they did not have yet. */
const keyOf = (document: Stored<KeyRow>): KeyRow => ({ ...unused, ...rowOf<KeyRow>(document) });

/** Tenants of the first version have no quotas of their own. */
const tenantOf = (document: Stored<TenantRow>): TenantRow => ({
  ...{ quotas: noQuotas },
  ...rowOf<TenantRow>(document),
});

export function mongoKeys(connection: MongoConnection): KeyStore {
  const { keys } = connection.collections;
  const run = connection.run.bind(connection);
  const rowOrNull = (document: Stored<KeyRow> | null): KeyRow | null => document && keyOf(document);
  const replace = async ({ _id, ...given }: Stored<KeyRow>): Promise<void> => {
    const { tenantId, name, role, hash, ...first } = given;
    await keys.updateOne({ _id }, { $set: { tenantId, name, role, hash }, $setOnInsert: first }, { upsert: true });
  };
  return {
    /** Indexes: `by_hash`, `by_previous_hash`. */
    findByHash: (hash) =>
      run(async () => rowOrNull((await keys.findOne({ hash })) ?? (await keys.findOne({ previousHash: hash })))),
    find: (id) => run(async () => rowOrNull(await keys.findOne({ _id: id }))),
    insert: (key) => run(() => insertNew(keys, storedOf(key))),
    put: (key) =>
      run(async () => {
        const document = storedOf<KeyRow>({ ...key, ...unused });
        try {
          await replace(document);
        } catch (error) {
          /* Two upserts of a new key at once: one of them meets the other's document, which it may replace now. */
          if (!isDuplicateKey(error)) throw error;
          await replace(document);
        }
      }),
    /** Index: `by_tenant`. */
    list: (tenantId, page) =>
      run(async () => {
        const query = keys.find({ tenantId, ...behind(page) });
        const found = await query.sort(sorted(page)).limit(page.limit).toArray();
        return found.map(keyOf);
      }),
    rotate: (id, { from, hash, previousUntil }) =>
      run(async () => {
        if (from === hash) return false;
        const change = { $set: { hash, previousHash: from, previousUntil } };
        return (await keys.updateOne({ _id: id, hash: from }, change)).matchedCount === 1;
      }),
    touch: (ids, at) =>
      run(async () => {
        await keys.updateMany({ _id: { $in: ids } }, { $max: { lastUsedAt: at } });
      }),
    remove: (tenantId, id) => run(async () => (await keys.deleteOne({ _id: id, tenantId })).deletedCount === 1),
  };
}

export function mongoTenants(connection: MongoConnection): TenantStore {
  const { tenants } = connection.collections;
  const run = connection.run.bind(connection);
  return {
    find: (id) =>
      run(async () => {
        const document = await tenants.findOne({ _id: id });
        return document && tenantOf(document);
      }),
    insert: (tenant) => run(() => insertNew(tenants, storedOf(tenant))),
    replace: (next) => run(() => replaceRevision(tenants, storedOf(next))),
    /** Index: `by_creation`. */
    list: (page) =>
      run(async () => {
        const found = await tenants.find(behind(page)).sort(sorted(page)).limit(page.limit).toArray();
        return found.map(tenantOf);
      }),
    /** Index: `by_status`. */
    suspended: () =>
      run(async () => {
        const query = tenants.find({ status: 'suspended' }, { projection: { _id: 1 } });
        return (await query.sort({ _id: 1 }).limit(10_000).toArray()).map(({ _id }) => _id);
      }),
  };
}
