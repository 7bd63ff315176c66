import { connect } from 'node:net';
import { beforeAll, describe, expect, it } from 'vitest';
import { batchPieceKey, batchRowId } from '../../shared/domain/batches/batch-ids.ts';
import { newBatchRow } from '../suites/database/batch-contract.ts';
import { type ApiUnderTest, operatorKey, startApi } from './support/api-under-test.ts';

const csv = 'url,file\nhttps://a.example,one\nhttps://b.example,two\n';
const asCsv = { 'content-type': 'text/csv' };

let api: ApiUnderTest;
beforeAll(async () => {
  api = await startApi();
  await api.addKey('other-tenants-key', 'write', 'other');
});

function form(parts: [name: string, value: string | Blob][]): FormData {
  const data = new FormData();
  for (const [name, value] of parts) data.append(name, value);
  return data;
}

const file = (text: string | Uint8Array<ArrayBuffer>): [string, Blob] => [
  'file',
  new Blob([text], { type: 'text/csv' }),
];
const send = (parts: [string, string | Blob][], headers: Record<string, string> = {}) =>
  api.call('/v1/batches', { body: form(parts), headers });
const storedFiles = (): string[] => [...api.objects.stored.keys()].filter((key) => key.startsWith('batches/'));

/** Sends a batch that must be accepted. */
async function accepted(body: string = csv, query = ''): Promise<string> {
  const answer = await api.call(`/v1/batches${query}`, { body, headers: asCsv });
  expect(answer.status).toBe(202);
  return answer.json().id as string;
}

