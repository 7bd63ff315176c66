import type { mongo } from 'mongoose';
import {
  type DeliveryPage,
  type DeliveryRow,
  type DeliveryStore,
  type DueDelivery,
  freshDelivery,
  mostAttemptsKept,
} from '../webhook-store.ts';
import { rowOf, type Stored, storedOf } from './collections.ts';
import type { MongoConnection } from './connection.ts';
import { duplicatesOf } from './mongo-error.ts';
import { behind, direction } from './work-stores.ts';

type StoredDelivery = Stored<DeliveryRow>;

const dueFields = { projection: { lane: 1, nextAttemptAt: 1 } };

function dueOf({ _id, lane, nextAttemptAt }: StoredDelivery): DueDelivery {
  return { id: _id, lane, nextAttemptAt: nextAttemptAt as number };
}

/** Documents from before it was kept have no `resourceId`. */
const deliveryOf = (document: StoredDelivery): DeliveryRow => ({
  ...rowOf<DeliveryRow>(document),
  resourceId: document.resourceId ?? null,
});

/** What lies behind a place in the queue: the bound lets the index begin there, the `$or` settles equal times. */
function behindDue({ at, after }: Parameters<DeliveryStore['due']>[0]) {
  if (after === null) return { nextAttemptAt: { $lte: at } };
  const { nextAttemptAt, id } = after;
  return {
    nextAttemptAt: { $lte: at, $gte: nextAttemptAt },
    $or: [{ nextAttemptAt: { $gt: nextAttemptAt } }, { nextAttemptAt, _id: { $gt: id } }],
  };
}

/** Queries without a comment find their document by `_id`. */
export function mongoDeliveries(connection: MongoConnection): DeliveryStore {
  const { deliveries } = connection.collections;
  const run = connection.run.bind(connection);
  const list = (owner: Partial<DeliveryRow>, page: DeliveryPage): Promise<DeliveryRow[]> =>
    run(async () => {
      const { status, resourceId } = page;
      const asked = { ...(status === null ? {} : { status }), ...(resourceId === null ? {} : { resourceId }) };
      const filter = { ...owner, ...asked, ...behind(page) };
      const sort = { createdAt: direction(page), _id: direction(page) };
      const found = await deliveries
        .find(filter as mongo.Filter<StoredDelivery>)
        .sort(sort)
        .limit(page.limit)
        .toArray();
      return found.map(deliveryOf);
    });
  return {
    insert: (rows) =>
      run(async () => {
        if (rows.length === 0) return [];
        const documents = rows.map((row) => storedOf(freshDelivery(row)));
        try {
          await deliveries.bulkWrite(
            documents.map((document) => ({ insertOne: { document } })),
            { ordered: false },
          );
          return rows.map(({ id }) => id);
        } catch (error) {
          const known = duplicatesOf(error);
          return rows.filter((_, index) => !known.has(index)).map(({ id }) => id);
        }
      }),
    find: (id) =>
      run(async () => {
        const document = await deliveries.findOne({ _id: id });
        return document === null ? null : deliveryOf(document);
      }),
    /** Index: `by_webhook`, with a status `by_webhook_and_status`; of a resource `by_resource`. */
    list: (webhookId, page) => list({ webhookId }, page),
    /** Index: `of_callbacks`, with a status `of_callbacks_and_status`; of a resource `by_resource`. */
    listOfCallbacks: (tenantId, page) => list({ tenantId, webhookId: null }, page),
    /** Index: `due`. */
    due: (query) =>
      run(async () => {
        const found = deliveries.find({ status: 'queued', ...behindDue(query) }, dueFields);
        return (await found.sort({ nextAttemptAt: 1, _id: 1 }).limit(query.limit).toArray()).map(dueOf);
      }),
    /** Index: `due_in_lane`. */
    dueInLane: (lane, { at, limit }) =>
      run(async () => {
        const found = deliveries.find({ lane, status: 'queued', nextAttemptAt: { $lte: at } }, dueFields);
        return (await found.sort({ nextAttemptAt: 1, _id: 1 }).limit(limit).toArray()).map(dueOf);
      }),
    lease: (id, dueAt, until) =>
      run(async () => {
        const filter = { _id: id, status: 'queued' as const, nextAttemptAt: dueAt };
        return (await deliveries.updateOne(filter, { $set: { nextAttemptAt: until } })).modifiedCount === 1;
      }),
    record: (id, leasedUntil, attempt, verdict) =>
      run(async () => {
        const $push = { attempts: { $each: [attempt], $slice: -mostAttemptsKept } };
        const { modifiedCount } = await deliveries.updateOne(
          { _id: id, status: 'queued', nextAttemptAt: leasedUntil },
          {
            $push,
            $inc: { attemptsMade: 1 },
            $set: {
              status: verdict.status,
              nextAttemptAt: verdict.status === 'queued' ? verdict.nextAttemptAt : null,
              error: verdict.status === 'failed' ? verdict.error : null,
              completedAt: verdict.status === 'queued' ? null : attempt.at,
            },
          },
        );
        if (modifiedCount === 1) return true;
        await deliveries.updateOne({ _id: id }, { $push });
        return false;
      }),
    fail: (id, error, at) =>
      run(async () => {
        const $set = { status: 'failed' as const, error, completedAt: at, nextAttemptAt: null };
        await deliveries.updateOne({ _id: id, status: 'queued' }, { $set });
      }),
    redeliver: (id, at) =>
      run(async () => {
        const again = { status: 'queued' as const, attemptsMade: 0, nextAttemptAt: at, error: null, completedAt: null };
        return (await deliveries.updateOne({ _id: id }, { $set: again })).matchedCount === 1;
      }),
    /** Index: `ended`. */
    purgeEnded: (before, limit) =>
      run(async () => {
        const ended = { completedAt: { $lt: before } };
        const found = deliveries.find(ended, { projection: { _id: 1 } });
        const ids = (await found.sort({ completedAt: 1 }).limit(limit).toArray()).map(({ _id }) => _id);
        if (ids.length === 0) return 0;
        return (await deliveries.deleteMany({ _id: { $in: ids }, ...ended })).deletedCount;
      }),
  };
}
