import { describe, expect, it } from 'vitest';
import { eventually } from '../support/client.ts';
import { operatorKey, startApi } from './support/api-under-test.ts';

const api = await startApi();
await api.database.tenants.insert({
  id: 'acme',
  name: 'Acme',
  status: 'active',
  quotas: { rendersPerDay: null, batchRowsPerDay: null },
  revision: 1,
  createdAt: 1,
  updatedAt: 1,
});
await api.addKey('admin-of-default', 'admin', 'default');
await api.addKey('admin-of-acme', 'admin', 'acme');
await api.addKey('writer-of-acme', 'write', 'acme');

type Key = {
  id: string;
  key: string;
  role: string;
  tenantId: string;
  lastUsedAt: string | null;
  expiresAt: string | null;
};

const make = async (body: Record<string, unknown>, by = operatorKey, headers: Record<string, string> = {}) => {
  const answer = await api.post('/v1/keys', { name: 'shop', role: 'write', ...body }, headers, by);
  return { status: answer.status, key: answer.json() as unknown as Key & { code: string; errors: unknown[] } };
};
const statusOf = async (key: string): Promise<number> => (await api.call('/v1/renders', { key })).status;

describe('POST /v1/keys', () => {
  it('makes a key that works at once, and is shown in this answer only', async () => {
    const { status, key } = await make({});
    expect(status).toBe(201);
    expect(key).toMatchObject({ object: 'key', role: 'write', tenantId: 'default', lastUsedAt: null, expiresAt: null });
    expect(key.key).toMatch(/^qrf_[0-9A-Za-z]{28}$/);
    expect(await statusOf(key.key)).toBe(200);
    const shown = await api.call(`/v1/keys/${key.id}`);
    expect(shown.json()).not.toHaveProperty('key');
    expect(JSON.stringify(await api.database.keys.find(key.id))).not.toContain(key.key);
  });

  it('makes one for another tenant when an operator asks, and for none that is not there', async () => {
    const { key } = await make({ tenantId: 'acme', role: 'admin' });
    expect((await api.call('/v1/me', { key: key.key })).json()).toMatchObject({ tenant: { id: 'acme', name: 'Acme' } });
    expect(await make({ tenantId: 'nobody' })).toMatchObject({
      status: 422,
      key: { errors: [{ pointer: '/tenantId', code: 'unknown_tenant', received: 'nobody' }] },
    });
    expect((await make({ tenantId: 'default' }, 'admin-of-acme')).status).toBe(403);
  });

  it('makes none that may do more than the caller', async () => {
    expect(await make({ role: 'operator' }, 'admin-of-acme')).toMatchObject({
      status: 403,
      key: { code: 'forbidden' },
    });
    expect((await make({ role: 'admin' }, 'admin-of-acme')).status).toBe(201);
    expect((await make({ role: 'read' }, 'writer-of-acme')).status).toBe(403);
  });

  it('answers the same key to the same Idempotency-Key', async () => {
    const headers = { 'idempotency-key': 'key-1' };
    const [first, second] = [
      await make({ name: 'once' }, operatorKey, headers),
      await make({ name: 'once' }, operatorKey, headers),
    ];
    expect(second).toEqual(first);
    expect((await make({ name: 'other' }, operatorKey, headers)).status).toBe(422);
  });

  it('refuses a key that has expired, and one that would be expired when it is made', async () => {
    const { key } = await make({ expiresAt: new Date(api.deps.now() + 60_000).toISOString() });
    expect(await statusOf(key.key)).toBe(200);
    api.advance(60_000);
    expect(await statusOf(key.key)).toBe(401);
    expect((await make({ expiresAt: '2020-01-01T00:00:00Z' })).key.errors).toMatchObject([
      { pointer: '/expiresAt', code: 'not_in_future', received: '2020-01-01T00:00:00Z' },
    ]);
  });

  it.each([
    ['/name', { name: '' }],
    ['/role', { role: 'root' }],
    ['/expiresAt', { expiresAt: 'soon' }],
    ['/colour', { colour: 'red' }],
  ])('tells what is wrong at %s', async (pointer, body) => {
    const { status, key } = await make(body);
    expect([status, key.errors]).toMatchObject([422, [{ pointer }]]);
  });
});

