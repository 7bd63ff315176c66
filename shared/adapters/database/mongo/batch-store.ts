import type { mongo } from 'mongoose';
import { batchRowId } from '../../../domain/batches/batch-ids.ts';
import { idRange, noRows } from '../batch-ranges.ts';
import type { Batch, BatchChunk, BatchRow, BatchStore, BatchTask, RowOutcome } from '../batch-store.ts';
import type { BatchPurge } from '../purge-store.ts';
import { rowOf, type Stored, storedOf } from './collections.ts';
import type { MongoConnection } from './connection.ts';
import { isDuplicateKey } from './mongo-error.ts';
import { pageById } from './purge-stores.ts';
import { insertAllNew } from './revisions.ts';

type Part<Name extends keyof BatchStore> = Pick<BatchStore, Name>;

const open = { $in: ['queued', 'running'] as const };

/** Keeps batches, their rows, chunks and tasks in MongoDB. */
export function mongoBatches(connection: MongoConnection): BatchStore {
  return { ...records(connection), ...rowsOf(connection), ...chunksOf(connection), ...tasksOf(connection) };
}

/** Inserts one document; false when it is there. Index: `_id`. */
async function insertOne<Row extends { id: string }>(collection: mongo.Collection<Stored<Row>>, row: Row) {
  try {
    await collection.insertOne(storedOf(row) as mongo.OptionalUnlessRequiredId<Stored<Row>>);
    return true;
  } catch (error) {
    if (isDuplicateKey(error)) return false;
    throw error;
  }
}

