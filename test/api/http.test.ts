import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { problemSchema } from '../../shared/contract/problem.ts';
import { newBody, publicUrl, startApi } from './support/api-under-test.ts';

const api = await startApi();
const json = { 'content-type': 'application/json' };

describe('problems', () => {
  it('have the shape of the contract, the id of the request, and are not to be stored', async () => {
    const answer = await api.call('/v1/renders/rnd_none', { headers: { 'request-id': 'my-request-1' } });
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('request-id')).toBe('my-request-1');
    expect(problemSchema.strict().parse(answer.json())).toEqual({
      type: `${publicUrl}/problems/not-found`,
      title: 'There is nothing here',
      status: 404,
      detail: 'There is no render with this id',
      instance: '/v1/renders/rnd_none',
      code: 'not_found',
      requestId: 'my-request-1',
      errors: [],
    });
  });

  it('replaces a request id that is not sane', async () => {
    const answer = await api.call('/', { headers: { 'request-id': 'a b' } });
    expect(answer.headers.get('request-id')).toMatch(/^[\w-]{12}-\d+$/);
  });

  it('says 404 for an unknown path, even without a key', async () => {
    const answer = await api.call('/v2/renders', { key: null });
    expect([answer.status, answer.json().code]).toEqual([404, 'not_found']);
  });

  it.each([
    ['PUT', '/v1/renders', 'GET, HEAD, OPTIONS, POST'],
    ['POST', '/v1/renders/rnd_x/image', 'GET, HEAD, OPTIONS'],
    ['PATCH', '/v1/renders/rnd_x', 'DELETE, GET, HEAD, OPTIONS'],
    ['POST', '/v1/qr', 'GET, HEAD, OPTIONS'],
    ['DELETE', '/healthz', 'GET, HEAD, OPTIONS'],
  ])('says 405 for %s %s, and what is allowed', async (method, path, allow) => {
    const answer = await api.call(path, { method });
    expect([answer.status, answer.headers.get('allow'), answer.json().code]).toEqual([
      405,
      allow,
      'method_not_allowed',
    ]);
  });

  it.each([
    ['POST', '/v1/renders?wait=1', 'wait'],
    ['GET', '/v1/renders/rnd_x?foo', 'foo'],
    ['DELETE', '/v1/renders/rnd_x?hard=true', 'hard'],
    ['HEAD', '/v1/logos/logo_x?a=1', null],
    ['GET', '/v1/logos/logo_x?a=1', 'a'],
    ['POST', '/v1/logos?name=mine', 'name'],
    ['POST', '/v1/codes?slug=a', 'slug'],
    ['GET', '/v1/codes/cod_x?with=all', 'with'],
  ])('refuses a query where none is read: %s %s', async (method, path, name) => {
    const answer = await api.call(path, { method });
    expect(answer.status).toBe(422);
    if (name !== null)
      expect(answer.json().errors).toMatchObject([{ in: 'query', name, code: 'unknown_field', pointer: null }]);
    expect((await api.call(path, { method, key: null })).status).toBe(401);
  });

  it('lets the query of an image be: it may be there to pass a cache by', async () => {
    const { id } = (await api.post('/v1/renders', newBody())).json();
    expect((await api.call(`/v1/renders/${id}/image?v=2`, { key: null })).status).toBe(200);
  });

  it.each(['/V1/QR?data=x', '/v1/QR?data=x', '/V1/renders', '/QR?text=x', '/Chart?cht=qr', '/HEALTHZ'])(
    'tells paths apart by case: %s is nothing',
    async (path) => {
      expect((await api.call(path)).status).toBe(404);
    },
  );

  it('answers OPTIONS with what is allowed', async () => {
    const answer = await api.call('/v1/logos', { method: 'OPTIONS', key: null });
    expect([answer.status, answer.headers.get('allow')]).toEqual([204, 'GET, HEAD, OPTIONS, POST']);
  });

  it('tells an unknown error as a bare 500 and logs its cause', async () => {
    const other = await startApi({ beside: api });
    const broken = () => Promise.reject(new Error('secret inside', { cause: new Error('root') }));
    other.deps.database = { ...other.deps.database, ping: broken };
    const { list } = other.database.renders;
    other.database.renders.list = broken;
    const answer = await other.call('/v1/renders');
    other.database.renders.list = list;
    expect([answer.status, answer.json().code]).toEqual([500, 'internal_error']);
    expect(answer.body.toString()).not.toContain('secret');
    expect(other.lines.find(({ msg }) => msg === 'request failed')).toMatchObject({
      requestId: answer.json().requestId,
    });
  });
});

