import { beforeAll, describe, expect, it } from 'vitest';
import { createRouter, type Handlers } from '../../api/routes.ts';
import { type Role, roles } from '../../shared/domain/access.ts';
import { type ApiUnderTest, newBody, newPng, startApi } from './support/api-under-test.ts';
import { type Fixtures, pathOf, plantFixtures } from './support/fixtures.ts';

/*
 * Walks every route with another tenant's ids, with every lesser role and without a key. The list says who may, apart from where the
 * routes say it: a new route fails until it is here.
 */

/** `id`: its path names one tenant's thing. `own`: it shows or makes things of the caller's tenant. `instance`: it is the operator's. */
type About = 'id' | 'own' | 'instance';

const keyed: Record<string, [Role, About]> = {
  'POST /v1/renders': ['write', 'own'],
  'GET /v1/renders': ['read', 'own'],
  'GET /v1/renders/:id': ['read', 'id'],
  'DELETE /v1/renders/:id': ['write', 'id'],
  'POST /v1/logos': ['write', 'own'],
  'GET /v1/logos': ['read', 'own'],
  'GET /v1/logos/:id': ['read', 'id'],
  'DELETE /v1/logos/:id': ['write', 'id'],
  'POST /v1/batches': ['write', 'own'],
  'GET /v1/batches': ['read', 'own'],
  'GET /v1/batches/:id': ['read', 'id'],
  'GET /v1/batches/:id/rows': ['read', 'id'],
  'GET /v1/batches/:id/rows/:row/image': ['read', 'id'],
  'GET /v1/batches/:id/archive': ['read', 'id'],
  'GET /v1/batches/:id/events': ['read', 'id'],
  'POST /v1/batches/:id/cancel': ['write', 'id'],
  'POST /v1/batches/:id/retry': ['write', 'id'],
  'POST /v1/codes': ['write', 'own'],
  'GET /v1/codes': ['read', 'own'],
  'GET /v1/codes/:id': ['read', 'id'],
  'PATCH /v1/codes/:id': ['write', 'id'],
  'DELETE /v1/codes/:id': ['write', 'id'],
  'POST /v1/codes/:id/restore': ['write', 'id'],
  'GET /v1/codes/:id/history': ['read', 'id'],
  'POST /v1/codes/:id/rollback': ['write', 'id'],
  'GET /v1/codes/:id/image': ['read', 'id'],
  'GET /v1/codes/:id/analytics': ['read', 'id'],
  'GET /v1/codes/:id/scans': ['read', 'id'],
  'GET /v1/analytics': ['read', 'own'],
  'POST /v1/webhooks': ['write', 'own'],
  'GET /v1/webhooks': ['read', 'own'],
  'GET /v1/webhooks/:id': ['read', 'id'],
  'PATCH /v1/webhooks/:id': ['write', 'id'],
  'DELETE /v1/webhooks/:id': ['write', 'id'],
  'POST /v1/webhooks/:id/rotate-secret': ['write', 'id'],
  'POST /v1/webhooks/:id/test': ['write', 'id'],
  'GET /v1/webhooks/:id/deliveries': ['read', 'id'],
  'POST /v1/webhooks/:id/deliveries/:deliveryId/redeliver': ['write', 'id'],
  'GET /v1/callback-deliveries': ['read', 'own'],
  'POST /v1/callback-deliveries/:id/redeliver': ['write', 'id'],
  'POST /v1/callback-secret/rotate': ['write', 'own'],
  'GET /v1/audit': ['admin', 'own'],
  'POST /v1/keys': ['admin', 'own'],
  'GET /v1/keys': ['admin', 'own'],
  'GET /v1/keys/:id': ['admin', 'id'],
  'DELETE /v1/keys/:id': ['admin', 'id'],
  'POST /v1/keys/:id/rotate': ['admin', 'id'],
  'GET /v1/me': ['read', 'own'],
  'GET /v1/usage': ['read', 'own'],
  'POST /v1/signing-secret/rotate': ['write', 'own'],
  'POST /v1/tenants': ['operator', 'instance'],
  'GET /v1/tenants': ['operator', 'instance'],
  'GET /v1/tenants/:id': ['operator', 'instance'],
  'PATCH /v1/tenants/:id': ['operator', 'instance'],
  'GET /metrics': ['operator', 'instance'],
};

