import { describe, expect, it } from 'vitest';
import { codeAnswerSchema, targetVersionSchema } from '../../shared/contract/code-answer.ts';
import { listAnswerSchema } from '../../shared/contract/lists.ts';
import { startApi } from './support/api-under-test.ts';

const api = await startApi();
const [a, b, c] = ['https://example.com/a', 'https://example.com/b', 'https://example.com/c'] as const;

async function make(more: Record<string, unknown> = {}): Promise<{ id: string; path: string; etag: string }> {
  const answer = await api.post('/v1/codes', { target: a, ...more });
  if (answer.status !== 201) throw new Error(answer.body.toString());
  const { id } = codeAnswerSchema.parse(answer.json());
  return { id, path: `/v1/codes/${id}`, etag: answer.headers.get('etag') ?? '' };
}

const historySchema = listAnswerSchema(targetVersionSchema.strict());
const historyOf = async (path: string, query = '') =>
  historySchema.strict().parse((await api.call(`${path}/history${query}`)).json());

describe('PATCH /v1/codes/:id', () => {
  it('changes the fields that it names, counts the target as a new version, and tells the redirect', async () => {
    const { id, path, etag } = await make({ title: 'Menu', metadata: { x: 1, y: { z: 2 } } });
    const answer = await api.patch(path, { target: b, metadata: { x: null, y: { w: 3 } }, status: 'paused' });
    expect(answer.status).toBe(200);
    const code = codeAnswerSchema.strict().parse(answer.json());
    expect(code).toMatchObject({
      target: b,
      version: 2,
      title: 'Menu',
      metadata: { y: { z: 2, w: 3 } },
      status: 'paused',
    });
    expect(answer.headers.get('etag')).not.toBe(etag);
    expect(api.changedCodes.at(-1)).toMatchObject({
      id,
      revision: 2,
      paused: true,
      current: { target: b, version: 2 },
    });
    expect((await api.call(path)).json()).toEqual(code);
    expect((await api.patch(path, { status: 'active' })).json().status).toBe('active');
  });

  it('changes nothing where everything is so already: no version, no new ETag', async () => {
    const { path, etag } = await make();
    for (const body of [{}, { target: a }, { target: ` ${a} `, title: null, tags: [] }]) {
      const answer = await api.patch(path, body);
      expect([answer.status, answer.headers.get('etag'), answer.json().version]).toEqual([200, etag, 1]);
    }
  });

  it('takes application/json too, and says what it takes', async () => {
    const { path } = await make();
    const plain = await api.patch(path, { title: 'New' }, { 'content-type': 'application/json' });
    expect(plain.status).toBe(200);
    const other = await api.patch(path, { title: 'New' }, { 'content-type': 'application/json-patch+json' });
    expect([other.status, other.headers.get('accept-patch')]).toEqual([
      415,
      'application/json, application/merge-patch+json',
    ]);
    const post = await api.post('/v1/codes', { target: a }, { 'content-type': 'application/merge-patch+json' });
    expect(post.status).toBe(415);
  });

  it('is refused with 412 when the code has changed since', async () => {
    const { path, etag } = await make();
    const first = await api.patch(path, { title: 'One' }, { 'if-match': etag });
    expect(first.status).toBe(200);
    const current = first.headers.get('etag') ?? '';
    for (const stale of [etag, 'nonsense', `W/${current}`, '"x", "y"']) {
      const answer = await api.patch(path, { title: 'Two' }, { 'if-match': stale });
      expect([answer.status, answer.json().code, answer.headers.get('etag')]).toEqual([
        412,
        'precondition_failed',
        current,
      ]);
      expect(answer.json().errors).toMatchObject([{ in: 'header', name: 'If-Match' }]);
    }
    for (const unquoted of [current.slice(1, -1), '', `W/${current}`]) {
      const answer = await api.patch(path, { title: 'Two' }, { 'if-match': unquoted });
      expect([answer.status, answer.json().detail]).toEqual([
        412,
        `If-Match must be the code's ETag in its quotes, ${current} now, or *; "${unquoted}" came`,
      ]);
    }
    expect((await api.call(path)).json().title).toBe('One');
    expect((await api.patch(path, { title: 'Two' }, { 'if-match': `"x", ${current}` })).status).toBe(200);
    expect((await api.patch(path, { title: 'Three' }, { 'if-match': '*' })).status).toBe(200);
  });

  it('lets exactly one of many with the same If-Match through', async () => {
    const { path, etag } = await make();
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, index) => api.patch(path, { title: `${index}` }, { 'if-match': etag })),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 412)).toHaveLength(11);
  });

  it('without If-Match loses no one of many changes at the same time', async () => {
    const { path } = await make();
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, index) => api.patch(path, { metadata: { [`k${index}`]: index } })),
    );
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(Object.keys((await api.call(path)).json().metadata as object)).toHaveLength(12);
  });

  it('refuses what is wrong with all of its fields, and changes nothing', async () => {
    const { path } = await make();
    const answer = await api.patch(path, { target: 'javascript:x', slug: 'other', status: 'archived', title: 'New' });
    expect(answer.status).toBe(422);
    expect((answer.json().errors as { pointer: string }[]).map(({ pointer }) => pointer).sort()).toEqual([
      '/slug',
      '/status',
      '/target',
    ]);
    expect((await api.call(path)).json().title).toBeNull();
  });

  it('refuses image options that together no reader could read', async () => {
    const { path } = await make({ imageOptions: { foreground: '#222222' } });
    const answer = await api.patch(path, { imageOptions: { background: '#111111' } });
    expect(answer.status).toBe(422);
    expect((answer.json().errors as { pointer: string }[])[0]?.pointer).toMatch(/^\/imageOptions\/(fore|back)ground$/);
  });

  it('refuses as a target the short URL of the code itself, also when it was made under another origin', async () => {
    const { path } = await make();
    const moved = await startApi({ beside: api, config: { shortUrl: 'https://new.example.org' } });
    const code = codeAnswerSchema.parse((await moved.call(path)).json());
    expect(code.shortUrl).toBe(`https://q.example.com/${code.slug}`);
    for (const target of [code.shortUrl, `https://new.example.org/${code.slug}`])
      expect((await moved.patch(path, { target })).status).toBe(422);
    const fresh = (await moved.post('/v1/codes', { target: a })).json();
    expect(fresh.domain).toBe('new.example.org');
  });

  it('can clear an expiry and set another, and the status follows the clock', async () => {
    const { path } = await make({ expiresAt: new Date(Date.now() + 3_600_000).toISOString() });
    const late = await startApi({ beside: api });
    late.advance(3_600_001);
    expect((await late.call(path)).json().status).toBe('expired');
    expect((await late.patch(path, { expiresAt: null })).json()).toMatchObject({ status: 'active', expiresAt: null });
  });

  it('refuses to call an expired code active unless its expiry moves too', async () => {
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
    const { path } = await make({ expiresAt });
    const late = await startApi({ beside: api });
    late.advance(3_600_001);
    const refused = await late.patch(path, { status: 'active', title: 'back' });
    expect([refused.status, refused.json().errors]).toEqual([
      422,
      [expect.objectContaining({ pointer: '/status', code: 'code_expired', received: 'active' })],
    ]);
    expect(refused.json().detail).toMatch(new RegExp(`expiresAt.*expired at ${expiresAt}`));
    expect((await late.call(path)).json()).toMatchObject({ status: 'expired', title: null });

    const moved = new Date(Date.now() + 9_000_000).toISOString();
    const extended = await late.patch(path, { status: 'active', expiresAt: moved });
    expect([extended.status, extended.json().status]).toEqual([200, 'active']);
    expect((await late.patch(path, { status: 'active' })).status).toBe(200);
  });

  it('keeps an expired code expired over archiving, restoring and a rollback, and says so', async () => {
    const { path } = await make({ expiresAt: new Date(Date.now() + 3_600_000).toISOString() });
    await api.patch(path, { target: 'https://example.com/second' });
    const late = await startApi({ beside: api });
    late.advance(3_600_001);
    await late.call(path, { method: 'DELETE' });
    expect((await late.post(`${path}/restore`, {})).json().status).toBe('expired');
    expect((await late.post(`${path}/rollback`, { version: 1 })).json()).toMatchObject({
      status: 'expired',
      version: 3,
    });
  });
});

