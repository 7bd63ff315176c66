import type { mongo } from 'mongoose';
import type { RecordMethods } from '../batch-parts.ts';
import { idRange } from '../batch-ranges.ts';
import type { Batch, BatchRow, BatchStore } from '../batch-store.ts';
import { rowOf, type Stored, storedOf } from './collections.ts';
import type { MongoConnection } from './connection.ts';
import { pageById } from './purge-stores.ts';
import { insertNew } from './revisions.ts';

const open = { $in: ['queued', 'running'] as const };

/** Keeps the records of batches. */
export function batchRecords(connection: MongoConnection): Pick<BatchStore, RecordMethods> {
  const { batches, batchRows, batchChunks, batchTasks } = connection.collections;
  const run = connection.run.bind(connection);
  /** Records that were written before there was a purge, or this count, have no field of it. */
  const read = (document: Stored<Batch>): Batch => {
    const { finalCounts = null, purgedAt = null, endedBefore = 0, ...rest } = rowOf<Batch>(document) as Partial<Batch>;
    return { ...(rest as Batch), finalCounts, purgedAt, endedBefore };
  };

  /** Removes rows or chunks of a batch; answers how many. Index: `_id`. */
  const removeBelow = async (collection: mongo.Collection<Stored<BatchRow>>, id: string, limit: number) => {
    const [after, before] = idRange(id);
    const within = { _id: { $gt: after, $lt: before } };
    const found = await collection
      .find(within, { projection: { _id: 1 } })
      .sort({ _id: 1 })
      .limit(limit)
      .toArray();
    await collection.deleteMany({ _id: { $in: found.map(({ _id }) => _id) } });
    return found.length;
  };

  return {
    /** The record first: a crash in between leaves one that the repeated request finds, and whose task it opens then. */
    accept: (batch, task) =>
      run(async () => {
        await insertNew(batches, storedOf(batch));
        const { isParsed, status } = (await batches.findOne({ _id: batch.id })) ?? batch;
        if (!isParsed && status === 'queued') await insertNew(batchTasks, storedOf(task));
      }),
    find: (id) =>
      run(async () => {
        const document = await batches.findOne({ _id: id });
        return document && read(document);
      }),
    findMany: (ids) => run(async () => (await batches.find({ _id: { $in: ids } }).toArray()).map(read)),
    /** Index: `by_tenant`, with a status `by_tenant_and_status`. */
    list: (tenantId, { limit, order, after, status }) =>
      run(async () => {
        const [beyond, from, direction] =
          order === 'newest-first' ? (['$lt', '$lte', -1] as const) : (['$gt', '$gte', 1] as const);
        const behind = after && {
          createdAt: { [from]: after.createdAt },
          $or: [
            { createdAt: { [beyond]: after.createdAt } },
            { createdAt: after.createdAt, _id: { [beyond]: after.id } },
          ],
        };
        const filter = { tenantId, ...(status === null ? {} : { status }), ...behind };
        const sorted = batches.find(filter).sort({ createdAt: direction, _id: direction });
        return (await sorted.limit(limit).toArray()).map(read);
      }),
    replace: (next) =>
      run(async () => {
        const { _id, ...rest } = storedOf(next);
        return (await batches.replaceOne({ _id, revision: next.revision - 1 }, rest)).matchedCount === 1;
      }),
    /** Index: `to_tell`. */
    toBeTold: ({ limit, after }) =>
      run(async () => {
        const filter = { toBeTold: true, ...(after === null ? {} : { _id: { $gt: after } }) };
        return (await batches.find(filter).sort({ _id: 1 }).limit(limit).toArray()).map(read);
      }),
    /** Index: `open`. */
    listOpen: ({ limit, after }) =>
      run(async () => {
        const filter = { status: open, ...(after === null ? {} : { _id: { $gt: after } }) };
        return (await batches.find(filter).sort({ _id: 1 }).limit(limit).toArray()).map(read);
      }),
    /** Index: `_id`. */
    walk: (page) => run(async () => (await pageById(batches, page)).map(read)),
    /** Index: `to_purge`; a null is no time before any other. */
    expired: ({ before, limit }) =>
      run(async () => {
        const found = await batches
          .find({ purgedAt: null, expiresAt: { $lt: before, $gt: 0 } })
          .sort({ expiresAt: 1 })
          .limit(limit)
          .toArray();
        return found.map(read);
      }),
    removeRows: (id, limit) =>
      run(async () => {
        const removedRows = await removeBelow(batchRows, id, limit);
        const removedChunks = await removeBelow(batchChunks as never, id, limit);
        return removedRows < limit && removedChunks < limit;
      }),
    /** Index: `to_purge`. */
    removePurged: (before, limit) =>
      run(async () => {
        const purged = { purgedAt: { $lt: before, $gt: 0 } };
        const sorted = batches.find(purged, { projection: { _id: 1 } }).sort({ purgedAt: 1 });
        const ids = (await sorted.limit(limit).toArray()).map(({ _id }) => _id);
        if (ids.length > 0) await batches.deleteMany({ _id: { $in: ids } });
        return ids.length;
      }),
  };
}
