import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { describe, expect, it } from 'vitest';
import { operatorKey, startApi } from './support/api-under-test.ts';

const api = await startApi();
const gigabyte = 1024 ** 3;
const storedFiles = (): string[] => [...api.objects.stored.keys()].filter((key) => key.startsWith('batches/'));

const formHead = '--b\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n';
const fieldHead = '--b\r\nContent-Disposition: form-data; name="name"\r\n\r\n';

/** Sends `head` and then `chunk` again and again, up to a gigabyte, until there is an answer. */
async function flood(headers: Record<string, string>, head: string, chunk: Buffer) {
  const sent = request({
    port: api.port,
    path: '/v1/batches',
    method: 'POST',
    headers: { authorization: `Bearer ${operatorKey}`, ...headers },
  });
  let answer: IncomingMessage | null = null;
  let isOver = false;
  const ended = new Promise<void>((resolve) => {
    sent.once('response', (response) => {
      answer = response;
      resolve();
    });
    sent.once('close', resolve);
    sent.on('error', () => resolve());
  }).then(() => {
    isOver = true;
  });
  sent.write(head);
  let sentBytes = 0;
  while (!isOver && sentBytes < gigabyte) {
    sentBytes += chunk.length;
    if (!sent.write(chunk)) await Promise.race([once(sent, 'drain').catch(() => undefined), ended]);
  }
  await ended;
  const response = answer as IncomingMessage | null;
  let text = '';
  for await (const piece of response ?? []) text += piece;
  sent.destroy();
  return { status: response?.statusCode, code: text === '' ? null : JSON.parse(text).code, sentBytes };
}

const row = Buffer.from('https://example.com/1234567890\n'.repeat(2000));
const bare = { 'content-type': 'text/csv' };
const form = { 'content-type': 'multipart/form-data; boundary=b' };

describe('A file that never ends', () => {
  it.each([
    ['of rows, as a body', bare, 'url\n', row, [413, 'csv_too_large', 'csv_too_many_rows']],
    ['of rows, in a form', form, `${formHead}url\n`, row, [413, 'csv_too_large', 'csv_too_many_rows']],
    ['of one line, as a body', bare, 'url\n', Buffer.alloc(6000, 'a'), [422, 'csv_line_too_long']],
    ['of one line, in a form', form, `${formHead}url\n`, Buffer.alloc(6000, 'a'), [422, 'csv_line_too_long']],
    ['of one quoted cell', bare, 'url\n"', Buffer.from('a\n'.repeat(3000)), [422, 'csv_line_too_long']],
    ['of one field, in a form', form, fieldHead, Buffer.alloc(65_536, 'a'), [413, 'body_too_large']],
    ['of empty lines', bare, 'url\n', Buffer.alloc(65_536, '\n'), [413, 'csv_too_large']],
  ])('%s is cut off at its limit', async (_, headers, head, chunk, [status, ...codes]) => {
    const told = await flood(headers, head, chunk);
    expect(told.status).toBe(status);
    expect(codes).toContain(told.code);
    // What the kernel and Node hold on the way, and a little more.
    expect(told.sentBytes).toBeLessThan(64 * 1024 * 1024);
    expect(storedFiles()).toEqual([]);
    expect((await api.call('/v1/batches')).status).toBe(200);
  });

  it('is refused before it comes when it says its size', async () => {
    for (const headers of [bare, form]) {
      const told = await flood({ ...headers, 'content-length': String(gigabyte) }, '', row);
      expect([told.status, told.code]).toEqual([413, 'csv_too_large']);
    }
  });
});

describe('A file with', () => {
  const post = (body: string | Buffer, query = '') => api.call(`/v1/batches${query}`, { body, headers: bare });

  it.each([
    ['a NUL byte', 'url\nhttps://a.example/\0\n', 'csv_nul', 2],
    ['bytes that are no UTF-8', Buffer.from([...Buffer.from('url\nx\n'), 0xff, 0x0a]), 'csv_not_utf8', 3],
    ['UTF-16', Buffer.from('\ufeffurl\n', 'utf16le'), 'csv_utf16', null],
    ['a workbook', Buffer.from('PK\x03\x04\x14\0\x06\0', 'latin1'), 'csv_workbook', null],
    ['a quote that is never closed', 'url\nhttps://a.example\n"https://b.example\n', 'csv_quote_not_closed', 3],
  ])('%s is refused, with the line', async (_, body, code, line) => {
    const answer = await post(body);
    expect([answer.status, answer.json().code]).toEqual([422, code]);
    // UTF-16 is a matter of the whole file.
    if (line !== null) expect(answer.json().detail).toMatch(new RegExp(`[Ll]ine ${line}\\b`));
  });

  it.each([
    ['a byte order mark', '\ufeffurl\nhttps://a.example\n', 1],
    ['mixed line ends', 'url,note\r\nhttps://a.example,1\nhttps://b.example,2\r\nhttps://c.example,3', 3],
    ['columns named __proto__ and constructor', 'url,__proto__,constructor\nhttps://a.example,x,y\n', 1],
    ['formulas', 'text,note\n=cmd|calc,@SUM(1)\n', 1],
  ])('%s is taken, every row of it', async (_, body, rows) => {
    const answer = await post(body);
    expect([answer.status, (answer.json().counts as { total: number } | undefined)?.total]).toEqual([202, rows]);
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });
});
