import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { codeAnswerSchema } from '../../shared/contract/code-answer.ts';
import { normaliseSlug } from '../../shared/domain/slug.ts';
import { operatorKey, publicUrl, startApi } from './support/api-under-test.ts';

const api = await startApi();
const target = 'https://example.com/menu';
type Code = z.infer<typeof codeAnswerSchema>;
type Made = { code: Code; etag: string; path: string };

let counter = 0;
const newSlug = (): string => `slug-${process.pid}-${counter++}`;

async function make(more: Record<string, unknown> = {}): Promise<Made> {
  const answer = await api.post('/v1/codes', { target, ...more });
  if (answer.status !== 201) throw new Error(answer.body.toString());
  const code = codeAnswerSchema.strict().parse(answer.json());
  return { code, etag: answer.headers.get('etag') ?? '', path: `/v1/codes/${code.id}` };
}

const problemsOf = (answer: { json: () => Record<string, unknown> }) =>
  (answer.json().errors as { pointer: string | null; name: string | null; code: string }[])
    .map(({ pointer, name, code }) => `${pointer ?? name} ${code}`)
    .sort();

describe('POST /v1/codes', () => {
  it('answers 201 with the code, a random slug, and the short URL in upper case as what the symbol says', async () => {
    const answer = await api.post('/v1/codes', { target });
    expect(answer.status).toBe(201);
    const code = codeAnswerSchema.strict().parse(answer.json());
    expect(code.slug).toMatch(/^(?=.*[a-z])[2-9a-hjkmnp-z]{8}$/);
    expect(code).toMatchObject({
      domain: 'q.example.com',
      shortUrl: `https://q.example.com/${code.slug}`,
      encodedText: `HTTPS://Q.EXAMPLE.COM/${code.slug.toUpperCase()}`,
      target,
      status: 'active',
      version: 1,
      scanCount: 0,
      lastScannedAt: null,
      imageOptions: {},
      image: { url: `${publicUrl}/v1/codes/${code.id}/image` },
    });
    expect(answer.headers.get('location')).toBe(`${publicUrl}/v1/codes/${code.id}`);
    expect(answer.headers.get('cache-control')).toBe('private, no-store');
    expect(answer.headers.get('etag')).toMatch(/^"[\w-]+"$/);
  });

  it('keeps every field that came', async () => {
    const slug = newSlug();
    const given = {
      fallbackTarget: 'https://example.com/closed',
      title: 'Menu',
      tags: ['Spring', 'spring'],
      imageOptions: { size: 600, compact: false },
      forwardQuery: true,
      externalId: 'table 7',
      metadata: { a: { b: [null, 1] }, $set: 'x', 'a.b': 'y', __proto_: 1 },
    };
    const { code, path } = await make({ ...given, slug: slug.toUpperCase(), expiresAt: '2999-01-01T01:00:00+01:00' });
    expect(code).toMatchObject({
      ...given,
      slug,
      expiresAt: '2999-01-01T00:00:00.000Z',
      encodedText: `https://q.example.com/${slug}`,
    });
    expect((await api.call(path)).json()).toEqual(code);
  });

  it('tells the redirect of the code', async () => {
    const { code } = await make();
    expect(api.changedCodes.at(-1)).toMatchObject({ id: code.id, slug: code.slug, revision: 1 });
  });

  it('gives a slug once in the instance, whatever its case, and not again after archiving', async () => {
    await api.addKey('other-write-key', 'write', 'other');
    const slug = newSlug();
    const { path } = await make({ slug });
    expect((await api.call(path, { method: 'DELETE' })).status).toBe(204);
    for (const key of [operatorKey, 'other-write-key']) {
      const answer = await api.post('/v1/codes', { target, slug: slug.toUpperCase() }, {}, key);
      expect([answer.status, answer.json().code]).toEqual([409, 'slug_taken']);
      expect(answer.json().errors).toMatchObject([
        { in: 'body', pointer: '/slug', code: 'slug_taken', received: slug },
      ]);
    }
  });

  it('lets one of many have a slug that they ask for at the same time', async () => {
    const slug = newSlug();
    const answers = await Promise.all(Array.from({ length: 20 }, () => api.post('/v1/codes', { target, slug })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array.from({ length: 19 }, () => 409)]);
  });

  it('gives nobody the first segment of a path of ours', async () => {
    const table = readFileSync(join(import.meta.dirname, '../../api/routes.ts'), 'utf8');
    const paths = [...table.matchAll(/router\.\w+\('\/([^/'}]+)/g)].map((match) => match[1] as string);
    const words = [...new Set(paths)].filter((word) => normaliseSlug(word) !== null || word.length === 2);
    expect(words.length).toBeGreaterThan(3);
    for (const slug of words) expect((await api.post('/v1/codes', { target, slug })).status, slug).toBe(422);
  });

  it('tries another random slug when one is taken', async () => {
    const { codes } = api.database;
    const insert = codes.insert.bind(codes);
    const refused: string[] = [];
    codes.insert = async (rows) => {
      if (refused.length === 3) return insert(rows);
      refused.push(rows[0]?.slug ?? '');
      return ['slug-taken'];
    };
    const { code } = await make().finally(() => {
      codes.insert = insert;
    });
    expect(new Set([...refused, code.slug]).size).toBe(4);
  });

  it.each([
    'javascript:alert(1)',
    'https://user:password@example.com/',
    'https://example.com/\r\nSet-Cookie: a=b',
    `https://example.com/${'x'.repeat(20_000)}`,
    'https://q.example.com/ab3de9xk',
    'HTTP://Q.EXAMPLE.COM./AB3DE9XK',
    `${publicUrl}/ab3de9xk`,
    'https://www.denied.example/',
    'https://denied.example.:443/',
  ])('refuses a target, and a fallback target, of %.50s', async (bad) => {
    const answer = await api.post('/v1/codes', { target: bad, fallbackTarget: bad });
    expect(answer.status).toBe(422);
    expect(problemsOf(answer).map((problem) => problem.split(' ')[0])).toEqual(['/fallbackTarget', '/target']);
    expect(answer.body.toString()).not.toContain('password@');
  });

  it('refuses a body of 1 MB', async () => {
    const answer = await api.post('/v1/codes', { target: `https://example.com/${'x'.repeat(1_000_000)}` });
    expect([answer.status, answer.json().code]).toEqual([413, 'body_too_large']);
  });

  it('refuses an image that no reader could read, with the field below /imageOptions', async () => {
    const slug = newSlug();
    const faint = await api.post('/v1/codes', { target, slug, imageOptions: { foreground: '#eeeeee' } });
    expect([faint.status, problemsOf(faint)[0]]).toEqual([422, expect.stringContaining('/imageOptions/foreground ')]);
    const tiny = { size: 100, margin: 20, errorCorrection: 'H' };
    const small = await api.post('/v1/codes', { target, slug: 'x'.repeat(64), imageOptions: tiny });
    expect([small.status, problemsOf(small)[0]]).toEqual([422, expect.stringContaining('/imageOptions/size ')]);
    await make({ slug });
  });

  it('needs a key that may write', async () => {
    await api.addKey('read-key', 'read', 'default');
    expect((await api.post('/v1/codes', { target }, {}, null)).status).toBe(401);
    expect((await api.post('/v1/codes', { target }, {}, 'read-key')).status).toBe(403);
  });
});

