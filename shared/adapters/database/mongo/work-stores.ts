import { freshLogo, freshRender } from '../accepting.ts';
import type {
  LogoResult,
  LogoRow,
  LogoStore,
  NewLogo,
  NewRender,
  Page,
  RenderResult,
  RenderRow,
  RenderStore,
} from '../database.ts';
import { rowOf } from './collections.ts';
import type { MongoConnection } from './connection.ts';
import { mongoLogoPurge, mongoRenderPurge } from './purge-stores.ts';
import { mongoRenderOutbox } from './render-outbox.ts';
import { mongoWorkStore, restartEndedInVain, startAgain } from './work-store.ts';

export const direction = ({ order }: Pick<Page, 'order'>): 1 | -1 => (order === 'newest-first' ? -1 : 1);

/** What lies behind `after`: the bound lets an index begin there, the `$or` settles rows of the same millisecond. */
export function behind({ after, order }: Pick<Page, 'after' | 'order'>) {
  if (after === null) return {};
  const { createdAt, id } = after;
  return order === 'newest-first'
    ? { createdAt: { $lte: createdAt }, $or: [{ createdAt: { $lt: createdAt } }, { createdAt, _id: { $lt: id } }] }
    : { createdAt: { $gte: createdAt }, $or: [{ createdAt: { $gt: createdAt } }, { createdAt, _id: { $gt: id } }] };
}

export function mongoRenders(connection: MongoConnection): RenderStore {
  const { renders } = connection.collections;
  const outbox = mongoRenderOutbox(connection);
  const run = connection.run.bind(connection);
  return {
    ...mongoWorkStore<RenderRow, NewRender, RenderResult>(connection, renders, freshRender, {
      if: [restartEndedInVain],
      sets: (now) => ({ lastUsedAt: now }),
    }),
    ...outbox,
    finish: async (outcomes) => (await outbox.end(outcomes)).map(({ id }) => id),
    /** Index: `by_tenant`, with a status `by_tenant_and_status`. */
    list: (tenantId, page) =>
      run(async () => {
        const filter = { tenantId, ...(page.status === null ? {} : { status: page.status }), ...behind(page) };
        const sort = { createdAt: direction(page), _id: direction(page) };
        const documents = await renders.find(filter).sort(sort).limit(page.limit).toArray();
        return documents.map((document) => rowOf<RenderRow>(document));
      }),
    reopen: (id, jobId, now) =>
      run(async () => {
        const $set = { ...startAgain(jobId, now), redrawn: true as const };
        const update = { $set, $unset: { endedBy: '' as const, bytesGone: '' as const } };
        return (await renders.updateOne({ _id: id, status: 'completed' }, update)).modifiedCount === 1;
      }),
    remove: (tenantId, id) => run(async () => (await renders.deleteOne({ _id: id, tenantId })).deletedCount === 1),
    touch: (ids, now) =>
      run(async () => {
        const update = { $set: { lastUsedAt: now }, $unset: { bytesGone: '' as const } };
        await renders.updateMany({ _id: { $in: ids } }, update);
      }),
    ...mongoRenderPurge(connection),
  };
}

export function mongoLogos(connection: MongoConnection): LogoStore {
  const { logos } = connection.collections;
  const run = connection.run.bind(connection);
  return {
    ...mongoWorkStore<LogoRow, NewLogo, LogoResult>(connection, logos, freshLogo, {
      if: [restartEndedInVain, { deletedAt: { $ne: null } }],
      sets: () => ({ deletedAt: null }),
    }),
    /** Index: `listed`. */
    list: (tenantId, page) =>
      run(async () => {
        if (page.status !== null && page.status !== 'completed') return [];
        const filter = { tenantId, status: 'completed' as const, deletedAt: null, ...behind(page) };
        const sort = { createdAt: direction(page), _id: direction(page) };
        const documents = await logos.find(filter).sort(sort).limit(page.limit).toArray();
        return documents.map((document) => rowOf<LogoRow>(document));
      }),
    remove: (tenantId, id, now) =>
      run(async () => {
        const filter = { _id: id, tenantId, deletedAt: null };
        return (await logos.updateOne(filter, { $set: { deletedAt: now } })).modifiedCount === 1;
      }),
    ...mongoLogoPurge(connection),
  };
}
