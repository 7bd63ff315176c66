import { expect, it } from 'vitest';
import { sqliteBatches } from '../../../../shared/adapters/database/sqlite/batch-store.ts';
import type { SqliteConnection } from '../../../../shared/adapters/database/sqlite/connection.ts';
import type { Write } from '../../../../shared/adapters/database/sqlite/protocol.ts';
import { batchChunkId } from '../../../../shared/domain/batches/batch-ids.ts';
import { newBatch } from '../../../suites/database/batch-contract.ts';

/** Notes whether each write waits for the disk. */
function notingConnection(): { connection: SqliteConnection; waits: boolean[] } {
  const waits: boolean[] = [];
  const note = (...writes: Pick<Write, 'undurable'>[]) => {
    waits.push(writes.some(({ undurable }) => undurable !== true));
    return { changes: [1], rows: [] };
  };
  const connection = {
    write: async (_: unknown, __: unknown, more: Pick<Write, 'undurable'> = {}) => note(more),
    writeAll: async (writes: Write[]) => note(...writes),
  };
  return { connection: connection as unknown as SqliteConnection, waits };
}

it('waits for the disk for the record and for tasks that are opened, and not for what is made again', async () => {
  const { connection, waits } = notingConnection();
  const store = sqliteBatches(connection);
  const batch = newBatch();
  const { id, tenantId } = batch;
  const task = {
    id: `parse-${id}`,
    kind: 'parse-batch',
    tenantId,
    batchId: id,
    about: null,
    jobId: 'b-1',
    queuedAt: 1,
  } as const;
  await store.accept(batch, task);
  await store.replace(batch);
  await store.openTask(task);
  expect(waits.splice(0)).toEqual([true, true, true]);
  const chunk = {
    id: batchChunkId(id, 1),
    batchId: id,
    tenantId,
    rows: [1],
    run: 1,
    status: 'waiting',
    lane: null,
  } as const;
  await store.insertChunks([{ ...chunk, rows: [1] }]);
  await store.moveChunk(chunk.id, 'waiting', 'ended');
  await store.insertRows([]);
  await store.startRows(id, [1], 1);
  await store.finishRows(id, []);
  await store.passTask(task.id, { from: 'b-1', to: 'b-2' }, 2);
  await store.closeTask(task.id, 'b-2');
  expect(waits).toEqual(Array(7).fill(false));
});
