import { beforeAll, describe, expect, it } from 'vitest';
import { batchPieceKey, batchRowId } from '../../shared/domain/batches/batch-ids.ts';
import { newBatchRow } from '../suites/database/batch-contract.ts';
import { type ApiUnderTest, startApi } from './support/api-under-test.ts';

const csv = 'url,file\nhttps://a.example,one\nhttps://b.example,two\n';
const asCsv = { 'content-type': 'text/csv' };

let api: ApiUnderTest;
beforeAll(async () => {
  api = await startApi();
  await api.addKey('other-tenants-key', 'write', 'other');
});

/** Sends a batch that must be accepted. */
async function accepted(body: string = csv, query = ''): Promise<string> {
  const answer = await api.call(`/v1/batches${query}`, { body, headers: asCsv });
  expect(answer.status).toBe(202);
  return answer.json().id as string;
}

describe('a batch', () => {
  const result = { piece: 'p', offset: 2, sizeBytes: 3, sha256: 'ab' };

  /** A batch whose first row is completed, whose second has failed. */
  async function half(): Promise<string> {
    const id = await accepted();
    const batch = await api.database.batches.find(id);
    if (batch === null) throw new Error('not accepted');
    await api.database.batches.insertRows([newBatchRow(batch, 1, { file: 'münü.png' }), newBatchRow(batch, 2)]);
    const at = Date.now();
    const code = { codeId: null, shortUrl: null };
    await api.database.batches.finishRows(id, [
      { row: 1, at, ...code, result, error: null },
      { row: 2, at, ...code, result: null, error: { code: 'out_of_range', detail: 'too small', pointer: '/size' } },
    ]);
    await api.objects.put(batchPieceKey(id, 'p'), Buffer.from('..png..'), { contentType: '', durable: true });
    return id;
  }

  async function set(id: string, more: Record<string, unknown>): Promise<void> {
    const batch = await api.database.batches.find(id);
    if (batch === null || !(await api.database.batches.replace({ ...batch, ...more, revision: batch.revision + 1 })))
      throw new Error('not changed');
  }

  it('is shown with counts from its rows, and an estimate while it runs', async () => {
    const id = await half();
    await set(id, {
      status: 'running',
      startedAt: Date.now() - 1000,
      file: { ...(await api.database.batches.find(id))?.file, rowCount: 4 },
    });
    const body = (await api.call(`/v1/batches/${id}`)).json();
    expect(body.counts).toEqual({ total: 4, queued: 2, running: 0, completed: 1, failed: 1, cancelled: 0 });
    expect(Date.parse(body.estimatedCompletionAt as string)).toBeGreaterThan(Date.now());
    await set(id, { cancelledAt: Date.now() });
    expect((await api.call(`/v1/batches/${id}`)).json().estimatedCompletionAt).toBeNull();
  });

  it('that was cancelled before all of its file was read tells how many rows are in no list', async () => {
    const id = await half();
    const file = { ...(await api.database.batches.find(id))?.file, rowCount: 900 };
    await set(id, { status: 'cancelled', cancelledAt: Date.now(), completedAt: Date.now(), file });
    expect((await api.call(`/v1/batches/${id}`)).json()).toMatchObject({
      counts: { total: 900, queued: 0, running: 0, completed: 1, failed: 1, cancelled: 898 },
      unreadRows: 898,
    });
    expect((await api.call(`/v1/batches/${id}/rows?status=cancelled`)).json().data).toEqual([]);
  });

  it('of a run again is reckoned from that run alone, and not told before its rows are known', async () => {
    const id = await half();
    const file = { ...(await api.database.batches.find(id))?.file, rowCount: 3 };
    await set(id, { status: 'running', startedAt: Date.now() - 1000, run: 2, file, endedBefore: 3 });
    expect((await api.call(`/v1/batches/${id}`)).json().estimatedCompletionAt).toBeNull();
    // Counted, and not all of them put back: some that run again still stand there as failed.
    await set(id, { endedBefore: 1 });
    expect((await api.call(`/v1/batches/${id}`)).json().estimatedCompletionAt).toBeNull();
    // One of two rows took a second: the other and the ZIP take 1.6 of it, whatever the first run did.
    await set(id, { isParsed: true, startedAt: Date.now() - 1000 });
    const end = Date.parse((await api.call(`/v1/batches/${id}`)).json().estimatedCompletionAt as string);
    expect(end - Date.now()).toBeGreaterThan(1300);
    expect(end - Date.now()).toBeLessThan(10_000);
  });

  it('is not done when its rows are: the ZIP is in the estimate too', async () => {
    const id = await half();
    const file = { ...(await api.database.batches.find(id))?.file, rowCount: 2 };
    await set(id, { status: 'running', startedAt: Date.now() - 60_000, file });
    const body = (await api.call(`/v1/batches/${id}`)).json();
    expect(body.counts).toMatchObject({ total: 2, completed: 1, failed: 1 });
    expect(Date.parse(body.estimatedCompletionAt as string)).toBeGreaterThan(Date.now() + 5000);
  });

  it('is listed, page by page, newest first', async () => {
    const fresh = await startApi();
    const ids: unknown[] = [];
    for (let count = 0; count < 3; count++) {
      fresh.advance(5);
      ids.unshift((await fresh.call('/v1/batches', { body: csv, headers: asCsv })).json().id);
    }
    const first = (await fresh.call('/v1/batches?limit=2')).json();
    const second = (await fresh.call(`/v1/batches?limit=2&cursor=${first.nextCursor}`)).json();
    expect([...(first.data as { id: string }[]), ...(second.data as { id: string }[])].map(({ id }) => id)).toEqual(
      ids,
    );
    expect((await fresh.call('/v1/batches?status=failed')).json().data).toEqual([]);
  });

  it('lists its rows by status, page by page', async () => {
    const id = await half();
    const failed = (await api.call(`/v1/batches/${id}/rows?status=failed`)).json();
    expect(failed).toEqual({
      data: [
        {
          row: 2,
          line: 3,
          name: null,
          status: 'failed',
          file: '2.png',
          sha256: null,
          sizeBytes: null,
          codeId: null,
          shortUrl: null,
          error: { code: 'out_of_range', detail: 'too small', pointer: '/size' },
        },
      ],
      nextCursor: null,
    });
    const first = await api.call(`/v1/batches/${id}/rows?limit=1`);
    expect(first.headers.get('link')).toContain('rel="next"');
    const second = (await api.call(`/v1/batches/${id}/rows?limit=1&cursor=${first.json().nextCursor}`)).json();
    expect((second.data as { row: number }[]).map(({ row }) => row)).toEqual([2]);
    expect((await api.call(`/v1/batches/${id}/rows?sort=row`)).status).toBe(422);
    expect(batchRowId(id, 2)).toMatch(/\.0000002$/);
  });

  it('says of an image whose row is not read yet that it is not there yet', async () => {
    const id = await accepted();
    const early = await api.call(`/v1/batches/${id}/rows/2/image`);
    expect([early.status, early.json().code, early.headers.get('retry-after')]).toEqual([409, 'row_not_ready', '1']);
    expect((await api.call(`/v1/batches/${id}/rows/3/image`)).status).toBe(404);
  });

  it("gives one row's image, or says why there is none", async () => {
    const id = await half();
    const image = await api.call(`/v1/batches/${id}/rows/1/image`);
    expect([image.status, image.body.toString(), image.headers.get('etag')]).toEqual([200, 'png', '"ab"']);
    expect(image.headers.get('content-disposition')).toBe("inline; filename*=UTF-8''m%C3%BCn%C3%BC.png");
    const known = await api.call(`/v1/batches/${id}/rows/1/image`, { headers: { 'if-none-match': '"ab"' } });
    expect(known.status).toBe(304);
    expect((await api.call(`/v1/batches/${id}/rows/2/image`)).json()).toMatchObject({
      status: 422,
      code: 'row_failed',
      errors: [{ in: 'csv', name: 'size', code: 'out_of_range' }],
    });
    expect((await api.call(`/v1/batches/${id}/rows/9/image`)).status).toBe(404);
    expect((await api.call(`/v1/batches/${id}/rows/x/image`)).status).toBe(404);
  });

  it('is cancelled once: a worker does it', async () => {
    const id = await accepted();
    const cancel = (headers = {}) => api.call(`/v1/batches/${id}/cancel`, { method: 'POST', headers });
    const first = await cancel({ 'idempotency-key': 'cancel-1' });
    expect(first.status).toBe(202);
    expect(Date.parse(first.json().cancelledAt as string)).toBeGreaterThan(Date.now() - 60_000);
    expect((await cancel({ 'idempotency-key': 'cancel-1' })).status).toBe(202);
    expect((await cancel()).status).toBe(202);
    expect((await api.database.batches.find(id))?.cancelledAt).not.toBeNull();
    const ends = api.queues.jobs.filter(({ payload }) => (payload as { taskId?: string }).taskId === `end-${id}`);
    expect(ends).toHaveLength(1);
    await set(id, { status: 'completed' });
    await set(id, { cancelledAt: null });
    expect((await cancel()).json()).toMatchObject({ status: 409, code: 'batch_ended' });
  });

  it('runs its failed rows again when it is completed and there are any', async () => {
    const id = await half();
    const retry = () => api.call(`/v1/batches/${id}/retry`, { method: 'POST' });
    expect((await retry()).json()).toMatchObject({ status: 409, code: 'batch_not_completed' });
    await set(id, { status: 'completed', completedAt: Date.now(), expiresAt: Date.now() + 60_000 });
    expect((await retry()).json()).toMatchObject({ status: 'running', completedAt: null, archive: null });
    expect(await api.database.batches.find(id)).toMatchObject({ run: 2, isParsed: false, expiresAt: null });
    expect(api.queues.jobs.at(-1)).toMatchObject({ name: 'retry-batch' });
    const clean = await accepted();
    await set(clean, { status: 'completed' });
    const nothing = await api.call(`/v1/batches/${clean}/retry`, { method: 'POST' });
    expect(nothing.json()).toMatchObject({ status: 409, code: 'nothing_to_retry' });
  });

  it('has its archive made again when that alone failed, but not a file that could not be read', async () => {
    const id = await accepted();
    const error = { code: 'storage_unavailable', detail: 'away', pointer: null };
    const ended = { status: 'failed', error, completedAt: Date.now(), expiresAt: Date.now() + 60_000 } as const;
    const retry = async () => (await api.call(`/v1/batches/${id}/retry`, { method: 'POST' })).json();
    await set(id, { ...ended, isParsed: false });
    expect(await retry()).toMatchObject({ status: 409, code: 'batch_not_completed' });
    await set(id, { isParsed: true });
    expect(await retry()).toMatchObject({ status: 'running', error: null });
    expect(api.queues.jobs.at(-1)).toMatchObject({ name: 'retry-batch' });
  });

  it('has the task of its retry before it runs again, so that no crash leaves it waiting', async () => {
    const id = await half();
    await set(id, { status: 'completed', completedAt: Date.now(), expiresAt: Date.now() + 60_000 });
    const { replace } = api.database.batches;
    api.database.batches.replace = async (next) => {
      expect(await api.database.batches.findTask(`retry-${id}`)).not.toBeNull();
      await replace(next);
      throw new Error('killed');
    };
    expect((await api.call(`/v1/batches/${id}/retry`, { method: 'POST' })).status).toBe(500);
    api.database.batches.replace = replace;
    expect(await api.database.batches.find(id)).toMatchObject({ status: 'running', run: 2 });
    const open = await api.database.batches.openTasks({ before: api.deps.now() + 1, limit: 200, after: null });
    expect(open.map((task) => task.id)).toContain(`retry-${id}`);
  });

  it('shows its record and nothing else once its time is over, before the purge and behind it', async () => {
    const id = await half();
    const archive = [{ part: 1, sizeBytes: 3, sha256: 'ab', firstRow: 1, lastRow: 3 }];
    await set(id, { status: 'completed', archive, expiresAt: Date.now() - 1 });
    const shown = await api.call(`/v1/batches/${id}`);
    const counts = shown.json().counts;
    expect(shown.json()).toMatchObject({ status: 'completed', archive: null, counts: { total: 2 } });
    const finalCounts = await api.database.batches.countRows(id);
    for (const purge of [async () => undefined, () => api.database.batches.removeRows(id, 100)]) {
      await purge();
      await set(id, { finalCounts });
      expect((await api.call(`/v1/batches/${id}`)).json()).toMatchObject({ status: 'completed', counts });
      for (const path of ['/rows', '/rows/1/image', '/archive'])
        expect((await api.call(`/v1/batches/${id}${path}`)).json()).toMatchObject({
          status: 410,
          code: 'batch_expired',
        });
      const retry = await api.call(`/v1/batches/${id}/retry`, { method: 'POST' });
      expect(retry.json()).toMatchObject({ status: 410, code: 'batch_expired' });
    }
  });

  it("is 404 for another tenant's key, whatever is asked of it", async () => {
    const id = await half();
    for (const path of ['', '/rows', '/rows/1/image'])
      expect((await api.call(`/v1/batches/${id}${path}`, { key: 'other-tenants-key' })).status).toBe(404);
    for (const path of ['/cancel', '/retry'])
      expect((await api.call(`/v1/batches/${id}${path}`, { method: 'POST', key: 'other-tenants-key' })).status).toBe(
        404,
      );
  });
});