/** Let in without a key, and why. */
const open: Record<string, string> = {
  'GET /v1/renders/:id/image': 'the id is the capability',
  'GET /v1/qr': 'OPEN_QR',
  'GET /v1/create-qr-code': 'OPEN_QR',
  'GET /qr': 'OPEN_QR',
  'GET /chart': 'OPEN_QR',
  'GET /admin/queues/sign-in': 'where an operator signs in',
  'POST /admin/queues/sign-in': 'where an operator signs in',
  'GET /admin/queues/sign-out': 'does nothing without a session',
  'POST /admin/queues/sign-out': 'does nothing without a session',
  'GET /healthz': 'holds nothing',
  'GET /readyz': 'holds nothing',
  'GET /': 'holds nothing',
  'GET /openapi.json': 'holds nothing',
  'GET /docs': 'holds nothing',
  'GET /docs/:file': 'holds nothing',
  'GET /problems': 'holds nothing',
  'GET /problems/:code': 'holds nothing',
};

/** Bull Board: board.test.ts walks through its sign-in. */
const board = ['GET', 'POST', 'PUT', 'PATCH'].map((method) => `${method} /admin/queues{/*path}`);

const anything: unknown = new Proxy(() => anything, { get: () => anything, apply: () => anything });

/** The URL table: `createRouter` makes it of any handlers, and `stack` has its lines. */
function routes(): string[] {
  const { stack } = createRouter(new Proxy({}, { get: () => anything }) as Handlers);
  const lines = stack.flatMap(({ methods, path }) => methods.map((method) => `${method} ${String(path)}`));
  return lines.filter((line) => !line.startsWith('HEAD '));
}

let api: ApiUnderTest;
let fixtures: Fixtures;
const entries = Object.entries(keyed);

beforeAll(async () => {
  api = await startApi();
  for (const role of roles) {
    await api.addKey(`own-${role}`, role, 'default');
    await api.addKey(`other-${role}`, role, 'bb');
  }
  await api.post('/v1/tenants', { id: 'bb', name: 'Other' });
  fixtures = await plantFixtures(api);
});

const call = (line: string, key: string | null, more: { query?: string; body?: unknown } = {}) => {
  const [method = ''] = line.split(' ');
  const path = `${pathOf(line, fixtures)}${more.query ?? ''}`;
  // Codes are the only things with a body that has to be right before the thing is looked for.
  const body = more.body ?? (line.endsWith('/rollback') ? { version: 1 } : method === 'PATCH' ? {} : undefined);
  const json =
    body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
  return api.call(path, { method, key, ...json });
};

