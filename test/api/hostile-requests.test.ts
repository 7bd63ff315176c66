import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { afterAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/client.ts';
import { operatorKey, startApi } from './support/api-under-test.ts';

const api = await startApi({ timeouts: { headersMs: 500, bodyMs: 900 } });
const openFiles = async (): Promise<number> => (await readdir('/proc/self/fd').catch(() => [])).length;
await api.call('/healthz');
const before = { files: await openFiles(), objects: api.objects.stored.size };

/** Sends a request, in pieces 50 ms apart, and gives what was answered until the other side closed. */
async function send(...pieces: (string | Buffer)[]): Promise<string> {
  const socket = connect(api.port, '127.0.0.1');
  socket.on('error', () => undefined);
  let answer = '';
  socket.on('data', (chunk) => {
    answer += chunk.toString('latin1');
  });
  const closed = once(socket, 'close');
  await once(socket, 'connect');
  for (const piece of pieces) {
    if (!socket.writable) break;
    socket.write(piece);
    if (pieces.length > 1) await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const tooLong = setTimeout(() => socket.destroy(), 6000);
  await closed;
  clearTimeout(tooLong);
  return answer;
}
const statusOf = (answer: string): number => Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1]);

const auth = `Host: x\r\nAuthorization: Bearer ${operatorKey}\r\nConnection: close\r\n`;
const json = `${auth}Content-Type: application/json\r\n`;
const get = (headers: string): string => `GET /v1/renders HTTP/1.1\r\n${auth}${headers}\r\n\r\n`;
const post = (headers: string, body = ''): string => `POST /v1/renders HTTP/1.1\r\n${json}${headers}\r\n\r\n${body}`;
const jsonBody = (body: string | Buffer, path = '/v1/renders'): Buffer =>
  Buffer.concat([
    Buffer.from(`POST ${path} HTTP/1.1\r\n${json}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n`),
    Buffer.from(body),
  ]);
function form(path: string, parts: string): string {
  const type = 'Content-Type: multipart/form-data; boundary=b';
  return `POST ${path} HTTP/1.1\r\n${auth}${type}\r\nContent-Length: ${parts.length}\r\n\r\n${parts}`;
}
const fields = (count: number): string =>
  `${Array.from({ length: count }, (_, n) => `--b\r\nContent-Disposition: form-data; name="f${n}"\r\n\r\nx\r\n`).join('')}--b--\r\n`;
const smuggled = '0\r\n\r\nGET /v1/renders HTTP/1.1\r\nHost: x\r\n\r\n';
const deep = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;
const deepObject = (depth: number): string => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;