describe('an Idempotency-Key', () => {
  it('makes one code of fifty parallel requests, and answers it again as it stands', async () => {
    const headers = { 'idempotency-key': newSlug() };
    const body = { target, title: headers['idempotency-key'] };
    const answers = await Promise.all(Array.from({ length: 50 }, () => api.post('/v1/codes', body, headers)));
    expect(answers.every(({ status }) => status === 201 || status === 409)).toBe(true);
    const ids = new Set(answers.filter(({ status }) => status === 201).map(({ json }) => json().id));
    expect(ids.size).toBe(1);
    await api.patch(`/v1/codes/${[...ids][0]}`, { title: 'New' });
    const again = await api.post('/v1/codes', body, headers);
    expect([again.status, again.json().id, again.json().title]).toEqual([201, [...ids][0], 'New']);
    const other = await api.post('/v1/codes', { ...body, title: 'Other' }, headers);
    expect([other.status, other.json().code]).toEqual([422, 'idempotency_key_reused']);
  });

  it('makes no second code when nobody learnt what became of the first request', async () => {
    const { codes } = api.database;
    const insert = codes.insert.bind(codes);
    codes.insert = async (rows) => {
      await insert(rows);
      throw new Error('The connection broke behind the write');
    };
    const headers = { 'idempotency-key': newSlug() };
    const body = { target, slug: newSlug() };
    const lost = await api.post('/v1/codes', body, headers).finally(() => {
      codes.insert = insert;
    });
    expect(lost.status).toBe(500);
    const again = await api.post('/v1/codes', body, headers);
    expect([again.status, again.json().slug]).toEqual([201, body.slug]);
  });

  it('rolls back once', async () => {
    const { path } = await make();
    await api.patch(path, { target: 'https://example.com/b' });
    const headers = { 'idempotency-key': newSlug() };
    expect((await api.post(`${path}/rollback`, { version: 1 }, headers)).json().version).toBe(3);
    await api.patch(path, { target: 'https://example.com/c' });
    const again = await api.post(`${path}/rollback`, { version: 1 }, headers);
    expect(again.json()).toMatchObject({ version: 4, target: 'https://example.com/c' });
  });
});

