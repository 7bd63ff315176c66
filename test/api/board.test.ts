import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { unavailable } from '../../shared/errors.ts';
import { eventually } from '../support/client.ts';
import { operatorKey, publicUrl, startApi } from './support/api-under-test.ts';

const board = '/admin/queues';
const api = await startApi();
await api.addKey('admin-key-of-a-tenant', 'admin', 'default');
await api.addKey('second-operator-key', 'operator', 'default');

const form = { 'content-type': 'application/x-www-form-urlencoded', origin: publicUrl };

async function signIn(key: string, on = api): Promise<string> {
  const answer = await on.call(`${board}/sign-in`, { key: null, headers: form, body: `key=${key}` });
  expect([answer.status, answer.headers.get('location')]).toEqual([303, board]);
  return answer.headers.get('set-cookie') ?? '';
}

const cookieOf = (setCookie: string): string => setCookie.split(';')[0] ?? '';
const get = (path: string, headers: Record<string, string> = {}, on = api) => on.call(path, { key: null, headers });

describe('the board', () => {
  it('is for operators: a browser without a cookie is led to the form, anything else is told 401 or 403', async () => {
    const page = await get(board, { accept: 'text/html' });
    expect([page.status, page.headers.get('location')]).toEqual([302, `${board}/sign-in`]);
    for (const accept of ['application/json', '*/*']) expect((await get(board, { accept })).status).toBe(401);
    expect((await get(`${board}/api/queues`, { accept: '*/*' })).status).toBe(401);
    expect((await get(`${board}/static/js/main.js`, { accept: '*/*' })).status).not.toBe(200);
    expect((await api.call(`${board}/api/queues`, { key: 'admin-key-of-a-tenant' })).status).toBe(403);
    expect((await api.call(`${board}/api/queues`)).status).toBe(200);
  });

  it('gives for an operator key a cookie that scripts and other sites cannot use and that holds no key', async () => {
    const setCookie = await signIn(operatorKey);
    for (const part of ['HttpOnly', 'SameSite=Strict', 'Secure', `Path=${board}`, 'Max-Age=28800'])
      expect(setCookie.split('; ')).toContain(part);
    expect(Buffer.from(setCookie.split('=')[1] ?? '', 'base64url').includes(operatorKey)).toBe(false);
    expect((await get(`${board}/api/queues`, { cookie: cookieOf(setCookie) })).status).toBe(200);
    expect((await get('/v1/renders', { cookie: cookieOf(setCookie) })).status).toBe(401);
  });

  it('counts as a use of the key', async () => {
    await api.addKey('operator-of-the-board', 'operator', 'default');
    await signIn('operator-of-the-board');
    await eventually('the use is noted', async () => {
      const { lastUsedAt } = (await api.call('/v1/keys/key_operator-of-the-board')).json();
      return lastUsedAt !== null;
    });
  });

  it.each(['admin-key-of-a-tenant', 'no-key-at-all', ''])('gives none for another key: %s', async (key) => {
    const answer = await api.call(`${board}/sign-in`, { key: null, headers: form, body: `key=${key}` });
    expect([answer.status, answer.headers.get('set-cookie')]).toEqual([401, null]);
    expect(answer.body.toString()).toContain('This is not the key of an operator');
  });

  it('takes no cookie that is changed, old, or of another instance', async () => {
    const cookie = cookieOf(await signIn(operatorKey));
    const middle = Math.floor(cookie.length / 2);
    const changed = `${cookie.slice(0, middle)}${cookie[middle] === 'A' ? 'B' : 'A'}${cookie.slice(middle + 1)}`;
    expect((await get(`${board}/api/queues`, { cookie: changed })).status).toBe(401);
    expect((await get(`${board}/api/queues`, { cookie: 'qrf_board=x' })).status).toBe(401);
    const other = await startApi({ config: { secretKey: 'another secret that is only for tests' } });
    expect((await get(`${board}/api/queues`, { cookie }, other)).status).toBe(401);

    const later = await startApi();
    const mine = cookieOf(await signIn(operatorKey, later));
    later.advance(8 * 3600_000 - 1000);
    expect((await get(`${board}/api/queues`, { cookie: mine }, later)).status).toBe(200);
    later.advance(1000);
    expect((await get(`${board}/api/queues`, { cookie: mine }, later)).status).toBe(401);
  });

  it('is left by signing out, in every process and with every copy of the cookie, and by this session alone', async () => {
    const [mine, other] = [cookieOf(await signIn(operatorKey)), cookieOf(await signIn(operatorKey))];
    const beside = await startApi({ beside: api });
    const statusOf = async (cookie: string, on = api) => (await get(`${board}/api/queues`, { cookie }, on)).status;
    expect(await statusOf(mine, beside)).toBe(200);
    const out = await api.call(`${board}/sign-out`, { key: null, headers: { ...form, cookie: mine }, body: '' });
    expect(out.headers.get('set-cookie')).toMatch(/^qrf_board=; .*Max-Age=0$/);
    expect([await statusOf(mine), await statusOf(mine, beside)]).toEqual([401, 401]);
    expect([await statusOf(other), await statusOf(other, beside)]).toEqual([200, 200]);
    const again = await api.call(`${board}/sign-out`, { key: null, headers: { ...form, cookie: mine }, body: '' });
    expect(again.status).toBe(303);
  });

  it('keeps no session that was signed out for longer than its cookie would have been good', async () => {
    const later = await startApi();
    const ended = () => later.database.listSettings('board_session_ended ');
    const signOut = async () => {
      const cookie = cookieOf(await signIn(operatorKey, later));
      await later.call(`${board}/sign-out`, { key: null, headers: { ...form, cookie }, body: '' });
    };
    await signOut();
    await signOut();
    expect(await ended()).toHaveLength(2);
    later.advance(8 * 3600_000);
    await signOut();
    expect(await ended()).toHaveLength(1);
  });

  it('lets nobody in, and nobody out, who cannot be looked up: 503, and the cookie stays', async () => {
    const cut = await startApi();
    const cookie = cookieOf(await signIn(operatorKey, cut));
    const { listSettings, claimSetting } = cut.database;
    const away = async () => {
      throw unavailable('database_unavailable', 'The database does not answer');
    };
    Object.assign(cut.database, { listSettings: away, claimSetting: away });
    expect((await get(`${board}/api/queues`, { cookie }, cut)).status).toBe(503);
    const out = await cut.call(`${board}/sign-out`, { key: null, headers: { ...form, cookie }, body: '' });
    expect([out.status, out.headers.get('set-cookie')]).toEqual([503, null]);
    Object.assign(cut.database, { listSettings, claimSetting });
    expect((await get(`${board}/api/queues`, { cookie }, cut)).status).toBe(200);
  });

  it('signs out whose key is no operator key any more, within seconds', async () => {
    const cookie = cookieOf(await signIn('second-operator-key'));
    await api.addKey('second-operator-key', 'read', 'default');
    await pause(5100);
    expect((await get(`${board}/api/queues`, { cookie })).status).toBe(401);
  });

  it('changes nothing with a cookie alone, unless a page of this host asks', async () => {
    const cookie = cookieOf(await signIn(operatorKey));
    const put = (headers: Record<string, string>) =>
      api.call(`${board}/api/queues/pause`, { method: 'PUT', key: null, headers: { cookie, ...headers } });
    for (const origin of [{}, { origin: 'https://evil.example' }, { origin: 'null' }]) {
      const answer = await put(origin as Record<string, string>);
      expect([answer.status, answer.json().code]).toEqual([403, 'foreign_origin']);
    }
    expect((await put({ origin: publicUrl })).status).toBe(200);
    expect((await put({ origin: `http://127.0.0.1:${api.port}` })).status).toBe(200);
  });

  it('lets no other site sign anyone in or out', async () => {
    for (const path of [`${board}/sign-in`, `${board}/sign-out`]) {
      const headers = { ...form, origin: 'https://evil.example' };
      const answer = await api.call(path, { key: null, headers, body: `key=${operatorKey}` });
      expect([answer.status, answer.headers.get('set-cookie')]).toEqual([403, null]);
    }
    const out = await api.call(`${board}/sign-out`, { key: null, headers: form, body: '' });
    expect([out.status, out.headers.get('location')]).toEqual([303, `${board}/sign-in`]);
    expect(out.headers.get('set-cookie')).toMatch(/^qrf_board=; .*Max-Age=0$/);
  });

  it('lets its pages take everything from this host only, and stand in no frame', async () => {
    for (const answer of [await api.call(board), await get(`${board}/sign-in`)]) {
      const policy = answer.headers.get('content-security-policy') ?? '';
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toMatch(/https?:|\*|script-src[^;]*unsafe/);
      expect(answer.headers.get('cache-control')).toBe('no-store');
    }
  });

  it.each(['rate-limit', 'concurrency'])(
    'changes no %s of a queue, which would hold up work where nobody sees it',
    async (what) => {
      const answer = await api.call(`${board}/api/queues/renders/${what}`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ max: 1, duration: 600_000, concurrency: 1 }),
      });
      expect(answer.status).toBe(403);
    },
  );

  it('tells a body that it cannot read, and a path that is not there, as every route does', async () => {
    const put = (body: string) =>
      api.call(`${board}/api/queues/renders/x/retry`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body,
      });
    const broken = await put('{"a":');
    expect([broken.status, broken.json().code]).toEqual([400, 'malformed_json']);
    const large = await put(JSON.stringify({ a: 'x'.repeat(3_000_000) }));
    expect([large.status, large.json().code]).toEqual([413, 'body_too_large']);
    for (const path of ['/no/such/page', '/api/no/such/thing']) {
      const absent = await api.call(`${board}${path}`);
      expect([absent.status, absent.json().code]).toEqual([404, 'not_found']);
    }
    expect(api.lines.filter(({ msg }) => msg === 'request failed')).toEqual([]);
  });

  it('is 503 while the queue is away', async () => {
    api.queues.away = true;
    const answer = await api.call(`${board}/api/queues`);
    api.queues.away = false;
    expect([answer.status, answer.json().code]).toEqual([503, 'queue_unavailable']);
  });
});
