import { Redis } from 'ioredis';
import { afterAll, describe, expect, it } from 'vitest';
import { createClientAddress } from '../../api/client-address.ts';
import { keyDigest } from '../../api/middleware/auth.ts';
import { createRateLimits, networkOf } from '../../api/middleware/rate-limits.ts';
import type { KeyRow } from '../../shared/adapters/database/access-store.ts';
import { connectRateWindows } from '../../shared/adapters/rate-windows.ts';
import { createLog } from '../../shared/log.ts';
import { redisUrl, uniquePrefix } from '../support/servers.ts';
import { newBody, newPng, startApi } from './support/api-under-test.ts';

const prefix = uniquePrefix();
const windows = await connectRateWindows({ url: redisUrl(), prefix }, createLog('test', 'silent'));
const redis = new Redis(redisUrl());
afterAll(async () => {
  await redis.unlink([...(await redis.keys(`${prefix}*`)), prefix]);
  redis.disconnect();
  await windows.close();
});

const rates = { perKey: 3, perAddress: 4, failedAuthPerMinute: 5, unknownPerMinute: 6 };
const needs = {
  rates,
  windows,
  secretKey: 'a secret that is only for tests',
  clientAddress: createClientAddress(['127.0.0.1/32']),
};
/** Windows last 30 times as long, so that a slow machine does not outlast one. */
const stretched: typeof needs.windows.limit = (policy, keyOf) =>
  windows.limit({ ...policy, windowS: policy.windowS * 30 }, keyOf);
const rateLimits = createRateLimits({ ...needs, windows: { limit: stretched } });
const api = await startApi({ rateLimits });

let last = 0;
/** A client whom nobody has seen yet. */
const newAddress = (): string => `203.0.113.${++last}`;
const from = (address: string): Record<string, string> => ({ 'x-forwarded-for': address });

async function statuses(count: number, ask: (n: number) => Promise<{ status: number }>): Promise<number[]> {
  const told: number[] = [];
  for (let n = 0; n < count; n++) told.push((await ask(n)).status);
  return told;
}

describe('the limit of a key', () => {
  it('is twice its rate in two seconds: then 429 with Retry-After, and how it stands in every answer', async () => {
    await api.addKey('busy-key', 'write', 'default');
    const first = await api.call('/v1/renders', { key: 'busy-key' });
    expect(first.headers.get('ratelimit-policy')).toBe('"key";q=6;w=60');
    expect(first.headers.get('ratelimit')).toMatch(/^"key";r=5;t=(60|5\d)$/);
    expect(await statuses(5, () => api.post('/v1/renders', newBody(), {}, 'busy-key'))).toEqual(Array(5).fill(200));
    const answer = await api.post('/v1/renders', newBody(), {}, 'busy-key');
    expect([answer.status, answer.json().code]).toEqual([429, 'too_many_requests']);
    expect(answer.headers.get('retry-after')).toMatch(/^(60|5\d)$/);
    expect(answer.headers.get('ratelimit')).toMatch(/^"key";r=0;t=(60|5\d)$/);
    expect(answer.json().detail).toMatch(/^6 calls with this key are accepted in 60 seconds; try again in (60|5\d) s$/);
  });

  it('is its own: another key of the same address goes on', async () => {
    await api.addKey('quiet-key', 'read', 'default');
    expect((await api.call('/v1/renders', { key: 'quiet-key' })).status).toBe(200);
  });

  it('counts images with a key, and what is refused later', async () => {
    await api.addKey('image-key', 'write', 'default');
    const ask = (n: number) =>
      n % 2 === 0
        ? api.call(`/v1/qr?data=with-key-${n}`, { key: 'image-key' })
        : api.call('/v1/logos', { key: 'image-key', body: newPng(), headers: { 'content-type': 'image/gif' } });
    expect((await statuses(7, ask)).at(-1)).toBe(429);
  });
});

describe('the limit of an address', () => {
  it.each(['/v1/qr?data=', '/v1/create-qr-code/?data=', '/qr?text=', '/chart?cht=qr&chs=200x200&chl='])(
    'holds images without a key: %s',
    async (path) => {
      const headers = from(newAddress());
      const ask = (n: number) => api.call(`${path}a${n}`, { key: null, headers });
      expect(await statuses(4, ask)).toEqual([200, 200, 200, 200]);
      const answer = await ask(5);
      expect(answer.status).toBe(429);
      expect(answer.headers.get('ratelimit-policy')).toBe('"address";q=4;w=30');
      expect(answer.headers.get('cache-control')).toBe('no-store');
    },
  );

  it('is one for a whole /64 of IPv6, and each /64 has its own', async () => {
    const ask = (n: number) => api.call(`/v1/qr?data=v6-${n}`, { key: null, headers: from(`2001:db8:1:2::${n + 1}`) });
    expect(await statuses(5, ask)).toEqual([200, 200, 200, 200, 429]);
    const other = await api.call('/v1/qr?data=v6', { key: null, headers: from('2001:db8:1:3::1') });
    expect(other.status).toBe(200);
  });

  it('is that of the peer where an untrusted client forges X-Forwarded-For', async () => {
    const untrusting = createRateLimits({
      ...needs,
      rates: { perKey: 0, perAddress: 2, failedAuthPerMinute: 0, unknownPerMinute: 0 },
      windows: { limit: stretched },
      secretKey: 'another secret',
      clientAddress: createClientAddress([]),
    });
    const other = await startApi({ rateLimits: untrusting, beside: api });
    const ask = (n: number) => other.call(`/v1/qr?data=f${n}`, { key: null, headers: from(`198.51.100.${n}`) });
    expect(await statuses(3, ask)).toEqual([200, 200, 429]);
  });

  it('holds no cached image and no redirect of a known code', async () => {
    const headers = from(newAddress());
    const { id } = (await api.post('/v1/renders', newBody())).json();
    await api.post('/v1/codes', { target: 'https://example.com/known', slug: 'Known-Code' });
    expect(await statuses(20, () => api.call(`/v1/renders/${id}/image`, { key: null, headers }))).toEqual(
      Array(20).fill(200),
    );
    expect(await statuses(20, () => api.call('/known-code', { key: null, headers }))).toEqual(Array(20).fill(302));
  });
});

