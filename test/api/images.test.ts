import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { renderId } from '../../shared/domain/identity.ts';
import { imageKey } from '../../shared/domain/object-key.ts';
import type { RenderSpec } from '../../shared/domain/render-spec.ts';
import { newBody, publicUrl, startApi } from './support/api-under-test.ts';

const api = await startApi();

async function drawn(more: Record<string, unknown> = {}): Promise<{ id: string; sha256: string; path: string }> {
  const { id, image } = (await api.post('/v1/renders', newBody(more))).json() as {
    id: string;
    image: { sha256: string };
  };
  return { id, sha256: image.sha256, path: `/v1/renders/${id}/image` };
}

/** An API process that has nothing in memory. */
function afresh() {
  api.cached.clear();
  return startApi({ beside: api });
}

describe('GET /v1/renders/:id/image', () => {
  it('gives the bytes to anyone who has the id, to be kept for ever', async () => {
    const { id, sha256, path } = await drawn();
    const answer = await api.call(path, { key: null });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('etag')).toBe(`"${sha256}"`);
    expect(answer.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(answer.headers.get('content-type')).toBe('image/png');
    expect(answer.headers.get('content-disposition')).toBe(`inline; filename="${id}.png"`);
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(answer.headers.get('cross-origin-resource-policy')).toBe('cross-origin');
  });

  it('keeps an SVG from running or fetching anything but its own logo', async () => {
    const { path } = await drawn({ format: 'svg' });
    const answer = await api.call(path, { key: null });
    expect(answer.headers.get('content-type')).toBe('image/svg+xml');
    const policy = answer.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain('sandbox');
    expect(policy).toContain('img-src data:');
  });

  it.each(['png', 'svg'])('answers a %s from memory exactly as it was answered the first time', async (format) => {
    const { sha256, path } = await drawn({ format });
    const other = await afresh();
    const told = ({ status, headers, body }: Awaited<ReturnType<typeof api.call>>) => {
      const ofThisRequest = ['date', 'request-id'];
      return { status, body, headers: [...headers].filter(([name]) => !ofThisRequest.includes(name)).sort() };
    };
    const first = await other.call(path, { key: null });
    expect(told(await other.call(path, { key: null }))).toEqual(told(first));
    const conditional = { key: null, headers: { 'if-none-match': `"${sha256}"` } };
    const coldConditional = await (await afresh()).call(path, conditional);
    expect(coldConditional.status).toBe(304);
    expect(told(await other.call(path, conditional))).toEqual(told(coldConditional));
    const lines = other.lines.filter(({ route }) => route === '/v1/renders/:id/image');
    expect(lines.map(({ status }) => status)).toEqual([200, 200, 304]);
  });

  it.each(['"SHA"', 'W/"SHA"', '"other", "SHA"', '*'])(
    'answers 304 to If-None-Match: %s without reading bytes',
    async (tag) => {
      const { sha256, path } = await drawn();
      const other = await afresh();
      const reads = api.objects.read.length;
      const answer = await other.call(path, { headers: { 'if-none-match': tag.replace('SHA', sha256) } });
      expect([answer.status, answer.body.length]).toEqual([304, 0]);
      expect(answer.headers.get('etag')).toBe(`"${sha256}"`);
      expect(answer.headers.get('cache-control')).toContain('immutable');
      expect(api.objects.read.length).toBe(reads);
    },
  );

  it('answers HEAD like GET, without reading bytes', async () => {
    const { path } = await drawn();
    const get = await api.call(path);
    const other = await afresh();
    const reads = api.objects.read.length;
    const head = await other.call(path, { method: 'HEAD' });
    expect(head.status).toBe(200);
    for (const name of ['content-length', 'content-type', 'etag', 'cache-control', 'content-disposition'])
      expect(head.headers.get(name)).toBe(get.headers.get(name));
    expect(api.objects.read.length).toBe(reads);
  });

  it('reads from memory, else from the cache, else from the object store', async () => {
    const { id, path } = await drawn();
    const key = imageKey(id, 'png');
    const first = await afresh();
    const reads = () => api.objects.read.filter((read) => read === key).length;
    await Promise.all([first.call(path), first.call(path), first.call(path)]);
    expect(reads()).toBe(1);
    await first.call(path);
    expect(reads()).toBe(1);
    expect(first.cached.has(id)).toBe(true);
  });

  it('serves what is in memory while the object store is away, and 503 for what is not', async () => {
    const { path } = await drawn();
    await api.call(path);
    const other = await afresh();
    api.objects.away = true;
    const [known, unknown] = [await api.call(path), await other.call(path)];
    api.objects.away = false;
    expect(known.status).toBe(200);
    expect([unknown.status, unknown.headers.get('cache-control')]).toEqual([503, 'no-store']);
    expect(unknown.headers.has('retry-after')).toBe(true);
  });

  it('answers 409 with Retry-After before completion', async () => {
    api.queues.isHeld = true;
    const { id } = (await api.post('/v1/renders', newBody(), { prefer: 'respond-async' })).json();
    const answer = await api.call(`/v1/renders/${id}/image`);
    api.queues.isHeld = false;
    await api.queues.work();
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([409, '1']);
    expect(answer.json().code).toBe('render_not_ready');
    expect((await api.call(`/v1/renders/${id}/image`)).status).toBe(200);
  });

  it('answers 422 with the reason when the render failed, and 404 for an unknown id', async () => {
    api.queues.failure = { code: 'render_crashed', detail: 'It crashed', pointer: null };
    const { id } = (await api.post('/v1/renders', newBody())).json();
    api.queues.failure = null;
    const failed = await api.call(`/v1/renders/${id}/image`);
    expect([failed.status, failed.json().code]).toEqual([422, 'render_crashed']);
    expect((await api.call('/v1/renders/rnd_unknown/image')).status).toBe(404);
  });

  it.each([
    ['gone', (): void => api.objects.stored.clear()],
    [
      'cut short',
      (): void => {
        for (const key of api.objects.stored.keys()) api.objects.stored.set(key, Buffer.from('p'));
      },
    ],
    [
      'other ones of the same length',
      (): void => {
        for (const [key, bytes] of api.objects.stored) api.objects.stored.set(key, Buffer.alloc(bytes.length));
      },
    ],
  ])('draws bytes that are %s again while the caller waits', async (_, harm) => {
    const { sha256, path } = await drawn();
    const other = await afresh();
    harm();
    const answers = await Promise.all([other.call(path), other.call(path), other.call(path)]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    for (const { headers, body } of answers) {
      expect(headers.get('etag')).toBe(`"${sha256}"`);
      expect(createHash('sha256').update(body).digest('hex')).toBe(sha256);
    }
    const { path: untouched } = await drawn();
    expect((await other.call(untouched)).status).toBe(200);
  });

  it('answers 503 when bytes are gone and the queue is away, and the render stays completed', async () => {
    const { id, path } = await drawn();
    const other = await afresh();
    api.objects.stored.clear();
    api.queues.away = true;
    const answer = await other.call(path);
    api.queues.away = false;
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([503, 'no-store']);
    expect((await api.call(`/v1/renders/${id}`)).json().status).toBe('completed');
    expect((await other.call(path)).status).toBe(200);
  });

  it("leads to today's id when an older renderer's bytes are gone", async () => {
    const { id, path } = await drawn();
    const row = await api.database.renders.find(id);
    const spec: RenderSpec = { ...(row?.spec as RenderSpec), size: 301 };
    const old = renderId('another key', 'default', spec, 0);
    const [accepted] = await api.database.renders.accept(
      [{ id: old, tenantId: 'default', spec, rendererVersion: 0, jobId: 'j' }],
      1,
    );
    expect(accepted?.started).toBe(true);
    await api.database.renders.finish([{ id: old, at: 2, result: row?.result as never, error: null }]);
    const answer = await api.call(path.replace(id, old));
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([302, 'no-store']);
    const today = renderId(api.deps.config.secretKey, 'default', spec);
    expect(answer.headers.get('location')).toBe(`${publicUrl}/v1/renders/${today}/image`);
    expect(await api.database.renders.find(today)).toMatchObject({ tenantId: 'default', spec });
  });

  it('notes a use at most once an hour', async () => {
    const { id, path } = await drawn();
    const used = async (): Promise<number> => (await api.database.renders.find(id))?.lastUsedAt ?? 0;
    const made = await used();
    await api.call(path);
    expect(await used()).toBe(made);
    api.advance(2 * 60 * 60 * 1000);
    await api.call(path);
    await expect.poll(used).toBeGreaterThan(made + 60 * 60 * 1000);
  });
});
