import { afterEach, expect, it } from 'vitest';
import { type Client, createClient, eventually } from '../support/client.ts';
import { type Deployment, prepareDeployment } from '../support/deployment.ts';
import { segmentsBelow } from '../support/journal-files.ts';
import { mongoDatabase } from '../support/mongo-database.ts';
import { expectEachScanOnce, makeCode, openLedger, type Scanned, scanMany, scanOnce } from '../support/scans.ts';
import { describeOn, servers } from '../support/servers.ts';
import { proxyTo, type ServerProxy } from '../support/toxiproxy.ts';

const both = servers.mongo && servers.toxiproxy ? { mongo: servers.mongo, toxiproxy: servers.toxiproxy } : null;

/** Makes a tenant with a code, and suspends it. */
async function codeOfSuspendedTenant(operator: Client): Promise<{ slug: string }> {
  const made = async (path: string, body: object) =>
    (await (await operator.post(path, body)).json()) as { id: string; key: string };
  const { id } = await made('/v1/tenants', { name: 'Suspended' });
  const { key } = await made('/v1/keys', { name: 'theirs', role: 'write', tenantId: id });
  const code = await makeCode(createClient(operator.baseUrl, key));
  const headers = { authorization: operator.authorization, 'content-type': 'application/json' };
  const change = { method: 'PATCH', headers, body: JSON.stringify({ status: 'suspended' }) };
  expect((await fetch(`${operator.baseUrl}/v1/tenants/${id}`, change)).status).toBe(200);
  return code;
}

describeOn('Scans while the database is away', both, ({ mongo, toxiproxy }) => {
  let deployment: Deployment;
  let proxy: ServerProxy;
  afterEach(async () => {
    await deployment.destroy();
    await proxy.remove();
  });

  /** A deployment whose way to MongoDB can be cut; `direct` is the test's own. */
  async function deploy(): Promise<{ direct: Record<string, string> }> {
    const url = mongoDatabase(mongo);
    proxy = await proxyTo(toxiproxy, new URL(mongo).host);
    const proxied = new URL(url);
    proxied.host = proxy.host;
    deployment = await prepareDeployment({ stores: { MONGO_URL: proxied.href, TRUSTED_PROXIES: '127.0.0.1' } });
    return { direct: { ...deployment.env, MONGO_URL: url } };
  }

  it('are redirected from memory, wait in the journal, and count once when it is back', async () => {
    const { direct } = await deploy();
    await deployment.startApi();
    await deployment.startWorkers();
    const database = await openLedger(direct);
    const code = await makeCode(deployment.client);
    const before = await scanMany(deployment, [code], { count: 20, width: 4 });
    await proxy.cut();
    const during = await scanMany(deployment, [code], { count: 300, width: 8 });
    expect(during.requested.size).toBe(300);
    const unknown = await fetch(`${deployment.client.baseUrl}/nobody-knows`, { redirect: 'manual' });
    expect([unknown.status, Number(unknown.headers.get('retry-after'))]).toEqual([503, 2]);
    expect((await segmentsBelow(direct.DATA_DIR as string)).length).toBeGreaterThan(0);
    await proxy.restore();
    await expectEachScanOnce(deployment, database, [code], together(before, during));
  });

  it('are redirected when it is too slow, and nobody waits for it for long', async () => {
    const { direct } = await deploy();
    await deployment.startApi();
    await deployment.startWorkers();
    const database = await openLedger(direct);
    const code = await makeCode(deployment.client);
    await proxy.slow(3000);
    const scanned = await scanMany(deployment, [code], { count: 100, width: 4 });
    expect(scanned.requested.size).toBe(100);
    await proxy.restore();
    await expectEachScanOnce(deployment, database, [code], scanned);
  });

  it('are redirected by an API that starts without it, which becomes whole when it is there', async () => {
    const { direct } = await deploy();
    const first = await deployment.startApi();
    const database = await openLedger(direct);
    const code = await makeCode(deployment.client);
    const suspended = await codeOfSuspendedTenant(deployment.client);
    await first.end('SIGTERM');
    await proxy.cut();

    const starting = deployment.startApi();
    const api = deployment.lastApi;
    const { address, knownCodes } = await api.logged('redirecting');
    expect(knownCodes).toBe(2);
    const get = (path: string) => fetch(`${address}${path}`, { redirect: 'manual' });
    const scanned: Scanned = { requested: new Set(), answered: new Set() };
    await api.logged('scans are located from now on');
    expect(await scanOnce(String(address), code, scanned, { 'x-forwarded-for': '8.8.8.8' })).toBe(302);
    expect((await get(`/${suspended.slug}`)).status).toBe(410);
    expect((await get('/healthz')).status).toBe(200);
    const ready = await get('/readyz');
    expect(ready.status).toBe(503);
    expect(await ready.json()).toMatchObject({ checks: { database: 'unavailable', queue: 'ok' } });
    const other = await get('/v1/codes');
    expect([other.status, other.headers.get('retry-after')]).toEqual([503, '2']);
    expect(other.headers.get('content-type')).toBe('application/problem+json');

    await proxy.restore();
    await starting;
    await deployment.startWorkers();
    await eventually('it is ready', async () => (await get('/readyz')).status === 200);
    await expectEachScanOnce(deployment, database, [code], scanned);
    const [row] = await database.scans.list(code.id, {
      limit: 1,
      order: 'newest-first',
      from: null,
      to: null,
      bots: 'include',
      source: null,
      after: null,
    });
    expect(row?.visitor).toMatch(/^[\w-]{22}$/);
    expect(row?.country).toBe('US');
  });
});

function together(...parts: Scanned[]): Scanned {
  return {
    requested: new Set(parts.flatMap(({ requested }) => [...requested])),
    answered: new Set(parts.flatMap(({ answered }) => [...answered])),
  };
}