describe('bodies', () => {
  it.each([
    ['no content type', {}],
    ['text/plain', { 'content-type': 'text/plain' }],
    ['another charset', { 'content-type': 'application/json; charset=latin1' }],
    ['another charset before UTF-8', { 'content-type': 'application/json;charset=latin1;charset=utf-8' }],
  ])('are refused with 415: %s', async (_, headers) => {
    const answer = await api.call('/v1/renders', { body: Buffer.from(JSON.stringify(newBody())), headers });
    expect(answer.status).toBe(415);
    const received = (headers as Record<string, string>)['content-type'] ?? null;
    expect(answer.json().errors).toMatchObject([
      { in: 'header', pointer: null, name: 'Content-Type', code: 'unsupported_media_type', received },
    ]);
  });

  it('are refused with 415 when they are compressed, which the answer names with what is accepted', async () => {
    const headers = { ...json, 'content-encoding': 'gzip' };
    const answer = await api.call('/v1/renders', { body: Buffer.from(JSON.stringify(newBody())), headers });
    expect([answer.status, answer.headers.get('accept-encoding')]).toEqual([415, 'identity']);
    expect(answer.json().errors).toMatchObject([
      { in: 'header', name: 'Content-Encoding', code: 'unsupported_content_encoding', received: 'gzip' },
    ]);
  });

  it.each(['application/json;charset=UTF-8; x=y', 'Application/JSON ; charset="utf-8"'])(
    'may call themselves %s',
    async (type) => {
      const answer = await api.call('/v1/renders', {
        body: Buffer.from(JSON.stringify(newBody())),
        headers: { 'content-type': type },
      });
      expect(answer.status).toBe(200);
    },
  );

  it.each([
    ['{"content":', 'malformed_json', 'character 11'],
    ['{"size":1 "a"}', 'malformed_json', 'character 10'],
    ['', 'malformed_json', 'empty'],
    ['{"size":100,"size":200}', 'duplicate_key', '"size"'],
    ['{"content":{"a":1,"\\u0061":2}}', 'duplicate_key', '"a"'],
  ])('are refused with 400: %s', async (body, code, detail) => {
    const answer = await api.call('/v1/renders', { body: Buffer.from(body), headers: json });
    expect([answer.status, answer.json().code]).toEqual([400, code]);
    expect(answer.json().detail).toContain(detail);
  });

  it('are refused with 400 when they are not UTF-8', async () => {
    const body = Buffer.from('{"content":{"type":"text","text":"\xe9"}}', 'latin1');
    const answer = await api.call('/v1/renders', { body, headers: json });
    expect([answer.status, answer.json().code]).toEqual([400, 'invalid_utf8']);
  });

  it('are refused with 413 over the limit, whatever Content-Length says', async () => {
    const body = Buffer.from(`{"content":{"type":"text","text":"${'x'.repeat(2 * 1024 * 1024)}"}}`);
    const answer = await api.call('/v1/renders', { body, headers: json });
    expect([answer.status, answer.json().code]).toEqual([413, 'body_too_large']);

    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
    const head = `POST /v1/renders HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer operator-key-for-tests\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`;
    const raw = await send(`${head}${chunk.repeat(40)}0\r\n\r\n`);
    expect(raw).toMatch(/^HTTP\/1\.1 413 /);
  });

  it('are refused with 413 before anything in them is checked', async () => {
    const body = Buffer.from(JSON.stringify({ sise: 1, filler: 'x'.repeat(64 * 1024) }));
    const answer = await api.call('/v1/renders', { body, headers: json });
    expect([answer.status, answer.json().code]).toEqual([413, 'body_too_large']);
  });

  it('are told what they sent, never a default, and a number beyond all numbers too', async () => {
    const long = { content: { type: 'text', text: 'x'.repeat(1500) } };
    const byDefault = (await api.post('/v1/renders', long)).json();
    expect(byDefault.errors).toMatchObject([{ pointer: '/size', code: 'modules_too_small', received: null }]);
    const sent = (await api.post('/v1/renders', { ...long, size: 301 })).json();
    expect(sent.errors).toMatchObject([{ pointer: '/size', received: '301' }]);
    const body = Buffer.from('{"content":{"type":"text","text":"x"},"size":1e400}');
    const huge = await api.call('/v1/renders', { body, headers: json });
    expect([huge.status, huge.json().code]).toEqual([422, 'invalid_request']);
    expect(huge.json().errors).toMatchObject([{ pointer: '/size', code: 'number_not_kept', received: '1e400' }]);
  });

  it('are refused with 413 over the smaller limit when they carry no logo', async () => {
    const answer = await api.post('/v1/renders', newBody({ background: null }), {});
    expect(answer.status).toBe(200);
    const padded = Buffer.from(`${JSON.stringify(newBody())}${' '.repeat(64 * 1024)}`);
    expect((await api.call('/v1/renders', { body: padded, headers: json })).status).toBe(413);
  });

  it.each([
    [{ content: { type: 'url' } }, '/content/url'],
    [{ content: { type: 'nonsense' } }, '/content/type'],
    [{ content: { type: 'text', text: 'x', more: 1 } }, '/content/more'],
    [{}, '/content'],
    [newBody({ format: 'gif' }), '/format'],
    [newBody({ size: 99 }), '/size'],
    [newBody({ size: 2001 }), '/size'],
    [newBody({ size: '300' }), '/size'],
    [newBody({ margin: 21 }), '/margin'],
    [newBody({ margin: -1 }), '/margin'],
    [newBody({ errorCorrection: 'X' }), '/errorCorrection'],
    [newBody({ foreground: 'red' }), '/foreground'],
    [newBody({ foreground: 'transparent' }), '/foreground'],
    [newBody({ background: '#ff' }), '/background'],
    [newBody({ logo: { ratio: 0.2 } }), '/logo/id'],
    [newBody({ logo: { id: 'logo_none' } }), '/logo/id'],
    [newBody({ logo: { data: 'data:image/svg+xml;base64,PHN2Zz4=' } }), '/logo/data'],
    [newBody({ marginPx: 3 }), '/marginPx'],
    [newBody({ background: '#101010' }), '/background'],
    [newBody({ callbackUrl: 'ftp://example.com' }), '/callbackUrl'],
    [newBody({ callbackURL: 'https://example.com' }), '/callbackURL'],
  ])('tell which field is wrong: %j', async (body, pointer) => {
    const answer = await api.post('/v1/renders', body);
    expect(answer.status).toBe(422);
    const { errors } = problemSchema.parse(answer.json());
    expect(errors).toContainEqual(expect.objectContaining({ in: 'body', pointer, name: null }));
  });

  it('name every field that is known, callbackUrl too', async () => {
    const { errors } = (await api.post('/v1/renders', newBody({ callbackURL: 'https://example.com' }))).json();
    expect(errors).toMatchObject([{ detail: expect.stringContaining('perhaps callbackUrl is meant') }]);
  });
});

