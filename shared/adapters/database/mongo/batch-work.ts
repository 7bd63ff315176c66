import type { BatchChunk, BatchStore, BatchTask } from '../batch-store.ts';
import { rowOf, type Stored, storedOf } from './collections.ts';
import type { MongoConnection } from './connection.ts';
import { insertAllNew, insertNew } from './revisions.ts';

type ChunkMethods =
  | 'insertChunks'
  | 'findChunk'
  | 'claimChunk'
  | 'chunkOf'
  | 'hasWaitingChunk'
  | 'moveChunk'
  | 'hasOpenChunk';

/** Keeps the chunks of batches. */
export function batchChunkStore(connection: MongoConnection): Pick<BatchStore, ChunkMethods> {
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

type TaskMethods = 'openTask' | 'findTask' | 'passTask' | 'closeTask' | 'openTasks' | 'withTasks';

/** Keeps the open tasks of batches. */
export function batchTaskStore(connection: MongoConnection): Pick<BatchStore, TaskMethods> {
  const { batchTasks } = connection.collections;
  const run = connection.run.bind(connection);
  return {
    openTask: (task) => run(() => insertNew(batchTasks, storedOf(task))),
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
    /** Index: `of_batch`. */
    withTasks: (batchIds) =>
      run(async () => {
        const found = batchTasks.find({ batchId: { $in: batchIds } }, { projection: { batchId: 1 } });
        return new Set((await found.toArray()).map(({ batchId }) => batchId ?? ''));
      }),
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
