import { once } from 'node:events';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApiServer } from '../../api/server.ts';
import type { CodeRow } from '../../shared/adapters/database/code-store.ts';
import { scanEventSchema } from '../../shared/contract/scan-event.ts';
import { eventually } from '../support/client.ts';
import { codeRow } from './support/code-row.ts';
import { type RedirectsUnderTest, redirectsUnderTest } from './support/redirects-under-test.ts';

const publicUrl = 'https://qr.example.com';
const at = Date.UTC(2026, 10, 24, 12);
const rows = new Map<string, CodeRow>();
let isAway = false;
let redirects: RedirectsUnderTest;
let port: number;
const lines: string[] = [];
const endings: (() => void)[] = [];

beforeAll(async () => {
  redirects = redirectsUnderTest({
    findBySlug: async (slug) => {
      if (isAway) throw new Error('away');
      return rows.get(slug) ?? null;
    },
    publicUrl,
    log: pino({ level: 'debug' }, { write: (line) => lines.push(line) }),
    now: () => at,
    trustedProxies: ['127.0.0.1/32'],
    locate: (address) => (address === '203.0.113.9' ? { country: 'FR', city: 'Paris' } : { country: null, city: null }),
  });
  const { server } = createApiServer((incoming, response) => {
    if (!redirects.handle(incoming, response)) response.writeHead(418).end();
  }, publicUrl);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
  endings.push(() => server.close().closeAllConnections());
});
afterAll(() => {
  for (const end of endings) end();
});

let slugs = 0;
/** A code under a slug that no other test has. */
function code(more: Parameters<typeof codeRow>[0] = {}): CodeRow {
  const row = codeRow({ slug: `code${++slugs}x`, ...more });
  rows.set(row.slug, row);
  return row;
}

async function get(path: string, headers: Record<string, string> = {}, method = 'GET') {
  redirects.scans.length = 0;
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method, headers, redirect: 'manual' });
  return {
    status: answer.status,
    headers: answer.headers,
    location: answer.headers.get('location'),
    text: await answer.text(),
    scans: [...redirects.scans],
  };
}