describe('every answer', () => {
  it('of JSON is guarded against being taken for anything else', async () => {
    const { headers } = await api.call('/v1/renders');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(headers.get('strict-transport-security')).toContain('max-age');
    expect(headers.has('x-powered-by')).toBe(false);
  });

  it('is logged once, without query, key or content', async () => {
    const from = api.lines.length;
    await api.call('/v1/qr?data=very-secret-thing', { headers: { 'request-id': 'logged-once' } });
    const lines = api.lines.slice(from).filter(({ msg }) => msg === 'request');
    expect(lines).toMatchObject([{ requestId: 'logged-once', method: 'GET', route: '/v1/qr', status: 200 }]);
    expect(JSON.stringify(api.lines)).not.toMatch(/very-secret-thing|operator-key/);
  });

  it('to GET is one to HEAD too', async () => {
    for (const path of ['/', '/healthz', '/readyz', '/v1/renders', '/v1/logos', '/v1/qr?data=head'])
      expect([path, (await api.call(path, { method: 'HEAD' })).status]).toEqual([path, 200]);
  });
});

const allWell = { database: 'ok', queue: 'ok', objectStore: 'ok', workers: 'ok', journal: 'ok' };

describe('health', () => {
  it('lives as long as the process, and is ready when everything it needs answers', async () => {
    expect((await api.call('/healthz', { key: null })).json()).toEqual({ status: 'ok' });
    expect((await api.call('/readyz', { key: null })).json()).toEqual({
      status: 'ok',
      checks: allWell,
    });
    api.objects.away = true;
    api.queues.away = true;
    const answer = await api.call('/readyz', { key: null });
    api.objects.away = false;
    api.queues.away = false;
    expect(answer.status).toBe(503);
    const away = 'unavailable';
    expect(answer.json().checks).toEqual({ ...allWell, queue: away, objectStore: away, workers: 'unknown' });
    expect((await api.call('/healthz', { key: null })).status).toBe(200);
  });

  it('is degraded without a worker that takes what comes, and not ready where no scan can be written down', async () => {
    const ready = async () => {
      const answer = await api.call('/readyz', { key: null });
      const { status, checks } = answer.json();
      return [answer.status, status, checks];
    };
    const { parts } = api;
    const [worker] = parts.workers ?? [];
    const suspect = { id: 's', kind: 'suspect', residentBytes: 1, lagSeconds: 0 } as const;
    for (const workers of [[], [suspect]]) {
      parts.workers = workers;
      expect(await ready()).toEqual([200, 'degraded', { ...allWell, workers: 'unavailable' }]);
    }
    parts.workers = worker ? [suspect, worker] : null;
    parts.isDiskFull = true;
    expect(await ready()).toEqual([503, 'unavailable', { ...allWell, journal: 'unavailable' }]);
    parts.isDiskFull = false;
    expect(await ready()).toEqual([200, 'ok', allWell]);
  });
});

function send(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(api.port, '127.0.0.1', () => socket.write(text));
    let answer = '';
    socket.setEncoding('utf8').on('data', (chunk) => {
      answer += chunk;
    });
    socket.on('close', () => resolve(answer)).on('error', reject);
  });
}
