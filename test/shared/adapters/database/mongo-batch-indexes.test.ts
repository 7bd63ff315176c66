import mongoose from 'mongoose';
import { expect, it } from 'vitest';
import { connectDatabase } from '../../../../shared/adapters/database/connect-database.ts';
import { newBatch, newBatchRow, newChunk, newTask } from '../../../suites/database/batch-contract.ts';
import { noon } from '../../../suites/database/rows.ts';
import { silent } from '../../../suites/database.ts';
import { mongoDatabase } from '../../../support/mongo-database.ts';
import { describeOn, servers } from '../../../support/servers.ts';

type Filter = Record<string, unknown>;

/** The fields that each index begins with serve the query: equalities, then the order. */
const expected: Record<string, string> = {
  'batches: _id': '_id',
  'batches: _id by _id': '_id',
  'batches: _id, revision': '_id',
  'batches: tenantId by createdAt, _id': 'by_tenant',
  'batches: $or, createdAt, tenantId by createdAt, _id': 'by_tenant',
  'batches: status, tenantId by createdAt, _id': 'by_tenant_and_status',
  'batches: status by _id': 'open',
  'batches: _id, status by _id': 'open',
  'batches: toBeTold by _id': 'to_tell',
  'batches: _id, toBeTold by _id': 'to_tell',
  'batches: expiresAt, purgedAt by expiresAt': 'to_purge',
  'batches: purgedAt by purgedAt': 'to_purge',
  'batchRows: _id': '_id',
  'batchRows: _id by _id': '_id',
  'batchRows: _id, batchId, status by _id': 'by_status',
  'batchRows: batchId, status': 'by_status',
  'batchRows: $or, _id': '_id',
  'batchRows: _id, input, run, status': '_id',
  'batchRows: _id, status': '_id',
  'batchChunks: _id': '_id',
  'batchChunks: _id by _id': '_id',
  'batchChunks: _id, status': '_id',
  'batchChunks: lane, status, tenantId': 'of_lane',
  'batchChunks: status, tenantId by _id': 'by_tenant',
  'batchChunks: batchId, status': 'by_batch',
  'batchTasks: _id': '_id',
  'batchTasks: _id, jobId': '_id',
  'batchTasks: batchId': 'of_batch',
  'batchTasks: queuedAt by queuedAt, _id': 'open',
  'batchTasks: $or, queuedAt by queuedAt, _id': 'open',
};

function shapesOf(command: Filter): string[] {
  const shape = (collection: unknown, filter: object, sort: object = {}): string => {
    const order = Object.keys(sort instanceof Map ? Object.fromEntries(sort) : sort);
    return `${collection}: ${Object.keys(filter).sort().join(', ')}${order.length > 0 ? ` by ${order.join(', ')}` : ''}`;
  };
  if (command.find) return [shape(command.find, command.filter as object, command.sort as object)];
  if (command.findAndModify) return [shape(command.findAndModify, command.query as object)];
  if (command.update) return (command.updates as Filter[]).map(({ q }) => shape(command.update, q as object));
  if (command.delete) return (command.deletes as Filter[]).map(({ q }) => shape(command.delete, q as object));
  if (command.aggregate) {
    const [first] = command.pipeline as Filter[];
    return [shape(command.aggregate, (first?.$match ?? {}) as object)];
  }
  return [];
}

describeOn('Each query for batches to MongoDB', servers.mongo, (serverUrl) => {
  it('has an index that stands beside it, and that the server has', async () => {
    const url = mongoDatabase(serverUrl);
    const seen = new Set<string>();
    const { batches, close } = await connectDatabase(
      { mongoUrl: `${url}?monitorCommands=true`, dataDir: '/nowhere' },
      silent,
    );
    const connection = mongoose.connections.find(({ name }) => url.endsWith(name));
    connection?.getClient().on('commandStarted', ({ command }) => {
      for (const shape of shapesOf(command as Filter)) seen.add(shape);
    });
    const batch = newBatch();
    const { id, tenantId } = batch;
    const task = newTask();
    await batches.accept(batch, task);
    await batches.find(id);
    await batches.findMany([id]);
    for (const after of [null, { createdAt: noon, id }])
      await batches.list(tenantId, { limit: 5, order: 'newest-first', after, status: null });
    await batches.list(tenantId, { limit: 5, order: 'oldest-first', after: null, status: 'queued' });
    await batches.replace({ ...batch, revision: 2 });
    for (const after of [null, id]) await batches.toBeTold({ limit: 5, after });
    for (const after of [null, id]) await batches.listOpen({ limit: 5, after });
    await batches.expired({ before: noon, limit: 5 });
    await batches.insertRows([newBatchRow(batch, 1)]);
    await batches.lastRow(id);
    await batches.findRow(id, 1);
    await batches.findRows(id, [1]);
    for (const status of [null, 'queued'] as const) await batches.listRows(id, { status, after: 0, limit: 5 });
    await batches.countRows(id);
    await batches.startRows(id, [1], 1);
    await batches.retryRows(id, [1], 2);
    await batches.countRowStart(id, 1);
    const outcome = { row: 1, at: noon, codeId: null, shortUrl: null, result: null, error: null };
    await batches.finishRows(id, [outcome]);
    await batches.cancelRows(id, { status: 'queued', limit: 5, now: noon });
    await batches.insertChunks([newChunk(batch, 1)]);
    await batches.findChunk(newChunk(batch, 1).id);
    await batches.claimChunk(tenantId, 'lane');
    await batches.hasWaitingChunk(tenantId);
    await batches.moveChunk(newChunk(batch, 1).id, 'running', 'ended');
    await batches.hasOpenChunk(id);
    await batches.openTask(task);
    await batches.findTask(task.id);
    await batches.passTask(task.id, { from: task.jobId, to: 'next' }, noon);
    for (const after of [null, { queuedAt: 1, id: '' }]) await batches.openTasks({ before: noon + 1, limit: 5, after });
    await batches.withTasks([id]);
    await batches.closeTask(task.id, 'next');
    await batches.removeRows(id, 5);
    await batches.replace({ ...batch, purgedAt: noon, revision: 3 });
    await batches.removePurged(noon + 1, 5);
    await batches.walk({ after: null, limit: 5 });

    expect([...seen].sort()).toEqual(Object.keys(expected).sort());
    for (const name of ['batches', 'batchRows', 'batchChunks', 'batchTasks']) {
      const onServer = (await connection?.db?.collection(name).indexes())?.map((index) => index.name) ?? [];
      const wanted = Object.entries(expected).filter(([shape]) => shape.startsWith(`${name}:`));
      expect(onServer).toEqual(expect.arrayContaining(wanted.map(([, index]) => (index === '_id' ? '_id_' : index))));
    }
    await close();
  });
});