describe('GET of a short URL', () => {
  it('leads to the target, not to be stored, with the scan on record', async () => {
    const { id, slug } = code();
    const { status, headers, location, text, scans } = await get(`/${slug}`);
    expect({ status, location, text }).toEqual({ status: 302, location: 'https://example.com/menu', text: '' });
    expect(headers.get('cache-control')).toBe('private, no-store');
    expect(scans).toMatchObject([
      { codeId: id, tenantId: 'default', at, version: 1, fallbackTarget: null, prefetch: false },
    ]);
    expect(scanEventSchema.parse(scans[0])).toEqual(scans[0]);
  });

  it('answers only when the scan is on the disk', async () => {
    const { slug } = code();
    redirects.journal.isHeld = true;
    let answered = false;
    const answer = get(`/${slug}`).then((got) => {
      answered = true;
      return got;
    });
    await eventually('the scan is appended', async () => redirects.scans.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(answered).toBe(false);
    redirects.journal.isHeld = false;
    redirects.journal.release();
    expect((await answer).status).toBe(302);
  });

  it('takes any case and a trailing slash; the case tells a symbol from a link', async () => {
    const { slug } = code();
    for (const [path, source] of [
      [slug.toUpperCase(), 'qr'],
      [slug, 'link'],
      [`C${slug.slice(1)}`, 'link'],
      [`${slug.toUpperCase()}/?a=b`, 'qr'],
    ])
      expect((await get(`/${path}`)).scans).toMatchObject([{ source }]);
  });

  it('reads a path as a proxy sends it, with the host before it, and letters that came percent-encoded', async () => {
    const { slug } = code();
    const answerTo = (path: string) =>
      new Promise<[number | undefined, string | undefined]>((resolve, reject) => {
        const asked = request({ port, path }, (answer) => {
          answer.resume();
          resolve([answer.statusCode, answer.headers.location]);
        });
        asked.on('error', reject).end();
      });
    const encoded = `%43${slug.slice(1).toUpperCase()}`;
    for (const path of [`http://q.example.com/${slug}`, `HTTPS://Q.EXAMPLE.COM/${encoded}?a=%20`, `/${encoded}`])
      expect(await answerTo(path), path).toEqual([302, 'https://example.com/menu']);
    for (const path of ['http://q.example.com', `/%2F${slug}`, `/${slug}%00`, `/%`, '/%76%31', `/?x=/${slug}`])
      expect((await answerTo(path))[0], path).not.toBe(302);
    expect(redirects.scans.at(-1)?.source).toBe('qr');
  });

  it('knows no source where the case tells nothing: no letter in the slug, or a symbol that is not compact', async () => {
    code({ slug: '2345-67' });
    const plain = code({ imageOptions: { compact: false } });
    expect((await get('/2345-67')).scans).toMatchObject([{ source: null }]);
    expect((await get(`/${plain.slug.toUpperCase()}`)).scans).toMatchObject([{ source: null }]);
  });

  it('answers HEAD alike, which is no scan', async () => {
    const { slug } = code();
    const { status, location, scans } = await get(`/${slug}`, {}, 'HEAD');
    expect({ status, location, scans }).toEqual({ status: 302, location: 'https://example.com/menu', scans: [] });
  });

  it('leaves to others what is no short URL: reserved words, other methods, more segments, other characters', async () => {
    code({ slug: 'healthz' });
    const { slug } = code();
    for (const path of [
      '/',
      '/healthz',
      '/HEALTHZ',
      '/v1',
      '/qr?data=x',
      `/${slug}/more`,
      `//${slug}`,
      '/a.b',
      '/ab',
      '/-abc',
      '/favicon.ico',
    ])
      expect([path, (await get(path)).status]).toEqual([path, 418]);
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS'])
      expect((await get(`/${slug}`, {}, method)).status).toBe(418);
  });

  it('has the address of the short URL from nowhere but the configuration: a forged Host changes nothing', async () => {
    const { slug } = code();
    const asked = request({
      port,
      host: '127.0.0.1',
      path: `/${slug}`,
      headers: { host: 'evil.example', 'x-forwarded-host': 'evil.example' },
    });
    asked.end();
    const [answer] = await once(asked, 'response');
    expect(answer.statusCode).toBe(302);
    expect(JSON.stringify(answer.rawHeaders)).not.toContain('evil');
    answer.resume();
  });

  it('writes one line for the log, without slug, address or query', async () => {
    const { slug } = code();
    lines.length = 0;
    await get(`/${slug}?secret=1`, { 'x-forwarded-for': '203.0.113.9' });
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ msg: 'request', method: 'GET', route: '/:slug', status: 302 });
    for (const kept of [slug, 'secret', '203.0.113']) expect(lines[0]).not.toContain(kept);
  });
});

