import { beforeAll, describe, expect, it } from 'vitest';
import { auditActions } from '../../api/audit-actions.ts';
import { seedBootstrapKey } from '../../api/first-facts.ts';
import { openApiDocument } from '../../api/openapi/document.ts';
import { auditActionNames } from '../../shared/contract/audit-actions.ts';
import type { AuditAnswer } from '../../shared/contract/audit-answer.ts';
import { unavailable } from '../../shared/errors.ts';
import { type ApiUnderTest, publicUrl, startApi } from './support/api-under-test.ts';

let api: ApiUnderTest;

beforeAll(async () => {
  api = await startApi();
  await api.addKey('admin-of-a', 'admin', 'a');
  await api.addKey('writer-of-a', 'write', 'a');
  await api.addKey('admin-of-b', 'admin', 'b');
});

const entries = async (query = '', key = 'admin-of-a'): Promise<AuditAnswer[]> => {
  const answer = await api.call(`/v1/audit${query}`, { key });
  expect(answer.status).toBe(200);
  return answer.json().data as AuditAnswer[];
};

const asWriter = (path: string, body: unknown, headers = {}) => api.post(path, body, headers, 'writer-of-a');

describe('the record of changes', () => {
  it('tells who made, changed, rolled back and archived a code, when, and which fields', async () => {
    const made = await asWriter('/v1/codes', { target: 'https://example.com/a', metadata: { pin: '4711' } });
    const { id } = made.json();
    const patch = { target: 'https://example.com/b', metadata: { pin: '4712' } };
    await api.patch(`/v1/codes/${id}`, patch, { 'request-id': 'my-request-1' }, 'writer-of-a');
    await asWriter(`/v1/codes/${id}/rollback`, { version: 1 });
    await api.patch(`/v1/codes/${id}`, { title: 'again' }, {}, 'writer-of-a');
    await api.call(`/v1/codes/${id}`, { method: 'DELETE', key: 'writer-of-a' });
    const found = await entries(`?objectId=${id}&sort=createdAt`);
    const who = { object: 'audit_entry', tenantId: 'a', keyId: 'key_writer-of-a', objectId: id };
    const done = ['code.create', 'code.update', 'code.rollback', 'code.update', 'code.archive'];
    expect(found.map(({ action }) => action)).toEqual(done);
    for (const entry of found) expect(entry).toMatchObject(who);
    expect(found[0]?.changes).toContainEqual({ field: 'target', before: null, after: 'https://example.com/a' });
    expect(found[1]?.requestId).toBe('my-request-1');
    expect(found[1]?.changes).toEqual([
      { field: 'target', before: 'https://example.com/a', after: 'https://example.com/b' },
      { field: 'version', before: 1, after: 2 },
      { field: 'metadata', before: null, after: null },
    ]);
    expect(found[4]?.changes).toEqual([{ field: 'status', before: 'active', after: 'archived' }]);
    expect(JSON.stringify(found)).not.toContain('471');
  });

  it('keeps no secret of webhooks and callbacks, and no URL that may hold one', async () => {
    const url = 'https://hooks.example.com/in?token=hush';
    const made = (await asWriter('/v1/webhooks', { url, events: ['render.completed'] })).json();
    await api.patch(`/v1/webhooks/${made.id}`, { url: `${url}2`, status: 'disabled' }, {}, 'writer-of-a');
    await api.call(`/v1/webhooks/${made.id}/rotate-secret`, { method: 'POST', key: 'writer-of-a' });
    await api.call('/v1/callback-secret/rotate', { method: 'POST', key: 'writer-of-a' });
    await api.call(`/v1/webhooks/${made.id}`, { method: 'DELETE', key: 'writer-of-a' });
    const found = await entries();
    expect(found.slice(0, 5).map(({ action }) => action)).toEqual([
      'webhook.delete',
      'callback_secret.rotate',
      'webhook.rotate_secret',
      'webhook.update',
      'webhook.create',
    ]);
    expect(found[3]?.changes).toEqual([
      { field: 'status', before: 'active', after: 'disabled' },
      { field: 'disabledReason', before: null, after: 'by_request' },
      { field: 'url', before: null, after: null },
    ]);
    expect(found[2]?.changes).toEqual([{ field: 'secret', before: null, after: null }]);
    expect(JSON.stringify(found)).not.toMatch(/hush|whsec_/);
  });

  it('has nothing of requests that were refused, changed nothing, or came again', async () => {
    const before = (await entries('?limit=200')).length;
    const [target, headers] = ['https://example.com/c', { 'idempotency-key': 'audit-1' }];
    const { id } = (await asWriter('/v1/codes', { target }, headers)).json();
    await asWriter('/v1/codes', { target }, headers);
    await api.patch(`/v1/codes/${id}`, { target }, {}, 'writer-of-a');
    await api.patch(`/v1/codes/${id}`, { target: 'javascript:1' }, {}, 'writer-of-a');
    await api.call(`/v1/codes/${id}/restore`, { method: 'POST', key: 'writer-of-a' });
    expect((await entries('?limit=200')).length).toBe(before + 1);
  });

  it('writes down late what could not be written when the same request comes again', async () => {
    const { insert } = api.database.audit;
    api.database.audit.insert = async () => {
      throw unavailable('database_unavailable', 'away');
    };
    const [target, headers] = ['https://example.com/late', { 'idempotency-key': 'audit-2' }];
    const first = await asWriter('/v1/codes', { target }, headers);
    expect(first.status).toBe(503);
    api.database.audit.insert = insert;
    const again = await asWriter('/v1/codes', { target }, headers);
    expect(again.status).toBe(201);
    expect((await entries(`?objectId=${again.json().id}`)).map(({ action }) => action)).toEqual(['code.create']);
  });

  it('is filtered and paged, and shows an admin its own tenant only', async () => {
    expect(await entries('', 'admin-of-b')).toEqual([]);
    const [newest] = await entries('?limit=1');
    expect(await entries(`?objectId=${newest?.objectId}`, 'admin-of-b')).toEqual([]);
    expect((await entries('?action=webhook.create')).map(({ action }) => action)).toEqual(['webhook.create']);
    expect(await entries('?to=2026-01-01')).toEqual([]);
    const all = await entries('?limit=200');
    const paged: AuditAnswer[] = [];
    for (let path: string | null = '/v1/audit?limit=2'; path !== null; ) {
      const page = (await api.call(path, { key: 'admin-of-a' })).json();
      paged.push(...(page.data as AuditAnswer[]));
      path = page.nextCursor === null ? null : `/v1/audit?limit=2&cursor=${page.nextCursor}`;
    }
    expect(paged).toEqual(all);
    expect((await api.call('/v1/audit?tenantId=b', { key: 'admin-of-a' })).status).toBe(403);
    const unknown = await api.call('/v1/audit?action=nope', { key: 'admin-of-a' });
    expect([unknown.status, unknown.json().errors]).toMatchObject([
      422,
      [{ name: 'action', detail: expect.stringMatching(/code\.create.*webhook\.update/), received: 'nope' }],
    ]);
    expect((await api.call('/v1/audit', { key: 'writer-of-a' })).status).toBe(403);
    expect((await api.call('/v1/audit?from=2026-02-02&to=2026-01-01', { key: 'admin-of-a' })).status).toBe(422);
  });

  it("shows an operator every tenant's, or one's", async () => {
    await api.post('/v1/codes', { target: 'https://example.com/d' });
    const tenants = new Set((await entries('?limit=200', 'operator-key-for-tests')).map(({ tenantId }) => tenantId));
    expect([...tenants].sort()).toEqual(['a', 'default']);
    const one = await entries('?tenantId=default', 'operator-key-for-tests');
    expect(new Set(one.map(({ tenantId }) => tenantId))).toEqual(new Set(['default']));
  });
});

