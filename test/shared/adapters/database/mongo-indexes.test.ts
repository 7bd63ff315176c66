import mongoose from 'mongoose';
import { expect, it } from 'vitest';
import { connectDatabase } from '../../../../shared/adapters/database/connect-database.ts';
import type { Database, Page } from '../../../../shared/adapters/database/database.ts';
import { indexes } from '../../../../shared/adapters/database/mongo/collections.ts';
import { newLogo, newRender, noon, renderResult, unique, workError } from '../../../suites/database/rows.ts';
import { silent } from '../../../suites/database.ts';
import { mongoDatabase } from '../../../support/mongo-database.ts';
import { describeOn, servers } from '../../../support/servers.ts';

type Filter = Record<string, unknown>;
type Query = { collection: string; filter: Filter; sort: string[] };

/** The queries within a command of the driver. */
function queriesOf(command: Filter): Query[] {
  const query = (collection: unknown, filter: unknown, sort: object = {}): Query => ({
    collection: collection as string,
    filter: filter as Filter,
    sort: Object.keys(sort instanceof Map ? Object.fromEntries(sort) : sort),
  });
  if (command.find) return [query(command.find, command.filter, command.sort as object)];
  if (command.findAndModify) return [query(command.findAndModify, command.query)];
  if (command.update) return (command.updates as Filter[]).map(({ q }) => query(command.update, q));
  if (command.delete) return (command.deletes as Filter[]).map(({ q }) => query(command.delete, q));
  return [];
}

const isRange = (condition: unknown): boolean =>
  typeof condition === 'object' && condition !== null && Object.keys(condition).some((key) => /^\$[lg]te?$/.test(key));

/**
 * Names the index that finds the query's documents without looking at others, in the order asked for: equalities first,
 * then the order, ranges only on fields of the order. (The `$or` of a page only settles equal times.)
 */
function indexFor({ collection, filter, sort }: Query): string | null {
  if ('_id' in filter && !isRange(filter._id)) return '_id';
  const fields = Object.keys(filter).filter((field) => !field.startsWith('$'));
  const equal = fields.filter((field) => !isRange(filter[field]));
  const ranges = fields.filter((field) => isRange(filter[field]));
  const serves = ({ key }: { key: object }): boolean => {
    const keys = Object.keys(key);
    const head = keys.slice(0, equal.length).sort();
    const tail = keys.slice(equal.length);
    return (
      head.join() === equal.toSorted().join() &&
      tail.slice(0, sort.length).join() === sort.join() &&
      ranges.every((field) => field === tail[0])
    );
  };
  const known: readonly { name: string; key: object }[] = indexes[collection as keyof typeof indexes];
  return known.find(serves)?.name ?? null;
}

/** The query's shape, for the table. */
function shapeOf({ collection, filter, sort }: Query): string {
  const fields = Object.keys(filter).map((field) => (isRange(filter[field]) ? `${field} range` : field));
  return `${collection}: ${fields.sort().join(', ')}${sort.length > 0 ? ` by ${sort.join(', ')}` : ''}`;
}

/** Calls everything that a database offers, in every variant that makes another query. */
async function callEverything({ renders, logos, keys, idempotency, claimSetting }: Database): Promise<void> {
  const [render, logo] = [newRender(), newLogo()];
  const pages = (['newest-first', 'oldest-first'] as const).flatMap((order) =>
    [null, { createdAt: noon, id: render.id }].map((after): Page => ({ limit: 5, order, after, status: null })),
  );
  for (const [store, row, result] of [
    [renders, render, renderResult],
    [logos, logo, { widthPx: 1, heightPx: 1 }],
  ] as const) {
    await store.accept([row as never], noon);
    await store.accept([row as never], noon);
    await store.find(row.id);
    await store.findMany([row.id]);
    await store.openWork({ before: noon, limit: 5, after: null });
    await store.openWork({ before: noon, limit: 5, after: { queuedAt: 1, id: row.id } });
    await store.requeue([{ id: row.id, jobId: unique('job'), suspect: true }], noon);
    await store.countStart(row.id, noon);
    await store.finish([{ id: row.id, at: noon, result: result as never, error: null }]);
    await store.finish([{ id: row.id, at: noon, result: null, error: workError }]);
    for (const page of pages) {
      await store.list('default', page);
      await store.list('default', { ...page, status: 'completed' });
    }
  }
  await renders.reopen(render.id, unique('job'), noon);
  await renders.touch([render.id], noon);
  await renders.remove('default', render.id);
  await logos.remove('default', logo.id, noon);
  await keys.put({ id: 'key', tenantId: 'default', name: 'n', role: 'read', hash: 'h', createdAt: noon });
  await keys.findByHash('h');
  const claim = { scope: 's', tenantId: 't', fingerprint: 'f', resourceId: 'r', leaseUntil: noon, expiresAt: noon };
  await idempotency.claim(claim, noon);
  await idempotency.claim(claim, noon);
  await idempotency.answered('s', noon);
  await idempotency.release('s');
  await claimSetting('name', 'value');
  await claimSetting('name', 'value');
}

describeOn('Each query to MongoDB', servers.mongo, (serverUrl) => {
  it('has an index that finds its documents in order, and that the server has', async () => {
    const url = mongoDatabase(serverUrl);
    const seen = new Map<string, string | null>();
    const database = await connectDatabase({ mongoUrl: `${url}?monitorCommands=true`, dataDir: '/nowhere' }, silent);
    const connection = mongoose.connections.find(({ name }) => url.endsWith(name));
    connection?.getClient().on('commandStarted', ({ command }) => {
      for (const query of queriesOf(command as Filter)) seen.set(shapeOf(query), indexFor(query));
    });
    await callEverything(database);
    const open = {
      'queuedAt range, status by queuedAt, _id': 'open',
      '$or, queuedAt range, status by queuedAt, _id': 'open',
    };
    const shapes = {
      renders: {
        _id: '_id',
        '_id, status': '_id',
        '$or, _id': '_id',
        '_id, endedBy': '_id',
        '_id, tenantId': '_id',
        ...open,
        'tenantId by createdAt, _id': 'by_tenant',
        '$or, createdAt range, tenantId by createdAt, _id': 'by_tenant',
        'status, tenantId by createdAt, _id': 'by_tenant_and_status',
        '$or, createdAt range, status, tenantId by createdAt, _id': 'by_tenant_and_status',
      },
      logos: {
        _id: '_id',
        '_id, status': '_id',
        '$or, _id': '_id',
        '_id, endedBy': '_id',
        '_id, deletedAt, tenantId': '_id',
        ...open,
        'deletedAt, status, tenantId by createdAt, _id': 'listed',
        '$or, createdAt range, deletedAt, status, tenantId by createdAt, _id': 'listed',
      },
      keys: { _id: '_id', hash: 'by_hash' },
      idempotency: {
        _id: '_id',
        '_id, answeredAt': '_id',
        '_id, answeredAt, expiresAt, fingerprint, leaseUntil, resourceId, tenantId': '_id',
      },
      settings: { _id: '_id' },
    };
    const expected = Object.entries(shapes).flatMap(([collection, table]) =>
      Object.entries(table).map(([shape, index]) => [`${collection}: ${shape}`, index]),
    );
    expect(Object.fromEntries(seen)).toEqual(Object.fromEntries(expected));
    for (const [name, known] of Object.entries(indexes)) {
      const onServer = (await connection?.db?.collection(name).indexes()) ?? [];
      const names = onServer.map((index) => index.name).filter((index) => !index?.startsWith('_id'));
      expect(names.sort()).toEqual(known.map((index) => index.name).sort());
    }
    await database.close();
  });
});