describe('the event of a scan', () => {
  const asBrowser = {
    'user-agent': `Mozilla/5.0 ${'x'.repeat(600)}`,
    'accept-language': 'DE-at,de;q=0.9,en;q=0.8',
    referer: 'https://www.Example.org/page?private=1',
    'x-forwarded-for': '198.51.100.66, 203.0.113.9',
  };

  it('has place, language, host of the referrer and a cut user agent, and no address', async () => {
    const { slug } = code();
    const { scans } = await get(`/${slug}`, asBrowser);
    expect(scans).toMatchObject([{ country: 'FR', city: 'Paris', language: 'de', referrer: 'www.example.org' }]);
    expect(scans[0]?.userAgent).toHaveLength(512);
    expect(scans[0]?.visitor).toMatch(/^[\w-]{22}$/);
    expect(JSON.stringify(scans)).not.toMatch(/203\.0\.113|198\.51|127\.0\.0|private/);
  });

  it('tells a visitor by code, address and user agent; what a client writes into X-Forwarded-For changes nothing', async () => {
    const [first, second] = [code(), code({ id: 'cod_another' })];
    const visitor = async (slug: string, headers: Record<string, string>) =>
      (await get(`/${slug}`, headers)).scans[0]?.visitor;
    const mine = await visitor(first.slug, asBrowser);
    expect(await visitor(first.slug, { ...asBrowser, 'x-forwarded-for': '1.2.3.4, 203.0.113.9' })).toBe(mine);
    expect(await visitor(first.slug, { ...asBrowser, 'x-forwarded-for': '203.0.113.10' })).not.toBe(mine);
    expect(await visitor(first.slug, { ...asBrowser, 'user-agent': 'curl' })).not.toBe(mine);
    expect(await visitor(second.slug, asBrowser)).not.toBe(mine);
  });

  it.each([
    ['purpose', 'prefetch'],
    ['sec-purpose', 'prefetch;prerender'],
    ['x-purpose', 'preview'],
    ['x-moz', 'prefetch'],
  ])('says when the request says of itself that it is none yet: %s: %s', async (name, value) => {
    const { slug } = code();
    expect((await get(`/${slug}`, { [name]: value })).scans).toMatchObject([{ prefetch: true }]);
  });

  it.each([
    [{ 'accept-language': '*' }, { language: null }],
    [{ 'accept-language': 'zh-Hant-TW' }, { language: 'zh' }],
    [{ 'accept-language': '12' }, { language: null }],
    [{ referer: 'nonsense' }, { referrer: null }],
    [{ referer: 'android-app://com.example.app/' }, { referrer: 'com.example.app' }],
    [{ referer: 'about:blank' }, { referrer: null }],
  ])('of %j has %j', async (headers, expected) => {
    const { slug } = code();
    const { scans } = await get(`/${slug}`, headers);
    expect(scans).toMatchObject([expected]);
  });

  it('has an id of its own that sorts by time', async () => {
    const { slug } = code();
    const ids: string[] = [];
    for (let count = 0; count < 3; count++) ids.push((await get(`/${slug}`)).scans[0]?.id ?? '');
    expect(new Set(ids).size).toBe(3);
    for (const id of ids) expect(id.startsWith(`scn_${at.toString(16).padStart(12, '0')}`)).toBe(true);
  });

  it('fits its schema whatever the headers hold', async () => {
    const { slug } = code();
    const value = fc.string({
      unit: fc.integer({ min: 0x20, max: 0x7e }).map((unit) => String.fromCharCode(unit)),
      maxLength: 300,
    });
    await fc.assert(
      fc.asyncProperty(value, value, value, value, async (userAgent, language, referer, forwarded) => {
        const { status, scans } = await get(`/${slug}`, {
          'user-agent': userAgent,
          'accept-language': language,
          referer,
          'x-forwarded-for': forwarded,
        });
        expect(status).toBe(302);
        expect(scanEventSchema.safeParse(scans[0]).success).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});

describe('a code that is not active', () => {
  const states: [string, Partial<CodeRow>][] = [
    ['paused', { paused: true }],
    ['expired', { expiresAt: at }],
    ['archived', { archivedAt: at - 1 }],
  ];
  for (const [name, state] of states) {
    it(`leads to its fallback target when it is ${name}, recorded as such`, async () => {
      const { slug } = code({ ...state, forwardQuery: true, fallbackTarget: 'https://example.com/closed' });
      const { status, location, scans } = await get(`/${slug}?a=b`);
      expect({ status, location }).toEqual({ status: 302, location: 'https://example.com/closed' });
      expect(scans).toMatchObject([{ version: null, fallbackTarget: 'https://example.com/closed' }]);
    });

    it(`is 410 when it is ${name} without one, and records nothing`, async () => {
      const { slug } = code(state);
      expect(await get(`/${slug}`)).toMatchObject({ status: 410, scans: [] });
    });

    it(`is a small page when it is ${name}, but for who asks for JSON`, async () => {
      const { slug } = code(state);
      const typeFor = async (accept: string) => (await get(`/${slug}`, { accept })).headers.get('content-type');
      expect(await typeFor('*/*')).toBe('text/html; charset=utf-8');
      expect(await typeFor('image/avif,image/*,*/*;q=0.8')).toBe('text/html; charset=utf-8');
      for (const accept of ['application/json', 'application/json, text/plain, */*', 'application/problem+json'])
        expect(await typeFor(accept)).toBe('application/problem+json');
    });
  }

  it('is one that expires later', async () => {
    const { slug } = code({ expiresAt: at + 1 });
    expect((await get(`/${slug}`)).status).toBe(302);
  });
});

describe('a short URL that leads nowhere', () => {
  it('is a problem for programs and a page for browsers, neither to be stored', async () => {
    const problem = await get('/nowhere1');
    expect(problem.status).toBe(404);
    expect(problem.headers.get('content-type')).toBe('application/problem+json');
    expect(JSON.parse(problem.text)).toMatchObject({
      status: 404,
      code: 'code_not_found',
      instance: '/nowhere1',
      errors: [],
    });
    expect(problem.headers.get('cache-control')).toBe('no-store');

    const page = await get('/nowhere1', { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' });
    expect(page.status).toBe(404);
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-/);
    expect(page.headers.get('cache-control')).toBe('no-store');
    expect(page.text).toContain('<h1>This code leads nowhere</h1>');
    expect(page.text).not.toContain('nowhere1');
    expect([problem.scans, page.scans]).toEqual([[], []]);
  });

  it('is a problem for who refuses HTML', async () => {
    const { slug } = code({ paused: true });
    const { status, headers } = await get(`/${slug}`, { accept: 'text/html;q=0, application/json' });
    expect([status, headers.get('content-type')]).toEqual([410, 'application/problem+json']);
  });

  it('has headers and no body for HEAD', async () => {
    const { status, text, headers } = await get('/nowhere1', {}, 'HEAD');
    expect({ status, text }).toEqual({ status: 404, text: '' });
    expect(Number(headers.get('content-length'))).toBeGreaterThan(100);
  });

  it('is 503 with Retry-After while nobody can tell', async () => {
    isAway = true;
    try {
      for (const accept of ['text/html', 'application/json']) {
        const answer = await get(`/nobody-knows${++slugs}`, { accept });
        expect(answer.status).toBe(503);
        expect(answer.headers.get('retry-after')).toBe('2');
      }
    } finally {
      isAway = false;
    }
    const { slug } = code();
    await eventually('codes are found again', async () => (await get(`/${slug}`)).status === 302);
  });
});

describe('forwardQuery', () => {
  it.each([
    ['https://example.com/', 'a=1', 'https://example.com/?a=1'],
    ['https://example.com/?x=1', 'a=1&b=%20', 'https://example.com/?x=1&a=1&b=%20'],
    ['https://example.com/?x=1#part', 'a=1', 'https://example.com/?x=1&a=1#part'],
    ['https://example.com/#part?', 'a=1', 'https://example.com/?a=1#part?'],
    ['https://example.com/?', 'a=1', 'https://example.com/?a=1'],
    ['https://example.com/?a=0', 'a=1', 'https://example.com/?a=0&a=1'],
    ['https://example.com/', '', 'https://example.com/'],
  ])('appends to %s what came: %s', async (target, query, location) => {
    const { slug } = code({ target, forwardQuery: true });
    expect((await get(`/${slug}?${query}`)).location).toBe(location);
  });

  it('is off unless the code says so', async () => {
    const { slug } = code();
    expect((await get(`/${slug}?a=1`)).location).toBe('https://example.com/menu');
  });

  it('sends a target with other letters in the spelling that browsers use', async () => {
    const { slug } = code({ target: 'https://exämple.com/menü?ä' });
    expect((await get(`/${slug}`)).location).toBe('https://xn--exmple-cua.com/men%C3%BC?%C3%A4');
  });
});