describe('requests that could be read in two ways are refused, and their connection closed', () => {
  it.each([
    ['Content-Length and Transfer-Encoding', post('Content-Length: 6\r\nTransfer-Encoding: chunked', smuggled)],
    ['Transfer-Encoding and Content-Length', post('Transfer-Encoding: chunked\r\nContent-Length: 6', smuggled)],
    ['two lengths that differ', post('Content-Length: 2\r\nContent-Length: 40', '{}')],
    ['two lengths alike', post('Content-Length: 2\r\nContent-Length: 2', '{}')],
    ['a list of lengths', post('Content-Length: 2, 2', '{}')],
    ['a length with a sign', post('Content-Length: +2', '{}')],
    ['a negative length', post('Content-Length: -2', '{}')],
    ['a hexadecimal length', post('Content-Length: 0x2', '{}')],
    ['a length beyond all numbers', post('Content-Length: 99999999999999999999999', '{}')],
    ['an encoding that is no last one', post('Transfer-Encoding: chunked, identity', smuggled)],
    ['an encoding that is none', post('Transfer-Encoding: xchunked', smuggled)],
    ['a space before a colon', post('Transfer-Encoding : chunked', smuggled)],
    ['a folded header', get('X-Folded: a\r\n b')],
    ['a folded Transfer-Encoding', post('Transfer-Encoding:\r\n chunked', smuggled)],
    ['a bare LF behind a header', `GET /v1/renders HTTP/1.1\nHost: x\n\n`],
    ['a bare CR in a header', get('X-Cr: a\rb')],
    ['a NUL in a header', get('X-Nul: a\0b')],
    ['a header without a name', get(': nameless')],
    ['two hosts', `GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n`],
    ['no host', 'GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n'],
    ['a chunk that is no number', post('Transfer-Encoding: chunked', 'ZZ\r\n{}\r\n0\r\n\r\n')],
    ['a chunk that is too long', post('Transfer-Encoding: chunked', 'FFFFFFFFFFFFFFFFF\r\n{}\r\n0\r\n\r\n')],
    ['a chunk that ends elsewhere', post('Transfer-Encoding: chunked', '2\r\n{}XX0\r\n\r\n')],
    ['chunks with a bare LF', post('Transfer-Encoding: chunked', '2\n{}\n0\n\n')],
    ['no request', 'NONSENSE\r\n\r\n'],
    ['HTTP 0.9', 'GET /\r\n\r\n'],
    ['HTTP 2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['a TLS hello', Buffer.from('16030100a5010000a10303', 'hex')],
    ['an unknown method', 'BREW / HTTP/1.1\r\nHost: x\r\n\r\n'],
  ])('%s', async (_, request) => {
    const answer = await send(request);
    expect([400, 408, 411, 501].includes(statusOf(answer)) ? 'refused' : answer).toBe('refused');
    expect(answer.match(/^HTTP\/1\.1 /gm)).toHaveLength(1);
  });
});

describe('requests that are too much get 4xx', () => {
  it.each([
    [431, '10,000 headers', get(Array.from({ length: 10_000 }, (_, n) => `X-${n}: y`).join('\r\n'))],
    [431, 'a header of 1 MB', get(`X-Long: ${'x'.repeat(1_000_000)}`)],
    [431, 'a URL of 100 kB', `GET /v1/qr?data=${'x'.repeat(100_000)} HTTP/1.1\r\n${auth}\r\n`],
    [422, '10,000 fields of a form with a logo', form('/v1/logos', fields(10_000))],
    [422, '10,000 fields of a form with a CSV', form('/v1/batches', fields(10_000))],
    [400, 'a part without an end', form('/v1/logos', '--b\r\nContent-Disposition: form-data; name="file"\r\n\r\nx')],
    [400, 'a form that is none', form('/v1/logos', 'x'.repeat(1000))],
    [413, 'a length of 1 TB', post('Content-Length: 1000000000000', '{')],
    [422, 'an array 30,000 deep', jsonBody(deep(30_000))],
    [422, 'content 30,000 deep', jsonBody(`{"content":${deep(30_000)}}`)],
    [422, 'objects 10,000 deep', jsonBody(deepObject(10_000))],
    [422, 'a size 30,000 deep', jsonBody(`{"content":{"type":"text","text":"x"},"size":${deep(30_000)}}`)],
    [
      422,
      'metadata 2,000 deep and too long',
      jsonBody(`{"target":"https://example.com","metadata":${deepObject(2000)}}`, '/v1/codes'),
    ],
    [400, 'one key twice', jsonBody('{"size":300,"size":400}')],
    [400, 'overlong UTF-8', jsonBody(Buffer.from('7b22c0af223a317d', 'hex'))],
    [400, 'half a surrogate pair in UTF-8', jsonBody(Buffer.from('7b22eda080223a317d', 'hex'))],
    [422, '__proto__', jsonBody('{"__proto__":{"size":300},"content":{"type":"text","text":"x"}}')],
    [400, 'half an escape in a query', `GET /v1/qr?data=%f HTTP/1.1\r\n${auth}\r\n`],
    [417, 'an unknown Expect', get('Expect: a-miracle')],
  ])('%i: %s', async (status, _, request) => {
    const answer = await send(request);
    expect([statusOf(answer), answer.slice(0, 400)]).toEqual([status, expect.anything()]);
  });
});

describe('requests that are slow or cut', () => {
  const drip = (text: string, count: number): string[] => [text, ...Array<string>(count).fill('x')];

  it.each([
    ['a head that comes byte by byte', drip('GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ', 60)],
    ['a head that never ends', ['GET /healthz HTTP/1.1\r\nHost: x\r\n']],
    ['a body that comes byte by byte', drip(post('Content-Length: 1000', '{"'), 60)],
    ['a body that never comes', [post('Content-Length: 1000')]],
    ['chunks that come byte by byte', drip(post('Transfer-Encoding: chunked', '3e8\r\n{"'), 60)],
    ['a form that never ends', [form('/v1/logos', fields(1)).replace(/Content-Length: \d+/, 'Content-Length: 5000')]],
    [
      'a CSV that never ends',
      [`POST /v1/batches HTTP/1.1\r\n${auth}Content-Type: text/csv\r\nContent-Length: 5000\r\n\r\nurl\nhttps`],
    ],
  ])('are given up with 408: %s', async (_, pieces) => {
    expect(statusOf(await send(...pieces))).toBe(408);
  });

  it('hold up nobody else: 200 of them, and an answer comes all the same', async () => {
    const sockets = await Promise.all(
      Array.from({ length: 200 }, async () => {
        const socket = connect(api.port, '127.0.0.1');
        socket.on('error', () => undefined);
        await once(socket, 'connect');
        socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n');
        return socket;
      }),
    );
    expect((await api.call('/healthz', { key: null })).status).toBe(200);
    await Promise.all(sockets.map((socket) => socket.closed || once(socket.resume(), 'close')));
  });

  it.each([
    ['in the head', 'GET /healthz HTTP/1.1\r\nHost'],
    ['in a JSON body', post('Content-Length: 1000', '{"content"')],
    ['in a chunk', post('Transfer-Encoding: chunked', 'ff\r\n{"')],
    [
      'in a logo',
      form('/v1/logos', '--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nxxxx').replace(
        /Length: \d+/,
        'Length: 90000',
      ),
    ],
    [
      'in a CSV',
      `POST /v1/batches HTTP/1.1\r\n${auth}Content-Type: text/csv\r\nContent-Length: 5000\r\n\r\nurl\nhttps`,
    ],
  ])('are let go when they are cut %s', async (_, request) => {
    const socket: Socket = connect(api.port, '127.0.0.1');
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    await new Promise<void>((resolve) => socket.write(request, () => resolve()));
    socket.resetAndDestroy();
    expect((await api.call('/healthz', { key: null })).status).toBe(200);
  });
});

afterAll(async () => {
  const connections = () =>
    new Promise<number>((resolve) => api.server.server.getConnections((_, count) => resolve(count)));
  await eventually('all connections but the kept ones are gone', async () => (await connections()) <= 2);
  await eventually('no file is open that was not before', async () => (await openFiles()) <= before.files + 2);
  expect(api.objects.stored.size).toBe(before.objects);
  expect((await api.call('/v1/batches')).json().data).toEqual([]);
});