describe('DELETE and restore', () => {
  it('archives once, keeps the slug, and brings the same code back', async () => {
    const { id, path } = await make();
    const before = (await api.call(path)).json();
    expect((await api.call(path, { method: 'DELETE' })).status).toBe(204);
    expect(api.changedCodes.at(-1)).toMatchObject({ id, archivedAt: expect.any(Number) });
    const archived = await api.call(path);
    expect(archived.json().status).toBe('archived');
    const again = await api.call(path, { method: 'DELETE' });
    expect([again.status, again.headers.get('etag')]).toEqual([204, archived.headers.get('etag')]);

    const restored = await api.post(`${path}/restore`, {});
    expect([restored.status, restored.json().slug, restored.json().status]).toEqual([200, before.slug, 'active']);
    expect(api.changedCodes.at(-1)).toMatchObject({ id, archivedAt: null });
    expect((await api.post(`${path}/restore`, {})).headers.get('etag')).toBe(restored.headers.get('etag'));
  });

  it('an archived code changes only by restore, and the answer says so', async () => {
    const { path } = await make();
    await api.call(path, { method: 'DELETE' });
    for (const answer of [await api.patch(path, { title: 'x' }), await api.post(`${path}/rollback`, { version: 1 })]) {
      expect([answer.status, answer.json().code]).toEqual([409, 'code_archived']);
      expect(answer.json().detail).toContain(`POST ${path}/restore`);
    }
  });

  it('honours If-Match', async () => {
    const { path, etag } = await make();
    await api.patch(path, { title: 'New' });
    expect((await api.call(path, { method: 'DELETE', headers: { 'if-match': etag } })).status).toBe(412);
    expect((await api.post(`${path}/restore`, {}, { 'if-match': etag })).status).toBe(412);
    expect((await api.post(`${path}/rollback`, { version: 1 }, { 'if-match': etag })).status).toBe(412);
  });
});