describe('POST /v1/batches', () => {
  it('stores the file, then the record, then a job, and answers 202', async () => {
    const answer = await send([['size', '500'], file(csv), ['name', 'Menus'], ['type', 'url']]);
    expect(answer.status).toBe(202);
    const body = answer.json();
    const id = body.id as string;
    expect(body).toMatchObject({
      object: 'batch',
      name: 'Menus',
      mode: 'static',
      status: 'queued',
      counts: { total: 2, queued: 2, running: 0, completed: 0, failed: 0, cancelled: 0 },
      unreadRows: 2,
      archive: null,
      error: null,
      startedAt: null,
      completedAt: null,
      estimatedCompletionAt: null,
    });
    expect(answer.headers.get('location')).toBe(`https://qr.example.com/v1/batches/${id}`);
    expect(answer.headers.get('retry-after')).toBe('1');
    expect(api.objects.stored.get(`batches/${id}/source.csv`)?.toString()).toBe(csv);
    expect(api.objects.durable.has(`batches/${id}/source.csv`)).toBe(true);
    expect(await api.database.batches.find(id)).toMatchObject({
      shared: { size: '500', type: 'url' },
      createdBy: 'key_bootstrap',
    });
    expect(api.queues.jobs.at(-1)).toMatchObject({ name: 'parse-batch', payload: { taskId: `parse-${id}` } });
  });

  it('says which columns it does not take for options, as their first rows are none', async () => {
    const shop = 'url,size,color\nhttps://a.example,XL,red\nhttps://b.example,42,blue\n';
    const columnOf = (detail: string): string => /"(.+?)"/.exec(detail)?.[1] ?? '';
    const warningsOf = ({ warnings }: Record<string, unknown>) =>
      (warnings as { code: string; detail: string }[]).map(({ code, detail }) => `${columnOf(detail)} ${code}`);
    const id = await accepted(shop);
    expect(warningsOf((await api.call(`/v1/batches/${id}`)).json())).toEqual(['color column_not_an_option']);
    expect(warningsOf((await api.call(`/v1/batches/${await accepted()}`)).json())).toEqual([]);
  });

  it('takes a bare body with the fields as query', async () => {
    const id = await accepted('link;Ziel\nhttps://a.example;x\n', '?mode=dynamic&size=300&name=Codes');
    const batch = await api.database.batches.find(id);
    expect(batch).toMatchObject({ mode: 'dynamic', name: 'Codes', shared: { size: '300' } });
    expect(batch?.file.layout.columns).toEqual([
      { name: 'link', field: 'target' },
      { name: 'Ziel', field: null },
    ]);
  });

  it.each<[string, number, string, [string, string | Blob][]]>([
    ['a form without a file', 422, 'invalid_request', [['size', '300']]],
    ['a file in another part', 422, 'invalid_request', [['csv', new Blob([csv])]]],
    ['two files', 422, 'invalid_request', [file(csv), file(csv)]],
    ['a field twice', 422, 'invalid_request', [['size', '300'], ['size', '300'], file(csv)]],
    ['an unknown field behind the file', 422, 'invalid_request', [file(csv), ['siez', '300']]],
    ['a wrong field behind the file', 422, 'invalid_request', [file(csv), ['size', '5']]],
    ['an unknown mode', 422, 'invalid_request', [file(csv), ['mode', 'fast']]],
    ['an unknown logo', 422, 'invalid_request', [file(csv), ['logoId', 'logo_none']]],
    ['a callbackUrl that is none', 422, 'invalid_request', [file(csv), ['callbackUrl', 'ftp://x']]],
    ['an empty file', 422, 'csv_empty', [file('')]],
    ['a header without rows', 422, 'csv_no_rows', [file('url,file\n')]],
    ['UTF-16', 422, 'csv_utf16', [file(new Uint8Array(Buffer.from('\ufeffurl\nhttps://a.example', 'utf16le')))]],
    ['an endless line', 422, 'csv_line_too_long', [file(`url\n${'a'.repeat(10_000)}`)]],
    ['too many rows', 413, 'csv_too_many_rows', [file(`url\n${'a\n'.repeat(1001)}`)]],
    ['too many columns', 422, 'csv_too_many_columns', [file(`url\n${','.repeat(30)}x`)]],
    [
      'too many bytes',
      413,
      'csv_too_large',
      [file(`url\n${'https://a.example/123456789012345678901234567890123456\n'.repeat(999)}`)],
    ],
  ])('refuses %s and keeps nothing of it', async (_, status, code, parts) => {
    const before = storedFiles();
    const answer = await send(parts);
    expect([answer.status, answer.json().code]).toEqual([status, code]);
    expect(storedFiles()).toEqual(before);
  });

  it('says of a file that came as a plain field how it is sent', async () => {
    const { errors } = (await send([['file', csv]])).json();
    expect(errors).toMatchObject([
      { pointer: '/file', code: 'invalid_type', detail: expect.stringContaining('with the @') },
    ]);
  });

  it.each([
    ['application/json', '{}'],
    ['multipart/form-data', csv],
  ])('refuses the type %s', async (type, body) => {
    const answer = await api.call('/v1/batches', { body, headers: { 'content-type': type } });
    expect(answer.status).toBe(415);
    expect(answer.json().errors).toMatchObject([{ in: 'header', name: 'Content-Type', received: type }]);
  });

  it('refuses a header under which every row must fail, and keeps nothing of the file', async () => {
    const before = storedFiles();
    const answer = await send([file('name,price\na,1\n')]);
    expect([answer.status, answer.json().code]).toEqual([422, 'csv_no_content_column']);
    expect(answer.json().detail).toMatch(/"name", "price".*url, text or data/);
    expect(storedFiles()).toEqual(before);
    expect((await send([['url', 'https://a.example'], file('name,price\na,1\n')])).status).toBe(202);
    expect((await send([file('https://a.example\nhttps://b.example\n')])).status).toBe(202);
  });

  it('keeps nothing of an upload that is cut off', async () => {
    const before = storedFiles();
    for (const head of ['Content-Type: text/csv', 'Content-Type: multipart/form-data; boundary=b']) {
      const socket = connect(api.port, '127.0.0.1');
      const body = head.includes('boundary')
        ? `--b\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n${csv}`
        : csv;
      const request = `POST /v1/batches HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${operatorKey}\r\n${head}\r\nContent-Length: 5000\r\n\r\n${body}`;
      const lines = api.lines.length;
      await new Promise<void>((resolve) => socket.write(request, () => resolve()));
      socket.destroySoon();
      await expect.poll(() => api.lines.slice(lines).some(({ msg }) => msg === 'request')).toBe(true);
    }
    expect(storedFiles()).toEqual(before);
    expect(api.lines.filter(({ level }) => Number(level) >= 50)).toEqual([]);
  });

  it('makes one batch of 50 parallel posts with one Idempotency-Key, and keeps one file', async () => {
    const before = storedFiles().length;
    const headers = { 'idempotency-key': 'fifty' };
    const answers = await Promise.all(Array.from({ length: 50 }, () => send([['name', 'Once'], file(csv)], headers)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(
      new Set([202, 409].filter((status) => answers.some((answer) => answer.status === status))),
    );
    const ids = answers.filter(({ status }) => status === 202).map((answer) => answer.json().id);
    expect(new Set(ids).size).toBe(1);
    const again = await send([['name', 'Once'], file(csv)], headers);
    expect([again.status, again.json().id, again.headers.get('idempotency-replayed')]).toEqual([202, ids[0], 'true']);
    expect((await send([['name', 'Once'], file(`${csv}https://c.example,three\n`)], headers)).status).toBe(422);
    expect((await send([['name', 'Twice'], file(csv)], headers)).status).toBe(422);
    expect(storedFiles()).toHaveLength(before + 1);
  });

  it('accepts though the queue goes away behind the record, and refuses when it is known to be away', async () => {
    api.queues.losesJobs = true;
    await accepted();
    api.queues.losesJobs = false;
    api.queues.away = true;
    const before = storedFiles();
    expect((await api.call('/v1/batches', { body: csv, headers: asCsv })).status).toBe(503);
    expect(storedFiles()).toEqual(before);
    api.queues.away = false;
  });
});

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