describe('keys', () => {
  it('are listed within their tenant, for operators of every tenant', async () => {
    const names = async (key: string, query = '') =>
      ((await api.call(`/v1/keys?limit=200${query}`, { key })).json().data as Key[]).map(({ tenantId }) => tenantId);
    expect(new Set(await names('admin-of-acme'))).toEqual(new Set(['acme']));
    expect(new Set(await names(operatorKey, '&tenantId=acme'))).toEqual(new Set(['acme']));
    expect((await api.call('/v1/keys?tenantId=default', { key: 'admin-of-acme' })).status).toBe(403);
    const unknown = await api.call('/v1/keys?colour=red');
    expect([unknown.status, unknown.json().detail]).toEqual([422, expect.stringContaining('tenantId')]);
  });

  it("are another tenant's 404, and an operator's 403 for admins", async () => {
    const { key } = await make({});
    expect((await api.call(`/v1/keys/${key.id}`, { key: 'admin-of-acme' })).status).toBe(404);
    expect((await api.call(`/v1/keys/${key.id}`, { key: 'admin-of-acme', method: 'DELETE' })).status).toBe(404);
    const { key: stronger } = await make({ role: 'operator' });
    expect((await api.call(`/v1/keys/${stronger.id}`, { key: 'admin-of-default', method: 'DELETE' })).status).toBe(403);
    expect((await api.post(`/v1/keys/${stronger.id}/rotate`, {}, {}, 'admin-of-default')).status).toBe(403);
  });

  it('that are revoked are refused at once where they were, and by every process within five seconds', async () => {
    const { key } = await make({ tenantId: 'acme' });
    const beside = await startApi({ beside: api });
    const statusBeside = async () => (await beside.call('/v1/renders', { key: key.key })).status;
    expect([await statusOf(key.key), await statusBeside()]).toEqual([200, 200]);
    expect((await api.call(`/v1/keys/${key.id}`, { key: 'admin-of-acme', method: 'DELETE' })).status).toBe(204);
    expect(await statusOf(key.key)).toBe(401);
    // It looked the key up before.
    expect(await statusBeside()).toBe(200);
    await eventually('the other process refuses it', async () => (await statusBeside()) === 401, 6000);
    expect((await api.call(`/v1/keys/${key.id}`)).status).toBe(404);
  });

  it('that are revoked while a request looks them up are refused from the next one on', async () => {
    const { key } = await make({ tenantId: 'acme' });
    const { keys } = api.database;
    const find = keys.findByHash.bind(keys);
    const found = new Promise<void>((resolve) => {
      keys.findByHash = async (digest) => {
        const row = await find(digest);
        keys.findByHash = find;
        resolve();
        await revoked;
        return row;
      };
    });
    let tell = (): void => undefined;
    const revoked = new Promise<void>((resolve) => {
      tell = resolve;
    });
    const underWay = statusOf(key.key);
    await found;
    expect((await api.call(`/v1/keys/${key.id}`, { key: 'admin-of-acme', method: 'DELETE' })).status).toBe(204);
    tell();
    expect(await underWay).toBe(200);
    expect(await statusOf(key.key)).toBe(401);
  });

  it('note when they were used', async () => {
    const { key } = await make({});
    await statusOf(key.key);
    const shown = (await api.call(`/v1/keys/${key.id}`)).json() as unknown as Key;
    expect(Math.abs(Date.parse(shown.lastUsedAt ?? '') - api.deps.now())).toBeLessThan(10_000);
  });

  it('of the configuration are changed there', async () => {
    const answer = await api.call('/v1/keys/key_bootstrap', { method: 'DELETE' });
    expect([answer.status, answer.json().code]).toEqual([409, 'bootstrap_key']);
  });
});

describe('rotation', () => {
  it('gives a new key beside which the old one works for as long as the caller says', async () => {
    const { key } = await make({});
    const rotated = await api.post(`/v1/keys/${key.id}/rotate`, { overlapSeconds: 100 });
    const next = rotated.json() as unknown as Key & { previousKeyExpiresAt: string };
    expect([rotated.status, next.id]).toEqual([200, key.id]);
    expect(next.key).not.toBe(key.key);
    expect(Math.abs(Date.parse(next.previousKeyExpiresAt) - api.deps.now() - 100_000)).toBeLessThan(10_000);
    const beside = await startApi({ beside: api });
    const status = async (of: string) => (await beside.call('/v1/renders', { key: of })).status;
    expect([await status(next.key), await status(key.key)]).toEqual([200, 200]);
    beside.advance(101_000 + api.deps.now() - beside.deps.now());
    expect([await status(next.key), await status(key.key)]).toEqual([200, 401]);
  });

  it('ends the old key at once where no overlap is wanted', async () => {
    const { key } = await make({});
    expect(await statusOf(key.key)).toBe(200);
    const next = (await api.post(`/v1/keys/${key.id}/rotate`, { overlapSeconds: 0 })).json() as unknown as Key;
    expect([await statusOf(key.key), await statusOf(next.key)]).toEqual([401, 200]);
  });

  it('needs no body, and gives the same key to the same Idempotency-Key', async () => {
    const { key } = await make({});
    const rotate = () =>
      api.call(`/v1/keys/${key.id}/rotate`, { method: 'POST', headers: { 'idempotency-key': 'rotate-1' } });
    const [first, second] = [await rotate(), await rotate()];
    expect([first.status, second.json()]).toEqual([200, first.json()]);
    expect(second.headers.get('idempotency-replayed')).toBe('true');
    expect((await api.post(`/v1/keys/${key.id}/rotate`, { overlapSeconds: -1 })).status).toBe(422);
  });
});
