import { describe, expect, it } from 'vitest';
import { eventually } from '../support/client.ts';
import { newBody, operatorKey, startApi } from './support/api-under-test.ts';

const api = await startApi();

const make = async (body: Record<string, unknown>) => (await api.post('/v1/tenants', body)).json() as { id: string };
const keyFor = async (tenantId: string, role = 'admin') =>
  ((await api.post('/v1/keys', { name: 'first', role, tenantId })).json() as { key: string }).key;
const setStatus = (id: string, status: string) => api.patch(`/v1/tenants/${id}`, { status });

describe('tenants', () => {
  it('are made with an id of their own or a made one, listed, read and renamed', async () => {
    const made = await api.post('/v1/tenants', { name: 'Acme', id: 'acme' });
    expect([made.status, made.json()]).toMatchObject([201, { object: 'tenant', id: 'acme', status: 'active' }]);
    expect((await make({ name: 'Other' })).id).toMatch(/^tnt_/);
    const list = (await api.call('/v1/tenants')).json().data as { id: string }[];
    expect(list.map(({ id }) => id)).toEqual(expect.arrayContaining(['acme', 'default']));
    expect((await api.patch('/v1/tenants/acme', { name: 'Acme Ltd' })).json()).toMatchObject({ name: 'Acme Ltd' });
    expect((await api.call('/v1/tenants/acme')).json()).toMatchObject({ name: 'Acme Ltd', status: 'active' });
    expect((await api.call('/v1/tenants/nobody')).status).toBe(404);
  });

  it.each(['default', 'anonymous'])('never get the id %s', async (id) => {
    const answer = await api.post('/v1/tenants', { name: 'x', id });
    expect([answer.status, answer.json().code]).toEqual([409, 'tenant_id_taken']);
  });

  it.each([
    ['without Idempotency-Key, though both ask the same', 'twin', [5, 5], false],
    ['with keys, when they ask for other quotas', 'sibling', [5, 6], true],
  ])('are made once by two requests at once for one id, %s', async (_, id, quotas, keyed) => {
    const { tenants } = api.database;
    const { find } = tenants;
    let looks = 0;
    // Both look before either has written.
    tenants.find = async (wanted) => (wanted === id && ++looks <= 2 ? null : find(wanted));
    const answers = await Promise.all(
      quotas.map((rendersPerDay, index) =>
        api.post(
          '/v1/tenants',
          { name: 'Twins', id, quotas: { rendersPerDay } },
          keyed ? { 'idempotency-key': `${id}-${index}` } : {},
        ),
      ),
    );
    tenants.find = find;
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
    const made = answers.find(({ status }) => status === 201)?.json();
    expect((await api.call(`/v1/tenants/${id}`)).json()).toEqual(made);
  });

  it.each([
    ['/name', 'invalid_name', { name: ' ' }],
    ['/id', 'invalid_value', { name: 'x', id: 'Ä' }],
    ['/id', 'invalid_type', { name: 'x', id: 7 }],
  ])('are refused with what is wrong at %s: %s', async (pointer, code, body) => {
    const answer = await api.post('/v1/tenants', body);
    expect([answer.status, answer.json().errors]).toMatchObject([422, [{ pointer, code }]]);
  });

  it('are nothing for admins', async () => {
    const { id } = await make({ name: 'curious' });
    const key = await keyFor(id);
    expect((await api.call('/v1/tenants', { key })).status).toBe(403);
    expect((await api.patch(`/v1/tenants/${id}`, { status: 'active' }, {}, key)).status).toBe(403);
  });
});

describe('a patch of a tenant', () => {
  it('that changes nothing moves nothing, and is not on record', async () => {
    const { id } = await make({ name: 'same' });
    const before = (await api.call(`/v1/tenants/${id}`)).json();
    api.advance(1000);
    for (const patch of [{}, { name: 'same', status: 'active', quotas: { rendersPerDay: null } }])
      expect((await api.patch(`/v1/tenants/${id}`, patch)).json()).toEqual(before);
    const record = (await api.call(`/v1/audit?objectId=${id}`)).json().data as { action: string }[];
    expect(record.map(({ action }) => action)).toEqual(['tenant.create']);
  });

  it('takes its own quotas away by null (RFC 7396)', async () => {
    const { id } = await make({ name: 'limited' });
    await api.patch(`/v1/tenants/${id}`, { quotas: { rendersPerDay: 7, batchRowsPerDay: 8 } });
    const answer = await api.patch(`/v1/tenants/${id}`, { quotas: null });
    expect([answer.status, answer.json().quotas]).toEqual([200, { rendersPerDay: null, batchRowsPerDay: null }]);
  });
});

describe('a suspended tenant', () => {
  it('has its keys refused and its short URLs answer 410, in every process within seconds, until it is active again', async () => {
    const { id } = await make({ name: 'noisy' });
    const key = await keyFor(id);
    const code = (await api.post('/v1/codes', { target: 'https://example.com/a' }, {}, key)).json() as { slug: string };
    const beside = await startApi({ beside: api });
    const stop = await beside.deps.suspended.start();
    expect((await beside.call(`/${code.slug}`, { key: null })).status).toBe(302);

    expect((await setStatus(id, 'suspended')).json()).toMatchObject({ id, status: 'suspended' });
    const refused = await api.post('/v1/renders', newBody(), {}, key);
    expect([refused.status, refused.json().code]).toEqual([403, 'tenant_suspended']);
    expect((await api.call(`/${code.slug}`, { key: null })).status).toBe(410);
    await eventually('another process knows', async () => (await beside.call('/v1/me', { key })).status === 403);
    expect((await beside.call(`/${code.slug}`, { key: null })).status).toBe(410);
    expect((await api.call('/v1/renders', { key: operatorKey })).status).toBe(200);

    await setStatus(id, 'active');
    expect((await api.post('/v1/renders', newBody(), {}, key)).status).toBe(200);
    expect((await api.call(`/${code.slug}`, { key: null })).status).toBe(302);
    stop();
  });

  it('is never the one that has the key of the configuration', async () => {
    const answer = await setStatus('default', 'suspended');
    expect([answer.status, answer.json().code]).toEqual([409, 'default_tenant']);
  });

  it('stays so while the database cannot tell', async () => {
    const { id } = await make({ name: 'away' });
    const key = await keyFor(id);
    await setStatus(id, 'suspended');
    const { suspended } = api.database.tenants;
    api.database.tenants.suspended = () => Promise.reject(new Error('away'));
    await api.deps.suspended.refresh();
    expect((await api.call('/v1/me', { key })).status).toBe(403);
    api.database.tenants.suspended = suspended;
  });
});

describe('GET /v1/me', () => {
  it('says whose key it is', async () => {
    const me = (await api.call('/v1/me')).json();
    expect(me).toMatchObject({
      object: 'me',
      key: { id: 'key_bootstrap', role: 'operator' },
      tenant: { id: 'default', status: 'active' },
    });
    expect(me.key).not.toHaveProperty('key');
  });
});
