import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import type {
  Batch,
  BatchChunk,
  BatchRow,
  BatchStore,
  BatchTask,
  RowOutcome,
} from '../../../shared/adapters/database/batch-store.ts';
import type { Database } from '../../../shared/adapters/database/database.ts';
import { batchChunkId, batchId, batchRowId } from '../../../shared/domain/batches/batch-ids.ts';
import { noon, spec, unique, workError } from './rows.ts';

export function newBatch(more: Partial<Batch> = {}): Batch {
  const layout = { delimiter: ',', hasHeader: true, columns: [{ name: 'url', field: 'url' }] } as const;
  return {
    id: batchId(noon, randomBytes(16)),
    tenantId: unique('tenant'),
    name: 'menus',
    mode: 'static',
    status: 'queued',
    file: { sizeBytes: 10, sha256: 'ab', rowCount: 3, layout: { ...layout, columns: [...layout.columns] } },
    shared: { size: '500' },
    callback: { id: 'msg_1', url: 'https://example.com/hook' },
    createdBy: 'key_1',
    requestId: 'request-1',
    run: 1,
    endedBefore: 0,
    isParsed: false,
    cancelledAt: null,
    parts: [],
    archive: null,
    error: null,
    untold: [],
    toBeTold: false,
    createdAt: noon,
    startedAt: null,
    completedAt: null,
    expiresAt: null,
    finalCounts: null,
    purgedAt: null,
    revision: 1,
    ...more,
  };
}

export function newBatchRow({ id: batch }: Batch, row: number, more: Partial<BatchRow> = {}): BatchRow {
  return {
    id: batchRowId(batch, row),
    batchId: batch,
    row,
    line: row + 1,
    name: null,
    file: `${row}.png`,
    status: 'queued',
    input: { mode: 'static', spec },
    extra: [['__proto__', 'kept']],
    run: 1,
    starts: 0,
    codeId: null,
    shortUrl: null,
    result: null,
    error: null,
    completedAt: null,
    ...more,
  };
}

export function newChunk({ id, tenantId }: Batch, number: number, more: Partial<BatchChunk> = {}): BatchChunk {
  const chunk = { id: batchChunkId(id, number), batchId: id, tenantId, rows: [number], run: 1 };
  return { ...chunk, status: 'waiting', lane: null, ...more };
}

export function newTask(more: Partial<BatchTask> = {}): BatchTask {
  const task = { id: unique('task'), kind: 'parse-batch', tenantId: 't', batchId: 'b', about: null } as const;
  return { ...task, jobId: unique('job'), queuedAt: noon, ...more };
}

const result = { piece: 'a', offset: 7, sizeBytes: 5, sha256: 'cd' };
const done = (row: number): RowOutcome => ({ row, at: noon + 5, codeId: null, shortUrl: null, result, error: null });
const failed = (row: number): RowOutcome => ({ ...done(row), result: null, error: workError });

