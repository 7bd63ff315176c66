import { request } from 'node:http';
import { describe, expect, it } from 'vitest';
import { newBody, newPng, operatorKey, startApi } from './support/api-under-test.ts';

const api = await startApi();
const key = (name: string): Record<string, string> => ({ 'idempotency-key': name });

describe('Idempotency-Key', () => {
  it('answers the same request again, with the resource as it stands now', async () => {
    const body = newBody();
    api.queues.isHeld = true;
    const first = await api.post('/v1/renders', body, { ...key('again'), prefer: 'respond-async' });
    api.queues.isHeld = false;
    await api.queues.work();
    const jobs = api.queues.jobs.length;
    const second = await api.post(
      '/v1/renders',
      { ...body, size: 300 },
      { ...key('"again"'), prefer: 'respond-async' },
    );
    expect([first.status, second.status]).toEqual([202, 200]);
    expect(second.json()).toMatchObject({ id: first.json().id, status: 'completed' });
    expect(second.headers.get('idempotency-replayed')).toBe('true');
    expect(api.queues.jobs.length).toBe(jobs);
  });

  it('refuses another request with the same key', async () => {
    await api.post('/v1/renders', newBody(), key('taken'));
    const answer = await api.post('/v1/renders', newBody(), key('taken'));
    expect([answer.status, answer.json().code]).toEqual([422, 'idempotency_key_reused']);
    expect(answer.json().errors).toMatchObject([{ in: 'header', name: 'Idempotency-Key' }]);
  });

  it('belongs to a tenant and a route', async () => {
    await api.addKey('other-tenant', 'write', 'other');
    await api.post('/v1/renders', newBody(), key('shared'));
    expect((await api.post('/v1/renders', newBody(), key('shared'), 'other-tenant')).status).toBe(200);
    const logo = await api.call('/v1/logos', {
      body: newPng(),
      headers: { ...key('shared'), 'content-type': 'image/png' },
    });
    expect(logo.status).toBe(201);
  });

  it('makes one piece of work of fifty parallel posts, each answered alike or 409', async () => {
    const body = newBody();
    const jobs = api.queues.jobs.length;
    const answers = await Promise.all(Array.from({ length: 50 }, () => api.post('/v1/renders', body, key('fifty'))));
    const statuses = new Set(answers.map(({ status }) => status));
    expect([...statuses].every((status) => status === 200 || status === 409)).toBe(true);
    expect(statuses.has(200)).toBe(true);
    for (const { status, headers } of answers) if (status === 409) expect(headers.get('retry-after')).toBe('1');
    const ids = answers.filter(({ status }) => status === 200).map(({ json }) => json().id);
    expect(new Set(ids).size).toBe(1);
    expect(api.queues.jobs.length).toBe(jobs + 1);
    expect((await api.post('/v1/renders', body, key('fifty'))).json().id).toBe(ids[0]);
  });

  it('is released when the request was refused', async () => {
    const post = (name: string, slug: string) =>
      api.post('/v1/codes', { target: 'https://a.example', slug }, key(name));
    expect((await post('free', 'refused-slug')).status).toBe(201);
    expect((await post('refused', 'refused-slug')).status).toBe(409);
    expect((await post('refused', 'another-slug')).status).toBe(201);
  });

  it('goes on where the database was away, before what it makes was written', async () => {
    const body = newBody();
    api.queues.away = true;
    expect((await api.post('/v1/renders', body, key('released'))).status).toBe(503);
    api.queues.away = false;
    const answer = await api.post('/v1/renders', body, key('released'));
    expect([answer.status, answer.headers.has('idempotency-replayed')]).toEqual([200, false]);
  });

  it('goes to the next equal request when the first was never answered and its lease ran out', async () => {
    const body = newBody();
    const { answered } = api.database.idempotency;
    api.database.idempotency.answered = () => Promise.reject(new Error('crashed'));
    const first = await api.post('/v1/renders', body, key('lease'));
    api.database.idempotency.answered = answered;
    expect((await api.post('/v1/renders', body, key('lease'))).status).toBe(409);
    api.advance(61_000);
    const later = await api.post('/v1/renders', body, key('lease'));
    expect([later.status, later.json().id]).toEqual([200, first.json().id]);
  });

  it('is kept for a day', async () => {
    await api.post('/v1/renders', newBody(), key('daily'));
    api.advance(23 * 60 * 60 * 1000);
    expect((await api.post('/v1/renders', newBody(), key('daily'))).status).toBe(422);
    api.advance(2 * 60 * 60 * 1000);
    expect((await api.post('/v1/renders', newBody(), key('daily'))).status).toBe(200);
  });

  it('knows the same file in another multipart body', async () => {
    const bytes = newPng();
    const upload = () => {
      const form = new FormData();
      form.set('file', new Blob([bytes]), 'logo.png');
      return api.call('/v1/logos', { body: form, headers: key('file') });
    };
    const [first, second] = [await upload(), await upload()];
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.json()).toEqual(first.json());
    const other = await api.call('/v1/logos', {
      body: newPng(),
      headers: { ...key('file'), 'content-type': 'image/png' },
    });
    expect(other.status).toBe(422);
  });

  it('answers an upload again with the status of the first: 200 for a logo that was there before', async () => {
    const bytes = newPng();
    const png = { 'content-type': 'image/png' };
    await api.call('/v1/logos', { body: bytes, headers: png });
    const upload = () => api.call('/v1/logos', { body: bytes, headers: { ...png, ...key('there') } });
    const [first, second] = [await upload(), await upload()];
    expect([first.status, second.status, second.headers.get('idempotency-replayed')]).toEqual([200, 200, 'true']);
    expect(second.headers.get('content-location')).toBe(first.headers.get('content-location'));
  });

  it('answers 410 when what the first request made was deleted', async () => {
    const body = newBody();
    const { id } = (await api.post('/v1/renders', body, key('deleted'))).json();
    await api.call(`/v1/renders/${id}`, { method: 'DELETE' });
    const render = await api.post('/v1/renders', body, key('deleted'));
    expect([render.status, render.json().code]).toEqual([410, 'render_gone']);
    const upload = { body: newPng(), headers: { ...key('deleted'), 'content-type': 'image/png' } };
    const made = (await api.call('/v1/logos', upload)).json();
    await api.call(`/v1/logos/${made.id}`, { method: 'DELETE' });
    const logo = await api.call('/v1/logos', upload);
    expect([logo.status, logo.json().code]).toEqual([410, 'logo_gone']);
  });

  it('comes once: two are refused', async () => {
    const body = JSON.stringify(newBody());
    const headers = [
      ...['Host', 'x', 'Authorization', `Bearer ${operatorKey}`, 'Content-Type', 'application/json'],
      ...['Content-Length', String(Buffer.byteLength(body)), 'Idempotency-Key', 'one', 'Idempotency-Key', 'two'],
    ];
    const options = { port: api.port, path: '/v1/renders', method: 'POST', headers };
    const status = await new Promise((resolve, reject) => {
      const sent = request(options, (response) => resolve(response.resume().statusCode));
      sent.on('error', reject).end(body);
    });
    expect(status).toBe(422);
  });

  it.each(['"never closed', '"one"; x=1', '"one" two', '""', `"${'x'.repeat(256)}"`, 'y'.repeat(256), 'caf\u00e9'])(
    'refuses the key %.12s…',
    async (name) => {
      const answer = await api.post('/v1/renders', newBody(), key(name));
      expect(answer.status).toBe(422);
      expect(answer.json().errors).toMatchObject([{ in: 'header', name: 'Idempotency-Key' }]);
    },
  );
});
