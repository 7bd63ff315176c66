import { connect } from 'node:net';
import { beforeAll, describe, expect, it } from 'vitest';
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

  it('names a parameter that nobody knows as it came', async () => {
    const answer = await api.call('/v1/batches?logo=abc', { body: csv, headers: { 'content-type': 'text/csv' } });
    expect([answer.status, answer.json().errors]).toMatchObject([422, [{ name: 'logo', code: 'unknown_field' }]]);
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
    ['too many columns', 422, 'csv_too_many_columns', [file(`url,file\n${','.repeat(30)}x`)]],
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

  it('points at a field whose name has a slash as JSON pointers do', async () => {
    const { errors } = (await send([['a/b', '1'], ['a/b', '2'], file(csv)])).json();
    expect(errors).toMatchObject([
      { pointer: '/a~1b', code: 'given_twice', detail: expect.stringMatching(/^a\/b is/) },
    ]);
  });

  it('says of a file that came as a plain field how it is sent', async () => {
    const { errors } = (await send([['file', csv]])).json();
    expect(errors).toMatchObject([
      { pointer: '/file', code: 'invalid_type', detail: expect.stringContaining('with the @') },
    ]);
  });

  it.each([
    ['application/json', '{}', 415, 'unsupported_media_type'],
    ['multipart/form-data', csv, 400, 'malformed_multipart'],
    ['multipart/form-data; charset=utf-8', csv, 400, 'malformed_multipart'],
  ])('refuses the type %s', async (type, body, status, code) => {
    const answer = await api.call('/v1/batches', { body, headers: { 'content-type': type } });
    expect([answer.status, answer.json().code]).toEqual([status, code]);
    expect(answer.json().errors).toMatchObject([{ in: 'header', name: 'Content-Type', received: type, code }]);
  });

  it('refuses a form that ends within its file, and keeps nothing of it', async () => {
    const before = storedFiles();
    const body = `--b\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n${csv}`;
    const headers = { 'content-type': 'multipart/form-data; boundary=b' };
    const answer = await api.call('/v1/batches', { body, headers });
    expect([answer.status, answer.json().code]).toEqual([400, 'malformed_multipart']);
    expect(storedFiles()).toEqual(before);
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