function records(
  connection: MongoConnection,
): Part<'accept' | 'find' | 'findMany' | 'list' | 'replace' | 'toBeTold' | keyof BatchPurge<Batch>> {
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
        await insertOne<Batch>(batches, batch);
        const { isParsed, status } = (await batches.findOne({ _id: batch.id })) ?? batch;
        if (!isParsed && status === 'queued') await insertOne<BatchTask>(batchTasks, task);
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

type RowMethods =
  | 'insertRows'
  | 'lastRow'
  | 'findRow'
  | 'findRows'
  | 'listRows'
  | 'countRows'
  | 'startRows'
  | 'retryRows'
  | 'countRowStart'
  | 'finishRows'
  | 'cancelRows';

function finishOperation(batchId: string, { row, at, codeId, shortUrl, result, error }: RowOutcome) {
  const status = error === null ? ('completed' as const) : ('failed' as const);
  const code = { ...(codeId === null ? {} : { codeId }), ...(shortUrl === null ? {} : { shortUrl }) };
  return {
    updateOne: {
      filter: { _id: batchRowId(batchId, row), status: open },
      update: { $set: { status, result, error, completedAt: at, ...code } },
    },
  };
}

const failedBefore = (run: number) => ({ status: 'failed' as const, run: { $lt: run }, input: { $ne: null } });
const again = (run: number) => ({ run, error: null, completedAt: null });

function rowsOf(connection: MongoConnection): Part<RowMethods> {
  const { batchRows } = connection.collections;
  const run = connection.run.bind(connection);
  const read = (document: Stored<BatchRow>): BatchRow => rowOf<BatchRow>(document);
  const idsOf = (batchId: string, numbers: number[]) => ({ $in: numbers.map((row) => batchRowId(batchId, row)) });

  /** Index: `_id`, with a status `by_status`. */
  const listRows: BatchStore['listRows'] = async (batchId, { status, after, limit }) => {
    const behind = batchRowId(batchId, after);
    const filter =
      status === null ? { _id: { $gt: behind, $lt: idRange(batchId)[1] } } : { batchId, status, _id: { $gt: behind } };
    return (await batchRows.find(filter).sort({ _id: 1 }).limit(limit).toArray()).map(read);
  };

  return {
    listRows: (batchId, page) => run(() => listRows(batchId, page)),
    insertRows: (rows) => run(() => insertAllNew<BatchRow>(batchRows, rows)),
    /** Index: `_id`. */
    lastRow: (batchId) =>
      run(async () => {
        const [after, before] = idRange(batchId);
        const within = { _id: { $gt: after, $lt: before } };
        const [last] = await batchRows
          .find(within, { projection: { row: 1 } })
          .sort({ _id: -1 })
          .limit(1)
          .toArray();
        return last?.row ?? 0;
      }),
    findRow: (batchId, row) =>
      run(async () => {
        const document = await batchRows.findOne({ _id: batchRowId(batchId, row) });
        return document && read(document);
      }),
    findRows: (batchId, numbers) =>
      run(async () => {
        const found = await batchRows.find({ _id: idsOf(batchId, numbers) }).toArray();
        return found.map(read).sort((a, b) => a.row - b.row);
      }),
    /** Index: `by_status`, for each status. */
    countRows: (batchId) =>
      run(async () => {
        const statuses = Object.keys(noRows) as (keyof typeof noRows)[];
        const counts = await Promise.all(statuses.map((status) => batchRows.countDocuments({ batchId, status })));
        return { ...noRows, ...Object.fromEntries(statuses.map((status, index) => [status, counts[index] ?? 0])) };
      }),
    startRows: (batchId, numbers, current) =>
      run(async () => {
        const filter = { _id: idsOf(batchId, numbers), $or: [{ status: 'queued' as const }, failedBefore(current)] };
        await batchRows.updateMany(filter, { $set: { status: 'running', ...again(current) } });
      }),
    retryRows: (batchId, numbers, current) =>
      run(async () => {
        const filter = { _id: idsOf(batchId, numbers), ...failedBefore(current) };
        await batchRows.updateMany(filter, { $set: { status: 'queued', starts: 0, ...again(current) } });
      }),
    countRowStart: (batchId, row) =>
      run(async () => {
        const update = { $set: { status: 'running' as const }, $inc: { starts: 1 } };
        const filter = { _id: batchRowId(batchId, row), status: open };
        const document = await batchRows.findOneAndUpdate(filter, update, { returnDocument: 'after' });
        return document?.starts ?? 0;
      }),
    finishRows: (batchId, outcomes) =>
      run(async () => {
        if (outcomes.length === 0) return;
        const operations = outcomes.map((outcome) => finishOperation(batchId, outcome));
        await batchRows.bulkWrite(operations as never, { ordered: false });
      }),
    cancelRows: (batchId, { status, limit, now }) =>
      run(async () => {
        const found = await listRows(batchId, { status, after: 0, limit });
        const filter = { _id: { $in: found.map(({ id }) => id) }, status: open };
        const update = { $set: { status: 'cancelled' as const, completedAt: now } };
        return (await batchRows.updateMany(filter, update)).modifiedCount;
      }),
  };
}

function chunksOf(
  connection: MongoConnection,
): Part<'insertChunks' | 'findChunk' | 'claimChunk' | 'chunkOf' | 'hasWaitingChunk' | 'moveChunk' | 'hasOpenChunk'> {
  const { batchChunks } = connection.collections;
  const run = connection.run.bind(connection);
  const read = (document: Stored<BatchChunk> | null) => document && rowOf<BatchChunk>(document);

  /** Index: `of_lane`. */
  const chunkOf = async (tenantId: string, lane: string) =>
    read(await batchChunks.findOne({ tenantId, status: 'running', lane }));
  /** Index: `by_tenant`. */
  const firstWaiting = async (tenantId: string) =>
    read(await batchChunks.findOne({ tenantId, status: 'waiting' }, { sort: { _id: 1 } }));

  return {
    chunkOf: (tenantId, lane) => run(() => chunkOf(tenantId, lane)),
    insertChunks: (chunks) => run(() => insertAllNew<BatchChunk>(batchChunks, chunks)),
    findChunk: (id) => run(async () => read(await batchChunks.findOne({ _id: id }))),
    claimChunk: (tenantId, lane) =>
      run(async () => {
        const claimed = await chunkOf(tenantId, lane);
        if (claimed !== null) return claimed;
        for (;;) {
          const chunk = await firstWaiting(tenantId);
          if (chunk === null) return null;
          const update = { $set: { status: 'running' as const, lane } };
          const { modifiedCount } = await batchChunks.updateOne({ _id: chunk.id, status: 'waiting' }, update);
          if (modifiedCount === 1) return { ...chunk, status: 'running', lane };
        }
      }),
    hasWaitingChunk: (tenantId) => run(async () => (await firstWaiting(tenantId)) !== null),
    moveChunk: (id, from, to) =>
      run(async () => {
        const update = { $set: { status: to, lane: null } };
        return (await batchChunks.updateOne({ _id: id, status: from }, update)).modifiedCount === 1;
      }),
    /** Index: `by_batch`. */
    hasOpenChunk: (batchId) =>
      run(async () => {
        const filter = { batchId, status: { $in: ['waiting', 'running', 'suspect'] as BatchChunk['status'][] } };
        return (await batchChunks.findOne(filter, { projection: { _id: 1 } })) !== null;
      }),
  };
}

function tasksOf(connection: MongoConnection): Part<'openTask' | 'findTask' | 'passTask' | 'closeTask' | 'openTasks'> {
  const { batchTasks } = connection.collections;
  const run = connection.run.bind(connection);
  return {
    openTask: (task) => run(() => insertOne<BatchTask>(batchTasks, task)),
    findTask: (id) =>
      run(async () => {
        const document = await batchTasks.findOne({ _id: id });
        return document && rowOf<BatchTask>(document);
      }),
    passTask: (id, { from, to }, now) =>
      run(async () => {
        const update = { $set: { jobId: to, queuedAt: now } };
        return (await batchTasks.updateOne({ _id: id, jobId: from }, update)).modifiedCount === 1;
      }),
    closeTask: (id, jobId) => run(async () => (await batchTasks.deleteOne({ _id: id, jobId })).deletedCount === 1),
    /** Index: `open`. */
    openTasks: ({ before, limit, after }) =>
      run(async () => {
        const behind = after && {
          queuedAt: { $lt: before, $gte: after.queuedAt },
          $or: [{ queuedAt: { $gt: after.queuedAt } }, { queuedAt: after.queuedAt, _id: { $gt: after.id } }],
        };
        const sorted = batchTasks.find(behind ?? { queuedAt: { $lt: before } }).sort({ queuedAt: 1, _id: 1 });
        return (await sorted.limit(limit).toArray()).map((document) => rowOf<BatchTask>(document));
      }),
  };
}
