import { batchRowId } from '../../../domain/batches/batch-ids.ts';
import type { RecordMethods, RowMethods } from '../batch-parts.ts';
import { idRange, noRows } from '../batch-ranges.ts';
import type { BatchRow, BatchStore, RowOutcome } from '../batch-store.ts';
import {
  batchChunkCodec,
  batchCodec,
  batchStatements as batches,
  batchRowCodec,
  batchTaskCodec,
  batchChunkStatements as chunks,
  batchRowStatements as rows,
  batchTaskStatements as tasks,
} from './batch-statements.ts';
import { jsonText, type RowCodec, type SqlValue } from './columns.ts';
import type { SqliteConnection } from './connection.ts';
import { unsynced } from './protocol.ts';
import { beforeEverything, behindEverything, type Statement } from './statements.ts';

type Part<Name extends keyof BatchStore> = Pick<BatchStore, Name>;

/** Keeps batches, their rows, chunks and tasks in SQLite. */
export function sqliteBatches(connection: SqliteConnection): BatchStore {
  return { ...records(connection), ...rowsOf(connection), ...chunksOf(connection), ...tasksOf(connection) };
}

async function findBy<Row>(connection: SqliteConnection, statement: Statement, codec: RowCodec<Row>, id: string) {
  const values = await connection.find(statement, id);
  return values === null ? null : codec.decode(values);
}

async function changesOne(
  connection: SqliteConnection,
  statement: Statement,
  parameters: SqlValue[],
  more: { undurable?: true } = {},
): Promise<boolean> {
  return (await connection.write(statement, [parameters], more)).changes[0] === 1;
}

function records(connection: SqliteConnection): Part<RecordMethods> {
  const find = (id: string) => findBy(connection, batches.find, batchCodec, id);
  /** Removes what `listing` finds; answers how many. */
  const removeBelow = async (id: string, listing: Statement, removal: Statement, limit: number): Promise<number> => {
    const found = await connection.list(listing, [...idRange(id), limit]);
    await connection.write(
      removal,
      found.map(([key]) => [key as string]),
    );
    return found.length;
  };
  return {
    find,
    async accept(batch, task) {
      await connection.writeAll([
        { sql: batches.insert.sql, parameters: [batchCodec.encode(batch)] },
        { sql: tasks.insert.sql, parameters: [batchTaskCodec.encode(task)] },
      ]);
    },
    async findMany(ids) {
      return (await Promise.all([...new Set(ids)].map(find))).filter((batch) => batch !== null);
    },
    async list(tenantId, { limit, order, after, status }) {
      const isNewest = order === 'newest-first';
      const start = after ? [after.createdAt, after.id] : isNewest ? behindEverything : beforeEverything;
      const parameters = [tenantId, ...start, limit, ...(status === null ? [] : [status])];
      const all = isNewest ? batches.newestFirst : batches.oldestFirst;
      const some = isNewest ? batches.newestFirstOfStatus : batches.oldestFirstOfStatus;
      return (await connection.list(status === null ? all : some, parameters)).map(batchCodec.decode);
    },
    replace: (next) => changesOne(connection, batches.replace, batchCodec.encode(next)),
    async toBeTold({ limit, after }) {
      return (await connection.list(batches.toBeTold, [after ?? '', limit])).map(batchCodec.decode);
    },
    async listOpen({ limit, after }) {
      return (await connection.list(batches.listOpen, [after ?? '', limit])).map(batchCodec.decode);
    },
    async walk({ after, limit }) {
      return (await connection.list(batches.walk, [after ?? '', limit])).map(batchCodec.decode);
    },
    async expired({ before, limit }) {
      return (await connection.list(batches.expired, [before, limit])).map(batchCodec.decode);
    },
    async removeRows(id, limit) {
      const removedRows = await removeBelow(id, rows.list, rows.remove, limit);
      const removedChunks = await removeBelow(id, chunks.list, chunks.remove, limit);
      return removedRows < limit && removedChunks < limit;
    },
    async removePurged(before, limit) {
      const purged = await connection.list(batches.purged, [before, limit]);
      const parameters = purged.map(([id]) => [id as string]);
      await connection.write(batches.remove, parameters);
      return purged.length;
    },
  };
}

const finishParameters = (batchId: string, { row, at, codeId, shortUrl, result, error }: RowOutcome): SqlValue[] => [
  batchRowId(batchId, row),
  error === null ? 'completed' : 'failed',
  codeId,
  shortUrl,
  jsonText(result),
  jsonText(error),
  at,
];