describe('every route of the URL table', () => {
  it('is in the list of this test: say who may, and of whose things', () => {
    expect(routes().length).toBeGreaterThan(60);
    expect(routes().sort()).toEqual([...Object.keys(keyed), ...Object.keys(open), ...board].sort());
  });

  it.each(entries)('wants a key: %s', async (line) => {
    expect((await call(line, null)).status).toBe(401);
    expect((await call(line, 'qrf_0000000000000000000000000000')).status).toBe(401);
  });

  it.each(entries)('lets no lesser role in: %s', async (line, [role]) => {
    const lesser = roles.slice(roles.indexOf(role) + 1);
    for (const each of lesser) expect([each, (await call(line, `own-${each}`)).status]).toEqual([each, 403]);
  });

  it('lets no key of a suspended tenant in, whatever its role', async () => {
    await api.post('/v1/tenants', { id: 'cc', name: 'Suspended' });
    for (const role of roles) await api.addKey(`suspended-${role}`, role, 'cc');
    expect((await api.patch('/v1/tenants/cc', { status: 'suspended' })).status).toBe(200);
    const lines = [...entries.map(([line]) => line), 'GET /v1/qr', 'GET /v1/create-qr-code', 'GET /qr', 'GET /chart'];
    for (const role of roles)
      for (const line of lines) {
        const answer = await call(line, `suspended-${role}`);
        expect([line, answer.status, answer.json().code]).toEqual([line, 403, 'tenant_suspended']);
      }
  });

  const byId = entries.filter(([, [, about]]) => about === 'id');
  it.each(byId)("answers 404 for another tenant's: %s", async (line) => {
    // Operators look after the keys of every tenant, and after nothing else of theirs.
    for (const role of line.includes('/v1/keys') ? (['admin'] as const) : (['operator', 'admin'] as const)) {
      const answer = await call(line, `other-${role}`);
      expect([role, answer.status, answer.json().code]).toEqual([role, 404, 'not_found']);
    }
  });

  const shows = entries.filter(([line, [, about]]) => about === 'own' && line.startsWith('GET '));
  it.each(shows)("shows nothing of another tenant's: %s", async (line) => {
    const answer = await call(line, 'other-admin');
    expect(answer.status).toBe(200);
    for (const id of Object.values(fixtures)) expect(answer.body.toString()).not.toContain(id);
  });
});

describe("another tenant's ids", () => {
  it('find nothing in filters', async () => {
    const found = [
      await call('GET /v1/codes', 'other-admin', { query: `?batchId=${fixtures.batches}` }),
      await call('GET /v1/codes', 'other-admin', { query: `?slug=${fixtures.slug}` }),
      await call('GET /v1/audit', 'other-admin', { query: `?objectId=${fixtures.codes}` }),
    ];
    for (const answer of found) expect(answer.json().data).toEqual([]);
    const analytics = await call('GET /v1/analytics', 'other-admin', { query: `?batchId=${fixtures.batches}` });
    expect(analytics.json()).toMatchObject({ scanCount: 0 });
  });

  it('are no logos in renders, images, codes and batches', async () => {
    const { logos } = fixtures;
    const logo = { id: logos };
    const key = 'other-admin';
    const csv = { headers: { 'content-type': 'text/csv' }, body: 'url\nhttps://example.com\n', key };
    const answers = [
      await api.post('/v1/renders', newBody({ logo }), {}, key),
      await api.post('/v1/codes', { target: 'https://example.com', imageOptions: { logo } }, {}, key),
      await api.call(`/v1/qr?data=x&logoId=${logos}`, { key }),
      await api.call(`/v1/batches?logoId=${logos}`, csv),
    ];
    expect(answers.map(({ status }) => status)).toEqual([422, 422, 422, 422]);
  });

  it('reserve nothing: an Idempotency-Key means something else in each tenant', async () => {
    const headers = { 'content-type': 'image/png', 'idempotency-key': 'the same' };
    const png = { body: newPng(), headers };
    const own = await api.call('/v1/logos', { ...png, key: 'own-write' });
    const other = await api.call('/v1/logos', { ...png, key: 'other-write' });
    expect(other.status).toBe(201);
    expect(other.json().id).not.toBe(own.json().id);
  });

  it('leave everything as it was for its owner', async () => {
    const reads = [`/v1/renders/${fixtures.renders}`, `/v1/logos/${fixtures.logos}`, `/v1/codes/${fixtures.codes}`];
    const more = [`/v1/batches/${fixtures.queuedBatch}`, `/v1/webhooks/${fixtures.webhooks}`];
    for (const path of [...reads, ...more]) {
      const answer = await api.call(path, { key: 'own-read' });
      expect(answer.status).toBe(200);
      expect(answer.json()).not.toMatchObject({ status: expect.stringMatching(/cancelled|archived|disabled/) });
    }
    expect((await api.call(`/v1/codes/${fixtures.codes}`, { key: 'own-read' })).json().version).toBe(1);
    const deliveries = await api.call(`/v1/webhooks/${fixtures.webhooks}/deliveries`, { key: 'own-read' });
    expect(deliveries.json().data).toHaveLength(1);
  });
});