describe('history and rollback', () => {
  it('tells every target with its time, newest first, by pages', async () => {
    const { path } = await make();
    await api.patch(path, { target: b });
    await api.patch(path, { title: 'No new target' });
    await api.patch(path, { target: c });
    const { data, nextCursor } = await historyOf(path);
    expect(nextCursor).toBeNull();
    expect(data.map(({ version, target, changedBy }) => [version, target, changedBy])).toEqual([
      [3, c, 'key_bootstrap'],
      [2, b, 'key_bootstrap'],
      [1, a, 'key_bootstrap'],
    ]);
    expect(data.map(({ to }) => to)).toEqual([null, data[0]?.from, data[1]?.from]);

    const pages = [];
    let query = '?limit=1';
    for (let page = await historyOf(path, query); ; page = await historyOf(path, query)) {
      pages.push(...page.data);
      if (page.nextCursor === null) break;
      query = `?limit=1&cursor=${page.nextCursor}`;
    }
    expect(pages).toEqual(data);
  });

  it('makes a new version with the old target', async () => {
    const { id, path } = await make();
    await api.patch(path, { target: b });
    const answer = await api.post(`${path}/rollback`, { version: 1 });
    expect([answer.status, answer.json().target, answer.json().version]).toEqual([200, a, 3]);
    expect(api.changedCodes.at(-1)).toMatchObject({ id, current: { target: a, version: 3 } });
    expect((await historyOf(path)).data.map(({ target }) => target)).toEqual([a, b, a]);
  });

  it('changes nothing where the code leads there already', async () => {
    const { path, etag } = await make();
    const same = await api.post(`${path}/rollback`, { version: 1 });
    expect([same.status, same.headers.get('etag')]).toEqual([200, etag]);
  });

  it('refuses a version that never was, and one whose target is denied by now', async () => {
    const { path } = await make();
    await api.patch(path, { target: b });
    const unknown = await api.post(`${path}/rollback`, { version: 9 });
    expect(unknown.status).toBe(422);
    expect(unknown.json().errors).toMatchObject([{ pointer: '/version', code: 'unknown_version', received: '9' }]);

    const stricter = await startApi({
      beside: api,
      config: { targetDeny: [{ host: 'example.com', withSubdomains: false }] },
    });
    const denied = await stricter.post(`${path}/rollback`, { version: 1 });
    expect(denied.status).toBe(422);
    expect(denied.json().errors).toMatchObject([{ pointer: '/version', code: 'target_refused' }]);
    expect((await stricter.patch(path, { title: 'Still changes' })).status).toBe(200);
  });
});
