import { describe, expect, it } from 'vitest';
import { newBody, startApi } from './support/api-under-test.ts';

const closed = await startApi();
const origin = 'https://app.example.com';
const some = await startApi({ config: { corsOrigins: [origin, 'https://other.example'] }, beside: closed });
const all = await startApi({ config: { corsOrigins: ['*'] }, beside: closed });
const allowed = (headers: Headers) => headers.get('access-control-allow-origin');

async function ask(api: typeof closed, path: string, from: string, method = 'GET') {
  const preflight = { 'access-control-request-method': 'PATCH', 'access-control-request-headers': 'x-any' };
  const headers = { origin: from, ...(method === 'OPTIONS' ? preflight : {}) };
  return api.call(path, { method, headers });
}

describe('scripts of other sites', () => {
  it('may read nothing unless they are configured, and no answer has a header of CORS', async () => {
    for (const method of ['GET', 'OPTIONS']) {
      const { headers } = await ask(closed, '/v1/renders', origin, method);
      expect([...headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([]);
    }
  });

  it('may read when their origin is configured, problems too, and without cookies', async () => {
    const answer = await ask(some, '/v1/renders', origin);
    expect([answer.status, allowed(answer.headers)]).toEqual([200, origin]);
    expect(answer.headers.get('vary')).toContain('Origin');
    expect(answer.headers.has('access-control-allow-credentials')).toBe(false);
    expect(answer.headers.get('access-control-expose-headers')).toContain('Request-Id');
    const missing = await ask(some, '/v1/renders/rnd_none', origin);
    expect([missing.status, allowed(missing.headers), missing.headers.get('vary')]).toEqual([404, origin, 'Origin']);
    for (const stranger of ['https://evil.example', 'https://app.example.com.evil.example', 'null'])
      expect(allowed((await ask(some, '/v1/renders', stranger)).headers)).toBeNull();
    expect(allowed((await ask(all, '/v1/renders', 'https://any.example')).headers)).toBe('*');
  });

  it('are told before what they may send', async () => {
    const { status, headers } = await ask(some, '/v1/codes/cod_x', origin, 'OPTIONS');
    expect([status, allowed(headers)]).toEqual([204, origin]);
    expect(headers.get('access-control-allow-methods')).toBe('GET,HEAD,POST,PATCH,DELETE');
    expect(headers.get('access-control-allow-headers')).toMatch(/Authorization.*Idempotency-Key.*If-Match/);
    expect(headers.get('access-control-max-age')).toBe('86400');
    expect(allowed((await ask(some, '/v1/codes/cod_x', 'https://evil.example', 'OPTIONS')).headers)).toBeNull();
  });

  it('may read images wherever any may: one answer for all, from memory too', async () => {
    const { id } = (await some.post('/v1/renders', newBody())).json();
    for (let n = 0; n < 2; n++)
      expect(allowed((await some.call(`/v1/renders/${id}/image`, { key: null })).headers)).toBe('*');
  });

  it.each(['/v1/qr?data=x', '/v1/create-qr-code/?data=x', '/qr?text=x', '/chart?cht=qr&chs=200x200&chl=x'])(
    'may read an open image wherever any may, so that a cache has one answer: %s',
    async (path) => {
      for (const from of [origin, 'https://elsewhere.example'])
        expect(allowed((await ask(some, path, from)).headers)).toBe('*');
      expect(allowed((await ask(closed, path, origin)).headers)).toBeNull();
    },
  );

  it('never reach the pages for operators', async () => {
    expect(allowed((await ask(all, '/admin/queues', origin)).headers)).toBeNull();
    expect(allowed((await ask(all, '/admin/queues', origin, 'OPTIONS')).headers)).toBeNull();
  });
});

describe('every answer', () => {
  it.each([
    ['/', 200],
    ['/healthz', 200],
    ['/readyz', 200],
    ['/docs', 200],
    ['/docs/start.js', 200],
    ['/openapi.json', 200],
    ['/problems', 200],
    ['/problems/not-found', 200],
    ['/v1/renders', 200],
    ['/v1/qr?data=x', 200],
    ['/v1/qr?data=x&format=svg', 200],
    ['/qr?text=x&format=base64', 200],
    ['/nowhere-at-all', 404],
    ['/v1/nowhere', 404],
    ['/admin/queues/sign-in', 200],
    ['/v1/qr?data=%', 400],
  ])('is told not to be sniffed, and runs nothing of others: %s', async (path, status) => {
    const { headers, ...answer } = await closed.call(path);
    expect([answer.status, headers.get('x-content-type-options')]).toEqual([status, 'nosniff']);
    expect(headers.has('x-powered-by') || headers.has('server')).toBe(false);
    const type = headers.get('content-type') ?? '';
    if (/json|html|svg/.test(type)) expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'/);
    if (/svg/.test(type)) expect(headers.get('content-security-policy')).toMatch(/sandbox/);
    if (/html/.test(type)) expect(headers.get('content-security-policy')).toMatch(/frame-ancestors 'none'/);
  });
});