describe('changes of keys and tenants', () => {
  it('are on record with the tenant whose they are, without a key', async () => {
    const tenantId = 'tenant-c';
    const headers = { 'idempotency-key': 'tenant c' };
    for (const _ of [1, 2]) await api.post('/v1/tenants', { id: tenantId, name: 'C' }, headers);
    for (const status of ['suspended', 'active'])
      expect((await api.patch(`/v1/tenants/${tenantId}`, { status })).json()).toMatchObject({ status });
    const made = (await api.post('/v1/keys', { name: 'shop', role: 'admin', tenantId })).json();
    await api.call(`/v1/keys/${made.id}/rotate`, { method: 'POST' });
    const seen = await entries('?sort=createdAt', String(made.key));
    await api.call(`/v1/keys/${made.id}`, { method: 'DELETE' });
    const all = await entries(`?tenantId=${tenantId}&sort=createdAt`, 'operator-key-for-tests');
    expect(all.slice(0, -1)).toEqual(seen);
    expect(all.map(({ action }) => action)).toEqual([
      'tenant.create',
      'tenant.update',
      'tenant.update',
      'key.create',
      'key.rotate',
      'key.revoke',
    ]);
    expect(all[1]?.changes).toEqual([{ field: 'status', before: 'active', after: 'suspended' }]);
    expect(all[4]?.changes).toEqual([{ field: 'key', before: null, after: null }]);
    expect(JSON.stringify(all)).not.toContain('qrf_');
  });
});

describe('another BOOTSTRAP_API_KEY', () => {
  it('is on record, and the same one at the next start is not', async () => {
    const own = await startApi();
    const record = async (key: string) =>
      (await own.call('/v1/audit?objectId=key_bootstrap', { key })).json().data as AuditAnswer[];
    await seedBootstrapKey(own.database, 'operator-key-for-tests', own.deps.now());
    expect(await record('operator-key-for-tests')).toEqual([]);
    await seedBootstrapKey(own.database, 'the-next-operator-key', own.deps.now());
    const found = await record('the-next-operator-key');
    const changes = [{ field: 'key', before: null, after: null }];
    expect(found).toMatchObject([{ action: 'key.rotate', keyId: 'configuration', tenantId: 'default', changes }]);
  });
});

describe('each route that changes something', () => {
  it('says in audit-actions.ts as what it is put on record, or that it is not', () => {
    const { paths } = openApiDocument(publicUrl);
    const lines = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods)
        .filter((method) => method !== 'get')
        .map((method) => `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ':$1')}`),
    );
    expect(lines.length).toBeGreaterThan(15);
    expect(lines.filter((line) => auditActions[line] === undefined)).toEqual([]);
    const used = new Set(Object.values(auditActions).filter((action) => action !== null));
    expect([...used].sort()).toEqual(auditActionNames);
  });
});