/** What the store of batches promises. */
export function batchContract(database: () => Database): void {
  let batch: Batch;
  const store = (): BatchStore => database().batches;
  const statuses = async (): Promise<string[]> =>
    (await store().listRows(batch.id, { status: null, after: 0, limit: 500 })).map(({ status }) => status);
  const insertRows = (...numbers: number[]) => store().insertRows(numbers.map((row) => newBatchRow(batch, row)));

  beforeEach(() => {
    batch = newBatch();
  });

  describe('records of batches', () => {
    it('are inserted once, with their first task, and read as they were written', async () => {
      const task = newTask({ batchId: batch.id });
      await store().accept(batch, task);
      await store().accept({ ...batch, name: 'another' }, { ...task, jobId: 'another' });
      expect(await store().find(batch.id)).toEqual(batch);
      expect(await store().findMany([batch.id, 'none', batch.id])).toEqual([batch]);
      expect(await store().findTask(task.id)).toEqual(task);
      expect(await store().find('none')).toBeNull();
    });

    it('are replaced by whoever knows their revision, once', async () => {
      await store().accept(batch, newTask());
      const next: Batch = { ...batch, status: 'completed', toBeTold: true, expiresAt: noon, revision: 2 };
      const archive = [{ part: 1, sizeBytes: 3, sha256: 'ef', firstRow: 1, lastRow: 3 }];
      const won = await Promise.all([store().replace({ ...next, archive }), store().replace({ ...next, archive })]);
      expect(won.sort()).toEqual([false, true]);
      expect(await store().find(batch.id)).toEqual({ ...next, archive });
      expect(await store().replace(next)).toBe(false);
    });

    it('are listed by tenant and status, in both orders, page by page', async () => {
      const { tenantId } = batch;
      const all = [0, 1, 1, 2].map((offset) => newBatch({ tenantId, createdAt: noon + offset }));
      for (const one of all) await store().accept(one, newTask());
      await store().accept(newBatch(), newTask());
      const sorted = all.sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1)).map(({ id }) => id);
      for (const order of ['oldest-first', 'newest-first'] as const) {
        const expected = order === 'oldest-first' ? sorted : sorted.toReversed();
        const first = await store().list(tenantId, { limit: 3, order, after: null, status: null });
        const rest = await store().list(tenantId, { limit: 3, order, after: first.at(-1) ?? null, status: 'queued' });
        expect([...first, ...rest].map(({ id }) => id)).toEqual(expected);
      }
      expect(await store().list(tenantId, { limit: 3, order: 'newest-first', after: null, status: 'failed' })).toEqual(
        [],
      );
    });

    it('tell which are to be told and which have expired', async () => {
      const told = newBatch({ toBeTold: true, expiresAt: 5 });
      await store().accept(told, newTask());
      await store().accept(batch, newTask());
      expect((await store().toBeTold({ limit: 200, after: null })).map(({ id }) => id)).toContain(told.id);
      expect(await store().toBeTold({ limit: 1, after: told.id })).not.toContainEqual(told);
      expect((await store().expired({ before: 6, limit: 100 })).map(({ id }) => id)).toContain(told.id);
      expect(await store().expired({ before: 5, limit: 100 })).toEqual([]);
      await store().replace({ ...told, toBeTold: false, expiresAt: null, revision: 2 });
      expect((await store().toBeTold({ limit: 200, after: null })).map(({ id }) => id)).not.toContain(told.id);
      expect((await store().expired({ before: noon, limit: 100 })).map(({ id }) => id)).not.toContain(batch.id);
    });
  });

  it('tell which are open, and which of those have tasks of their own', async () => {
    const statuses = ['queued', 'running', 'completed', 'failed', 'cancelled'] as const;
    const all = statuses.map((status) => newBatch({ status }));
    const tasks = all.map(({ id }) => newTask({ batchId: id }));
    const taskOf = (index: number) => tasks[index] as BatchTask;
    for (const [index, each] of all.entries()) await store().accept(each, taskOf(index));
    const ids = all.map(({ id }) => id);
    const [queued = '', running = ''] = ids;
    const before = [queued, running].sort();
    const found: string[] = [];
    for (let page = await store().listOpen({ limit: 7, after: null }); page.length > 0; ) {
      found.push(...page.map(({ id }) => id));
      page = await store().listOpen({ limit: 7, after: found.at(-1) ?? null });
    }
    expect(found).toEqual(found.toSorted());
    expect(found.filter((id) => ids.includes(id))).toEqual(before);
    await store().openTask(newTask({ batchId: running }));
    for (const index of [0, 1]) await store().closeTask(taskOf(index).id, taskOf(index).jobId);
    expect(await store().withTasks([queued, running, 'none'])).toEqual(new Set([running]));
  });

  describe('rows of batches', () => {
    it('are inserted once and read as they were written, in order', async () => {
      await insertRows(2, 1, 10);
      await store().insertRows([newBatchRow(batch, 2, { name: 'another' }), newBatchRow(batch, 3)]);
      const rows = [1, 2, 3, 10].map((row) => newBatchRow(batch, row));
      expect(await store().listRows(batch.id, { status: null, after: 0, limit: 9 })).toEqual(rows);
      expect(await store().listRows(batch.id, { status: 'queued', after: 1, limit: 2 })).toEqual(rows.slice(1, 3));
      expect(await store().listRows(batch.id, { status: null, after: 2, limit: 1 })).toEqual([rows[2]]);
      expect(await store().findRows(batch.id, [10, 1, 99])).toEqual([rows[0], rows[3]]);
      expect(await store().findRow(batch.id, 10)).toEqual(rows[3]);
      expect(await store().findRow(batch.id, 4)).toBeNull();
      expect(await store().lastRow(batch.id)).toBe(10);
      expect(await store().lastRow(newBatch().id)).toBe(0);
    });

    it('are counted by status, those of other batches left out', async () => {
      await insertRows(1, 2, 3, 4);
      await store().insertRows([newBatchRow(newBatch(), 1)]);
      await store().startRows(batch.id, [2, 3], 1);
      await store().finishRows(batch.id, [done(3), failed(4)]);
      const counts = { queued: 1, running: 1, completed: 1, failed: 1, cancelled: 0 };
      expect(await store().countRows(batch.id)).toEqual(counts);
    });

    it('end once', async () => {
      await insertRows(1, 2);
      await store().finishRows(batch.id, [{ ...done(1), codeId: 'cod_1', shortUrl: 'https://q/1' }, failed(2)]);
      await store().finishRows(batch.id, [failed(1), done(2)]);
      const ended = { status: 'completed', codeId: 'cod_1', shortUrl: 'https://q/1', result, completedAt: noon + 5 };
      expect(await store().findRow(batch.id, 1)).toMatchObject(ended);
      expect(await store().findRow(batch.id, 2)).toMatchObject({ status: 'failed', error: workError, result: null });
    });

    it('that failed run again in a later run, but not those that could not be read', async () => {
      await insertRows(1, 2);
      await store().insertRows([newBatchRow(batch, 3, { input: null, status: 'failed', error: workError })]);
      await store().finishRows(batch.id, [failed(1), failed(2)]);
      await store().retryRows(batch.id, [1, 2, 3], 1);
      expect(await statuses()).toEqual(['failed', 'failed', 'failed']);
      await store().retryRows(batch.id, [1, 3], 2);
      await store().startRows(batch.id, [1, 2, 3], 2);
      expect(await statuses()).toEqual(['running', 'running', 'failed']);
      expect(await store().findRow(batch.id, 2)).toMatchObject({ run: 2, error: null, completedAt: null });
    });

    it('count their starts as suspects while they are open', async () => {
      await insertRows(1);
      expect(await store().countRowStart(batch.id, 1)).toBe(1);
      expect(await store().countRowStart(batch.id, 1)).toBe(2);
      await store().finishRows(batch.id, [done(1)]);
      expect(await store().countRowStart(batch.id, 1)).toBe(0);
      expect(await store().countRowStart(batch.id, 2)).toBe(0);
    });

    it('are cancelled by status, some at a time', async () => {
      await insertRows(1, 2, 3, 4);
      await store().finishRows(batch.id, [done(1)]);
      await store().startRows(batch.id, [2], 1);
      const cancel = () => store().cancelRows(batch.id, { status: 'queued', limit: 1, now: noon });
      expect([await cancel(), await cancel(), await cancel()]).toEqual([1, 1, 0]);
      expect(await statuses()).toEqual(['completed', 'running', 'cancelled', 'cancelled']);
      expect(await store().cancelRows(batch.id, { status: 'running', limit: 9, now: noon })).toBe(1);
    });
  });

  describe('chunks of batches', () => {
    it('are claimed in order, each by one lane, which gets it again until it has ended', async () => {
      const { tenantId } = batch;
      await store().insertChunks([3, 1, 2].map((number) => newChunk(batch, number)));
      await store().insertChunks([newChunk(batch, 1, { rows: [9] })]);
      const first = await store().claimChunk(tenantId, 'a');
      expect(first).toEqual(newChunk(batch, 1, { status: 'running', lane: 'a' }));
      expect(await store().claimChunk(tenantId, 'a')).toEqual(first);
      expect(await store().chunkOf(tenantId, 'a')).toEqual(first);
      expect((await store().claimChunk(tenantId, 'b'))?.id).toBe(newChunk(batch, 2).id);
      expect(await store().moveChunk(newChunk(batch, 1).id, 'running', 'ended')).toBe(true);
      expect(await store().moveChunk(newChunk(batch, 1).id, 'running', 'suspect')).toBe(false);
      expect(await store().chunkOf(tenantId, 'a')).toBeNull();
      expect(await store().hasWaitingChunk(tenantId)).toBe(true);
      expect((await store().claimChunk(tenantId, 'a'))?.id).toBe(newChunk(batch, 3).id);
      expect(await store().hasWaitingChunk(tenantId)).toBe(false);
      expect(await store().claimChunk(tenantId, 'c')).toBeNull();
    });

    it('are claimed by one of many lanes at once', async () => {
      await store().insertChunks([newChunk(batch, 1), newChunk(batch, 2)]);
      const claims = ['a', 'b', 'c', 'd'].map((lane) => store().claimChunk(batch.tenantId, lane));
      const claimed = (await Promise.all(claims)).filter((chunk) => chunk !== null);
      expect(claimed.map(({ id }) => id).sort()).toEqual([newChunk(batch, 1).id, newChunk(batch, 2).id]);
    });

    it('are open until they have ended, suspects too', async () => {
      expect(await store().hasOpenChunk(batch.id)).toBe(false);
      await store().insertChunks([newChunk(batch, 1)]);
      await store().claimChunk(batch.tenantId, 'a');
      await store().moveChunk(newChunk(batch, 1).id, 'running', 'suspect');
      expect(await store().chunkOf(batch.tenantId, 'a')).toBeNull();
      expect(await store().hasOpenChunk(batch.id)).toBe(true);
      await store().moveChunk(newChunk(batch, 1).id, 'suspect', 'ended');
      expect(await store().hasOpenChunk(batch.id)).toBe(false);
    });
  });

  describe('tasks of batches', () => {
    it('are opened once until they are closed by the job that carries them', async () => {
      const task = newTask();
      expect(await store().openTask(task)).toBe(true);
      expect(await store().openTask({ ...task, jobId: 'other' })).toBe(false);
      expect(await store().closeTask(task.id, 'other')).toBe(false);
      expect(await store().closeTask(task.id, task.jobId)).toBe(true);
      expect(await store().findTask(task.id)).toBeNull();
      expect(await store().openTask({ ...task, jobId: 'other' })).toBe(true);
    });

    it('pass from one job to another, by one of many', async () => {
      const task = newTask();
      await store().openTask(task);
      const pass = (to: string) => store().passTask(task.id, { from: task.jobId, to }, noon + 9);
      expect((await Promise.all([pass('x'), pass('y')])).filter((passed) => passed)).toHaveLength(1);
      expect(await store().findTask(task.id)).toMatchObject({ queuedAt: noon + 9 });
    });

    it('are found open oldest first, page by page', async () => {
      const base = 1000 + Math.floor(Math.random() * 1e9);
      const opened = [0, 0, 1, 2].map((offset) => newTask({ queuedAt: base + offset }));
      for (const task of opened) await store().openTask(task);
      const first = await store().openTasks({ before: base + 2, limit: 2, after: { queuedAt: base - 1, id: '' } });
      const rest = await store().openTasks({ before: base + 2, limit: 2, after: first.at(-1) ?? null });
      expect([...first, ...rest].map(({ id }) => id).sort()).toEqual(
        opened
          .slice(0, 3)
          .map(({ id }) => id)
          .sort(),
      );
      expect(rest).toHaveLength(1);
      expect(await store().openTasks({ before: base + 9, limit: 1, after: null })).toHaveLength(1);
    });
  });
}