function rowsOf(connection: SqliteConnection): Part<RowMethods> {
  const listRows: BatchStore['listRows'] = async (batchId, { status, after, limit }) => {
    const behind = batchRowId(batchId, after);
    const found =
      status === null
        ? await connection.list(rows.list, [behind, idRange(batchId)[1], limit])
        : await connection.list(rows.listOfStatus, [batchId, status, behind, limit]);
    return found.map(batchRowCodec.decode);
  };
  const change = async (statement: Statement, batchId: string, numbers: number[], ...more: SqlValue[]) => {
    const { changes } = await connection.write(
      statement,
      numbers.map((row) => [batchRowId(batchId, row), ...more]),
      unsynced,
    );
    return changes.reduce((sum, changed) => sum + changed, 0);
  };
  return {
    listRows,
    async insertRows(added) {
      await connection.write(rows.insert, added.map(batchRowCodec.encode), unsynced);
    },
    async lastRow(batchId) {
      const [last] = await connection.list(rows.last, idRange(batchId));
      return last === undefined ? 0 : (last[1] as number);
    },
    findRow: (batchId, row) => findBy(connection, rows.find, batchRowCodec, batchRowId(batchId, row)),
    async findRows(batchId, numbers) {
      const ids = numbers.map((row) => [batchRowId(batchId, row)]);
      return (await connection.listEach(rows.find, ids)).map(batchRowCodec.decode).sort((a, b) => a.row - b.row);
    },
    async countRows(batchId) {
      const counted = await connection.list(rows.count, [batchId]);
      return { ...noRows, ...Object.fromEntries(counted) };
    },
    async startRows(batchId, numbers, run) {
      await change(rows.start, batchId, numbers, run);
    },
    async retryRows(batchId, numbers, run) {
      await change(rows.retry, batchId, numbers, run);
    },
    async countRowStart(batchId, row) {
      const read = { sql: rows.find.sql, when: 'always' } as const;
      const result = await connection.write(rows.countStart, [[batchRowId(batchId, row)]], { read });
      return result.changes[0] === 1 ? (batchRowCodec.decode(result.rows[0] as SqlValue[]) as BatchRow).starts : 0;
    },
    async finishRows(batchId, outcomes) {
      await connection.write(
        rows.finish,
        outcomes.map((outcome) => finishParameters(batchId, outcome)),
        unsynced,
      );
    },
    async cancelRows(batchId, { status, limit, now }) {
      const found = await listRows(batchId, { status, after: 0, limit });
      return change(
        rows.cancel,
        batchId,
        found.map(({ row }) => row),
        now,
      );
    },
  };
}

function chunksOf(
  connection: SqliteConnection,
): Part<'insertChunks' | 'findChunk' | 'claimChunk' | 'chunkOf' | 'hasWaitingChunk' | 'moveChunk' | 'hasOpenChunk'> {
  const first = async (statement: Statement, parameters: SqlValue[]) => {
    const [values] = await connection.list(statement, parameters);
    return values === undefined ? null : batchChunkCodec.decode(values);
  };
  const chunkOf = (tenantId: string, lane: string) => first(chunks.ofLane, [tenantId, lane]);
  return {
    chunkOf,
    async insertChunks(added) {
      await connection.write(chunks.insert, added.map(batchChunkCodec.encode), unsynced);
    },
    findChunk: (id) => findBy(connection, chunks.find, batchChunkCodec, id),
    async claimChunk(tenantId, lane) {
      const claimed = await chunkOf(tenantId, lane);
      if (claimed !== null) return claimed;
      for (;;) {
        const chunk = await first(chunks.firstWaiting, [tenantId]);
        if (chunk === null) return null;
        if (await changesOne(connection, chunks.claim, [chunk.id, lane], unsynced))
          return { ...chunk, status: 'running', lane };
      }
    },
    hasWaitingChunk: async (tenantId) => (await first(chunks.firstWaiting, [tenantId])) !== null,
    moveChunk: (id, from, to) => changesOne(connection, chunks.move, [id, from, to], unsynced),
    hasOpenChunk: async (batchId) => (await connection.list(chunks.open, [batchId])).length > 0,
  };
}

type TaskMethods = 'openTask' | 'findTask' | 'passTask' | 'closeTask' | 'openTasks' | 'withTasks';

function tasksOf(connection: SqliteConnection): Part<TaskMethods> {
  return {
    openTask: (task) => changesOne(connection, tasks.insert, batchTaskCodec.encode(task)),
    findTask: (id) => findBy(connection, tasks.find, batchTaskCodec, id),
    passTask: (id, { from, to }, now) => changesOne(connection, tasks.pass, [id, from, to, now], unsynced),
    closeTask: (id, jobId) => changesOne(connection, tasks.close, [id, jobId], unsynced),
    async withTasks(batchIds) {
      const ids = batchIds.map((id) => [id]);
      return new Set((await connection.listEach(tasks.ofBatch, ids)).map(([id]) => id as string));
    },
    async openTasks({ before, limit, after }) {
      const [queuedAt, id] = after === null ? beforeEverything : [after.queuedAt, after.id];
      return (await connection.list(tasks.open, [before, queuedAt, id, limit])).map(batchTaskCodec.decode);
    },
  };
}