describe('GET /v1/codes/:id', () => {
  it('is 304 to its own ETag until somebody changes it, scans come, or its time is over', async () => {
    const { code, path, etag } = await make({ expiresAt: new Date(api.deps.now() + 60_000).toISOString() });
    const read = (tag: string) => api.call(path, { headers: { 'if-none-match': tag } });
    const expectNew = async (earlier: string): Promise<string> => {
      const answer = await read(earlier);
      const next = answer.headers.get('etag') ?? '';
      expect([answer.status, (await read(next)).status]).toEqual([200, 304]);
      return next;
    };
    const same = await read(`"other", W/${etag}`);
    expect([same.status, same.headers.get('etag'), same.body.length]).toEqual([304, etag, 0]);
    await api.patch(path, { title: 'New' });
    const changed = await expectNew(etag);
    await api.database.codes.setScanFacts([{ id: code.id, scanCount: 7, lastScannedAt: 1_790_000_000_000 }]);
    const scanned = await expectNew(changed);
    api.advance(61_000);
    await expectNew(scanned);
  });

  it('has an ETag that is good for a change although scans came', async () => {
    const { code, path, etag } = await make();
    await api.database.codes.setScanFacts([{ id: code.id, scanCount: 7, lastScannedAt: 1_790_000_000_000 }]);
    expect((await api.patch(path, { title: 'One' }, { 'if-match': etag })).status).toBe(200);
    expect((await api.patch(path, { title: 'Two' }, { 'if-match': etag })).status).toBe(412);
    expect((await api.patch(path, { title: 'Two' }, { 'if-match': `"${code.id}-2"` })).status).toBe(200);
    expect((await api.patch(path, { title: 'Three' }, { 'if-match': `"${code.id}-33"` })).status).toBe(412);
  });

  it("is 404 for another tenant's key, on every route", async () => {
    await api.addKey('stranger-key', 'admin', 'stranger');
    const { path } = await make();
    const key = 'stranger-key';
    const answers = [
      await api.call(path, { key }),
      await api.call(`${path}/image`, { key }),
      await api.call(`${path}/history`, { key }),
      await api.call(path, { key, method: 'DELETE' }),
      await api.patch(path, { title: 'Mine' }, {}, key),
      await api.post(`${path}/restore`, {}, {}, key),
      await api.post(`${path}/rollback`, { version: 1 }, {}, key),
      await api.call('/v1/codes/cod_none'),
    ];
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 404));
    expect((await api.call('/v1/codes', { key })).json()).toEqual({ data: [], nextCursor: null });
  });
});