describe('windows', () => {
  it('are two seconds for keys, one for addresses, and a limit of 0 is none', async () => {
    const other = await startApi({ rateLimits: createRateLimits(needs), beside: api });
    await api.addKey('window-key', 'read', 'default');
    const policyOf = async (path: string, key: string | null, at: typeof other) =>
      (await at.call(path, { key, headers: from(newAddress()) })).headers.get('ratelimit-policy');
    expect(await policyOf('/v1/renders', 'window-key', other)).toBe('"key";q=6;w=2');
    expect(await policyOf('/v1/qr?data=x', null, other)).toBe('"address";q=4;w=1');
    const free = await startApi({ beside: api });
    expect(await policyOf('/v1/renders', 'window-key', free)).toBeNull();
  });
});

describe('whoever guesses', () => {
  it('keys gets 429 after a few, unseen and even with the right one; others and known good keys go on', async () => {
    const [guesser, neighbour] = [from(newAddress()), from(newAddress())];
    await api.addKey('seen-key', 'read', 'default');
    await api.addKey('unseen-key', 'read', 'default');
    await api.call('/v1/renders', { key: 'seen-key', headers: neighbour });
    const guess = (n: number) => api.call('/v1/renders', { key: `guess-${n}`, headers: guesser });
    expect(await statuses(6, guess)).toEqual([401, 401, 401, 401, 401, 429]);
    const right = await api.call('/v1/renders', { key: 'unseen-key', headers: guesser });
    expect([right.status, right.json().code]).toEqual([429, 'too_many_requests']);
    expect(Number(right.headers.get('retry-after'))).toBeGreaterThan(1);
    expect((await api.call('/v1/renders', { key: 'seen-key', headers: guesser })).status).toBe(200);
    expect((await api.call('/v1/renders', { key: 'unseen-key', headers: neighbour })).status).toBe(200);
  });

  it('with expired keys and headers that hold none gets 429 too; without a key it is no guess', async () => {
    const { database, deps } = api;
    await api.addKey('ended-key', 'read', 'default');
    const row = await database.keys.findByHash(keyDigest('ended-key'));
    await database.keys.remove('default', 'key_ended-key');
    await database.keys.insert({ ...(row as KeyRow), expiresAt: deps.now() - 1 });
    const [one, other, third] = [newAddress(), newAddress(), newAddress()].map(from);
    const expired = () => api.call('/v1/renders', { key: 'ended-key', headers: one as Record<string, string> });
    expect(await statuses(6, expired)).toEqual([401, 401, 401, 401, 401, 429]);
    const malformed = () => api.call('/v1/renders', { key: null, headers: { ...other, authorization: 'Basic eDp5' } });
    expect(await statuses(6, malformed)).toEqual([401, 401, 401, 401, 401, 429]);
    const absent = () => api.call('/v1/renders', { key: null, headers: third as Record<string, string> });
    expect(await statuses(8, absent)).toEqual(Array(8).fill(401));
  });

  it('keys at the sign-in of the board gets 429 too', async () => {
    const headers = {
      ...from(newAddress()),
      origin: 'https://qr.example.com',
      'content-type': 'application/x-www-form-urlencoded',
    };
    const ask = (n: number) =>
      api.call('/admin/queues/sign-in', { key: null, method: 'POST', headers, body: `key=guess-${n}` });
    expect(await statuses(7, ask)).toEqual([401, 401, 401, 401, 401, 429, 429]);
  });

  it('slugs gets 429, a page in a browser; known codes go on', async () => {
    const headers = from(newAddress());
    const ask = (n: number) => api.call(`/guess-${n}`, { key: null, headers });
    expect(await statuses(7, ask)).toEqual([404, 404, 404, 404, 404, 404, 429]);
    const url = `http://127.0.0.1:${api.port}/guess-again`;
    const page = await fetch(url, { headers: { ...headers, accept: 'text/html' } });
    expect([page.status, (await page.text()).includes('Please wait a minute')]).toEqual([429, true]);
    expect(page.headers.get('retry-after')).toMatch(/^\d+$/);
    await api.post('/v1/codes', { target: 'https://example.com/here', slug: 'Still-Here' });
    expect((await api.call('/still-here', { key: null, headers })).status).toBe(302);
  });

  it('ids of images gets 429', async () => {
    const headers = from(newAddress());
    const ask = (n: number) => api.call(`/v1/renders/rnd_guess${n}/image`, { key: null, headers });
    expect(await statuses(7, ask)).toEqual([404, 404, 404, 404, 404, 404, 429]);
  });
});

describe('what Redis knows', () => {
  it('names no address', async () => {
    const keys = await redis.keys(`${prefix}*`);
    expect(keys.length).toBeGreaterThan(5);
    expect(keys.join('\n')).not.toMatch(/203\.0\.113|2001|127\.0\.0\.1/);
  });
});

describe('the network of an address', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0db8:0001:0002::1', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['64:ff9b::192.0.2.1', '64:ff9b:0:0::/64'],
    ['1:2::3:4:192.0.2.1', '1:2:0:0::/64'],
    [null, 'none'],
  ])('of %s is %s', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });
});
