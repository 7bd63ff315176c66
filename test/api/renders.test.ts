import { describe, expect, it } from 'vitest';
import { listAnswerSchema } from '../../shared/contract/lists.ts';
import { renderAnswerSchema } from '../../shared/contract/render-answer.ts';
import { eventually } from '../support/client.ts';
import { newBody, publicUrl, startApi } from './support/api-under-test.ts';

const api = await startApi();

describe('POST /v1/renders', () => {
  it('answers 200 with the completed render, in the shape of the contract', async () => {
    const answer = await api.post('/v1/renders', newBody());
    expect(answer.status).toBe(200);
    const render = renderAnswerSchema.strict().parse(answer.json());
    expect(render.status).toBe('completed');
    expect(render.image?.url).toBe(`${publicUrl}/v1/renders/${render.id}/image`);
    expect(render.spec).toEqual({
      content: render.spec.content,
      format: 'png',
      size: 300,
      margin: 4,
      errorCorrection: 'M',
      foreground: '#000000',
      background: '#ffffff',
      logo: null,
    });
    expect(render.encodedText).toBe((render.spec.content as unknown as { text: string }).text);
  });

  it('answers the same id for another spelling of the same spec, and draws it once', async () => {
    const body = newBody();
    const first = (await api.post('/v1/renders', body)).json();
    const jobs = api.queues.jobs.length;
    const other = { foreground: '#000', size: 300, background: '#FFFFFF', ...body, margin: 4, logo: null };
    const second = (await api.post('/v1/renders', other)).json();
    expect(second.id).toBe(first.id);
    expect(api.queues.jobs.length).toBe(jobs);
  });

  it('draws equal requests in flight once and answers all of them', async () => {
    const body = newBody();
    const jobs = api.queues.jobs.length;
    const answers = await Promise.all(Array.from({ length: 40 }, () => api.post('/v1/renders', body)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(answers.map(({ json }) => json().id)).size).toBe(1);
    expect(api.queues.jobs.length).toBe(jobs + 1);
  });

  it('puts many renders into few jobs of at most 32', async () => {
    const jobs = api.queues.jobs.length;
    const answers = await Promise.all(Array.from({ length: 100 }, () => api.post('/v1/renders', newBody())));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    const sizes = api.queues.jobs.slice(jobs).map((job) => (job.payload as { renderIds: string[] }).renderIds.length);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(100);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(32);
    expect(sizes.length).toBeLessThan(60);
  });

  it('answers 202 with Location and Retry-After at once for respond-async', async () => {
    api.queues.isHeld = true;
    const answer = await api.post('/v1/renders', newBody(), { prefer: 'respond-async' });
    expect(answer.status).toBe(202);
    const { id, status } = answer.json();
    expect(status).toBe('queued');
    expect(answer.headers.get('location')).toBe(`${publicUrl}/v1/renders/${id}`);
    expect(answer.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
    expect(answer.headers.get('preference-applied')).toBe('respond-async');
    api.queues.isHeld = false;
    await api.queues.work();
    expect((await api.call(`/v1/renders/${id}`)).json().status).toBe('completed');
  });

  it('waits for a render that another request enqueued', async () => {
    const body = newBody();
    api.queues.isHeld = true;
    await api.post('/v1/renders', body, { prefer: 'respond-async' });
    const waiting = api.post('/v1/renders', body, { prefer: 'wait=20' });
    setTimeout(() => void api.queues.work(), 50);
    const answer = await waiting;
    api.queues.isHeld = false;
    expect(answer.status).toBe(200);
    expect(answer.headers.get('preference-applied')).toBe('wait=20');
  });

  it('answers 202 when the time is up', async () => {
    api.queues.isHeld = true;
    const answer = await api.post('/v1/renders', newBody(), { prefer: 'wait=0' });
    api.queues.isHeld = false;
    await api.queues.work();
    expect(answer.status).toBe(202);
    expect(answer.headers.get('preference-applied')).toBe('wait=0');
  });

  it('does without a wait that is no number, as RFC 7240 wants it', async () => {
    const answer = await api.post('/v1/renders', newBody(), { prefer: 'wait=soon' });
    expect([answer.status, answer.headers.get('preference-applied')]).toEqual([200, null]);
  });

  it('answers the image itself when Accept asks for it', async () => {
    const png = await api.post('/v1/renders', newBody(), { accept: 'image/png' });
    expect([png.status, png.headers.get('content-type')]).toEqual([200, 'image/png']);
    const place = png.headers.get('content-location')?.replace(publicUrl, '') ?? '';
    expect((await api.call(place)).body).toEqual(png.body);
    const svg = await api.post('/v1/renders', newBody(), { accept: 'image/svg+xml' });
    expect(svg.headers.get('content-type')).toBe('image/svg+xml');
    expect(svg.body.toString()).toMatch(/^svg of/);
  });

  it('answers a POST with the image whatever the caller has already: 304 is for GET', async () => {
    const answer = await api.post('/v1/renders', newBody(), { accept: 'image/png', 'if-none-match': '*' });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'image/png']);
  });

  it('lets the format of the body beat Accept', async () => {
    const answer = await api.post('/v1/renders', newBody({ format: 'svg' }), { accept: 'image/png' });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'image/svg+xml']);
  });

  it('answers JSON where Accept names nothing that we have', async () => {
    const answer = await api.post('/v1/renders', newBody(), { accept: 'text/html, image/webp' });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8']);
  });

  it('answers 200 with a failed render, and starts it anew when it is posted again', async () => {
    const body = newBody();
    api.queues.failure = { code: 'render_crashed', detail: 'It crashed', pointer: null };
    const failed = await api.post('/v1/renders', body);
    api.queues.failure = null;
    expect(failed.status).toBe(200);
    expect(failed.json()).toMatchObject({ status: 'failed', image: null, error: { code: 'render_crashed' } });
    expect((await api.post('/v1/renders', body)).json().status).toBe('completed');
  });

  it('tells a failure as a problem where bytes were asked for', async () => {
    api.queues.failure = { code: 'render_crashed', detail: 'It crashed', pointer: null };
    const answer = await api.post('/v1/renders', newBody(), { accept: 'image/png' });
    api.queues.failure = null;
    expect([answer.status, answer.headers.get('content-type')]).toEqual([422, 'application/problem+json']);
    expect(answer.json()).toMatchObject({ code: 'render_crashed', detail: 'It crashed' });
  });

  it('refuses with 503 and writes no row while the queue is known to be away', async () => {
    const body = newBody();
    api.queues.away = true;
    const answer = await api.post('/v1/renders', body);
    api.queues.away = false;
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1']);
    const { data } = (await api.call('/v1/renders?limit=200')).json() as { data: { encodedText: string }[] };
    expect(data.map(({ encodedText }) => encodedText)).not.toContain((body.content as { text: string }).text);
  });

  it('answers a finished render while the queue is away', async () => {
    const other = await startApi({ beside: api });
    const body = newBody();
    await api.post('/v1/renders', body);
    api.queues.away = true;
    const [here, elsewhere] = [await api.post('/v1/renders', body), await other.post('/v1/renders', body)];
    api.queues.away = false;
    expect([here.status, elsewhere.status]).toEqual([200, 200]);
  });

  it('answers 202 when enqueuing fails after the row is written: the sweeper will do it', async () => {
    api.queues.losesJobs = true;
    const answer = await api.post('/v1/renders', newBody(), { prefer: 'wait=0' });
    api.queues.losesJobs = false;
    expect(answer.status).toBe(202);
    expect((await api.call(`/v1/renders/${answer.json().id}`)).json().status).toBe('queued');
  });

  it('frees what a closed connection held', async () => {
    api.queues.isHeld = true;
    const gone = new AbortController();
    const listening = api.server.server.listenerCount('request');
    const request = fetch(`http://127.0.0.1:${api.port}/v1/renders`, {
      method: 'POST',
      signal: gone.signal,
      headers: {
        'content-type': 'application/json',
        prefer: 'wait=30',
        authorization: 'Bearer operator-key-for-tests',
      },
      body: JSON.stringify(newBody()),
    });
    const jobs = api.queues.jobs.length;
    await eventually('the render is enqueued', async () => api.queues.jobs.length > jobs);
    const lines = api.lines.length;
    gone.abort();
    await expect(request).rejects.toThrow();
    // The request's line is written when its handler is done, long before its thirty seconds are over.
    await eventually(
      'the request ends',
      async () => api.lines.slice(lines).some(({ route }) => route === '/v1/renders'),
      5000,
    );
    api.queues.isHeld = false;
    await api.queues.work();
    expect(api.server.server.listenerCount('request')).toBe(listening);
  });

  it('answers whoever waits when the process is about to end', async () => {
    const other = await startApi({ beside: api });
    api.queues.isHeld = true;
    const jobs = api.queues.jobs.length;
    const waiting = other.post('/v1/renders', newBody(), { prefer: 'wait=30' });
    await eventually('the render is enqueued', async () => api.queues.jobs.length > jobs);
    other.hurry.abort();
    expect((await waiting).status).toBe(202);
    api.queues.isHeld = false;
    await api.queues.work();
  }, 9000);
});

