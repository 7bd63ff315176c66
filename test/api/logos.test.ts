import { describe, expect, it } from 'vitest';
import { newBody, newPng, operatorKey, startApi } from './support/api-under-test.ts';

const api = await startApi();
const png = { 'content-type': 'image/png' };
const upload = (bytes: Buffer, key = operatorKey) => api.call('/v1/logos', { body: bytes, headers: png, key });

describe('logos', () => {
  it('are listed, shown and deleted within their tenant', async () => {
    await api.addKey('logo-owner', 'write', 'owner');
    const { id } = (await upload(newPng(), 'logo-owner')).json();
    const get = (key: string) => api.call(`/v1/logos/${id}`, { key });
    expect((await get('logo-owner')).status).toBe(200);
    expect((await get(operatorKey)).status).toBe(404);
    const list = (await api.call('/v1/logos', { key: 'logo-owner' })).json() as { data: { id: string }[] };
    expect(list.data.map((logo) => logo.id)).toEqual([id]);
    expect((await api.call(`/v1/logos/${id}`, { key: operatorKey, method: 'DELETE' })).status).toBe(404);
    expect((await api.call(`/v1/logos/${id}`, { key: 'logo-owner', method: 'DELETE' })).status).toBe(204);
    expect((await get('logo-owner')).status).toBe(404);
  });

  it('serve renders by id, until they are deleted; what was made with them stays', async () => {
    const bytes = newPng();
    const { id } = (await upload(bytes)).json();
    const body = newBody({ logo: { id, ratio: 0.2 } });
    const made = await api.post('/v1/renders', body);
    expect(made.status).toBe(200);
    expect(made.json()).toMatchObject({ spec: { logo: { id, ratio: 0.2 } } });
    await api.call(`/v1/logos/${id}`, { method: 'DELETE' });
    const again = await api.post('/v1/renders', newBody({ logo: { id } }));
    expect([again.status, again.json().errors]).toMatchObject([422, [{ pointer: '/logo/id', code: 'unknown_logo' }]]);
    expect((await upload(bytes)).status).toBe(201);
    expect((await api.post('/v1/renders', newBody({ logo: { id } }))).status).toBe(200);
  });

  it('of another tenant are unknown', async () => {
    const { id } = (await upload(newPng())).json();
    await api.addKey('logo-stranger', 'write', 'strange');
    const answer = await api.post('/v1/renders', newBody({ logo: { id } }), {}, 'logo-stranger');
    expect([answer.status, answer.json().errors]).toMatchObject([422, [{ pointer: '/logo/id' }]]);
    const query = await api.call(`/v1/qr?data=x&logoId=${id}`, { key: null });
    expect([query.status, query.json().errors]).toMatchObject([422, [{ in: 'query', name: 'logoId' }]]);
  });

  it('that come inline become logos first, so that both ways give one id', async () => {
    const bytes = newPng();
    const data = `data:image/png;base64,${bytes.toString('base64')}`;
    const inline = newBody({ logo: { data } });
    const first = (await api.post('/v1/renders', inline)).json() as { id: string; spec: { logo: { id: string } } };
    const byId = await api.post('/v1/renders', { ...inline, logo: { id: first.spec.logo.id } });
    expect(byId.json().id).toBe(first.id);
    expect((await api.call(`/v1/logos/${first.spec.logo.id}`)).status).toBe(200);
  });

  it('that come inline are not waited for longer than the caller waits: their header says how they are planned', async () => {
    api.queues.isHeld = true;
    const data = `data:image/png;base64,${newPng().toString('base64')}`;
    const body = newBody({ logo: { data } });
    const answer = await api.post('/v1/renders', body, { prefer: 'respond-async' });
    expect([answer.status, answer.json().status]).toEqual([202, 'queued']);
    const { id, spec } = answer.json() as { id: string; spec: { logo: { id: string } } };
    expect((await api.call(`/v1/logos/${spec.logo.id}`)).status).toBe(404);
    const byId = await api.post('/v1/renders', newBody({ logo: { id: spec.logo.id } }), { prefer: 'respond-async' });
    expect([byId.status, byId.json().code, byId.headers.has('retry-after')]).toEqual([503, 'logo_check_pending', true]);
    api.queues.isHeld = false;
    await api.queues.work();
    expect((await api.call(`/v1/renders/${id}`)).json().status).toBe('completed');
    expect((await api.call(`/v1/logos/${spec.logo.id}`)).status).toBe(200);
    expect((await api.post('/v1/renders', body)).json().id).toBe(id);
  });

  it.each([
    ['of another kind', Buffer.from('GIF89a'), 'logo_type', 'data:image/png;base64,R0lGODlh'],
    ['cut short', newPng().subarray(0, 60), 'logo_damaged', 'image/png, 60 bytes'],
  ])('that come inline and are %s are refused at their field, without a worker', async (_, bytes, code, received) => {
    api.queues.isHeld = true;
    const data = `data:image/png;base64,${bytes.toString('base64')}`;
    const answer = await api.post('/v1/renders', newBody({ logo: { data } }), { prefer: 'respond-async' });
    api.queues.isHeld = false;
    expect([answer.status, answer.json().code]).toEqual([422, 'invalid_request']);
    expect(answer.json().errors).toMatchObject([{ pointer: '/logo/data', code, received }]);
  });

  it('that come inline and fail their check are refused at their field', async () => {
    api.queues.failure = { code: 'logo_damaged', detail: 'It is cut short', pointer: null };
    const bytes = newPng();
    const data = `data:image/png;base64,${bytes.toString('base64')}`;
    const answer = await api.post('/v1/renders', newBody({ logo: { data } }));
    api.queues.failure = null;
    expect([answer.status, answer.json().errors]).toMatchObject([
      422,
      [{ pointer: '/logo/data', code: 'logo_damaged', received: `image/png, ${bytes.length} bytes` }],
    ]);
  });

  it('raise error correction where it is needed, and the answer says so', async () => {
    const { id } = (await upload(newPng())).json();
    const answer = await api.post('/v1/renders', newBody({ errorCorrection: 'L', logo: { id, ratio: 0.3 } }));
    const {
      warnings,
      spec,
      id: renderId,
    } = answer.json() as { id: string; warnings: { code: string }[]; spec: { errorCorrection: string } };
    expect(warnings.map(({ code }) => code)).toContain('error_correction_raised');
    expect(spec.errorCorrection).not.toBe('L');
    expect((await api.call(`/v1/renders/${renderId}`)).json().warnings).toEqual([]);
  });
});