describe('GET, DELETE /v1/renders', () => {
  it('lists page by page, newest or oldest first, with a Link to the next page', async () => {
    await api.addKey('list-key', 'write', 'lister');
    for (let n = 0; n < 5; n++) await api.post('/v1/renders', newBody(), {}, 'list-key');
    const seen: string[] = [];
    let path: string | null = '/v1/renders?limit=2&sort=createdAt&status=completed';
    while (path !== null) {
      const page = await api.call(path, { key: 'list-key' });
      const { data, nextCursor } = listAnswerSchema(renderAnswerSchema).parse(page.json());
      seen.push(...data.map(({ id }) => id));
      const link = /^<https:\/\/qr\.example\.com(.+)>; rel="next"$/.exec(page.headers.get('link') ?? '')?.[1] ?? null;
      expect(link === null).toBe(nextCursor === null);
      path = link;
    }
    expect(new Set(seen).size).toBe(5);
    const whole = (await api.call('/v1/renders?limit=5', { key: 'list-key' })).json();
    expect([(whole.data as unknown[]).length, whole.nextCursor]).toEqual([5, null]);
    const newest = (await api.call('/v1/renders', { key: 'list-key' })).json() as { data: { id: string }[] };
    expect(newest.data.map(({ id }) => id)).toEqual(seen.toReversed());
  });

  it.each([
    ['limit=0', 'limit'],
    ['limit=201', 'limit'],
    ['limit=2.5', 'limit'],
    ['sort=size', 'sort'],
    ['cursor=nonsense', 'cursor'],
    ['status=done', 'status'],
    ['colour=red', 'colour'],
    ['limit=1&limit=2', 'limit'],
  ])('refuses %s, naming it', async (query, name) => {
    const answer = await api.call(`/v1/renders?${query}`);
    expect(answer.status).toBe(422);
    expect(answer.json().errors).toMatchObject([{ in: 'query', name }]);
  });

  it("answers 404 for another tenant's render, and lets it delete nothing", async () => {
    await api.addKey('stranger', 'admin', 'elsewhere');
    const { id } = (await api.post('/v1/renders', newBody())).json();
    expect((await api.call(`/v1/renders/${id}`, { key: 'stranger' })).status).toBe(404);
    expect((await api.call(`/v1/renders/${id}`, { key: 'stranger', method: 'DELETE' })).status).toBe(404);
    expect((await api.call(`/v1/renders/${id}`)).status).toBe(200);
    const { data } = (await api.call('/v1/renders', { key: 'stranger' })).json() as { data: unknown[] };
    expect(data).toEqual([]);
  });

  it('deletes a render and its bytes', async () => {
    const { id } = (await api.post('/v1/renders', newBody())).json();
    expect((await api.call(`/v1/renders/${id}/image`)).status).toBe(200);
    expect((await api.call(`/v1/renders/${id}`, { method: 'DELETE' })).status).toBe(204);
    expect((await api.call(`/v1/renders/${id}`)).status).toBe(404);
    expect((await api.call(`/v1/renders/${id}/image`)).status).toBe(404);
    expect([...api.objects.stored.keys()].filter((key) => key.includes(String(id)))).toEqual([]);
    expect((await api.call(`/v1/renders/${id}`, { method: 'DELETE' })).status).toBe(404);
  });

  it.each<[string, () => Promise<void>, () => Promise<void>]>([
    ['before its row goes', async () => api.queues.work(), async () => undefined],
    ['after its row is gone', async () => undefined, async () => api.queues.work()],
  ])('leaves no bytes of a render whose drawing ends %s', async (_, before, after) => {
    api.queues.isHeld = true;
    const { id } = (await api.post('/v1/renders', newBody(), { prefer: 'respond-async' })).json();
    const { remove } = api.database.renders;
    api.database.renders.remove = async (...render) => {
      await before();
      const removed = await remove(...render);
      await after();
      return removed;
    };
    const answer = await api.call(`/v1/renders/${id}`, { method: 'DELETE' });
    api.database.renders.remove = remove;
    api.queues.isHeld = false;
    expect(answer.status).toBe(204);
    expect([...api.objects.stored.keys()].filter((key) => key.includes(String(id)))).toEqual([]);
    expect((await api.call(`/v1/renders/${id}/image`)).status).toBe(404);
  });

  it('keeps the row of a render whose bytes cannot be removed, so that it can be deleted again', async () => {
    const { id } = (await api.post('/v1/renders', newBody())).json();
    api.objects.away = true;
    const refused = await api.call(`/v1/renders/${id}`, { method: 'DELETE' });
    api.objects.away = false;
    expect([refused.status, (await api.call(`/v1/renders/${id}`)).status]).toEqual([503, 200]);
    expect((await api.call(`/v1/renders/${id}`, { method: 'DELETE' })).status).toBe(204);
  });
});
