import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectDatabase } from '../../shared/adapters/database/connect-database.ts';
import { admin } from '../support/admin-command.ts';
import { type Client, createClient, distinctSpec, eventually, type RenderAnswer } from '../support/client.ts';
import { temporaryFolder } from '../support/servers.ts';
import { type ServiceProcess, startServiceProcess } from '../support/service-process.ts';

describe('npm run admin beside a running service', () => {
  let service: ServiceProcess;
  let client: Client;
  beforeAll(async () => {
    service = await startServiceProcess(await temporaryFolder());
    await service.ready();
    client = await service.client();
  });
  afterAll(() => service.destroy());
  const run = (...args: string[]) => admin(service.dataDir, ...args);

  it('makes a tenant and a key that works, suspends the tenant, and revokes the key', async () => {
    const tenant = (await run('tenants', 'make', 'Acme')).text.trim();
    expect((await run('tenants', 'list')).text).toContain(`${tenant}  active  Acme`);
    const made = await run('keys', 'make', tenant, 'admin', 'first');
    const [, id = '', key = ''] = /^(key_\S+) {2}(qrf_\S+)$/m.exec(made.text) ?? [];
    const theirs = createClient(client.baseUrl, key);
    const status = async () => (await theirs.get('/v1/me')).status;
    expect(await status()).toBe(200);
    expect((await run('keys', 'list', tenant)).text).toContain(id);

    await run('tenants', 'suspend', tenant);
    expect((await run('tenants', 'suspend', tenant)).text).toContain('suspended already');
    await eventually('the key is refused', async () => (await status()) === 403, 10_000);
    await run('tenants', 'activate', tenant);
    await eventually('the key works', async () => (await status()) === 200, 10_000);
    await run('keys', 'revoke', id);
    await eventually('the key is unknown', async () => (await status()) === 401, 10_000);
    expect(await run('keys', 'revoke', id)).toMatchObject({ code: 1, text: expect.stringContaining(id) });
    expect(await run('keys', 'list', 'nope')).toEqual({ code: 1, text: 'There is no tenant nope' });
    const own = await run('tenants', 'suspend', 'default');
    expect(own).toMatchObject({ code: 1, text: expect.stringMatching(/^default .* cannot be suspended$/) });

    const { data } = (await (await client.get(`/v1/audit?tenantId=${tenant}&sort=createdAt`)).json()) as {
      data: { action: string; keyId: string; changes: object[] }[];
    };
    const told = data.map(({ action, keyId }) => [action, keyId]);
    const actions = ['tenant.create', 'key.create', 'tenant.update', 'tenant.update', 'key.revoke'];
    expect(told).toEqual(actions.map((action) => [action, 'npm run admin']));
    expect(data[2]?.changes).toEqual([{ field: 'status', before: 'active', after: 'suspended' }]);
    expect(data[4]?.changes).toContainEqual({ field: 'role', before: 'admin', after: null });
    expect(JSON.stringify(data)).not.toContain(key);
  });

  it('makes every process forget a render or all, and says what to tell a CDN', async () => {
    const answer = await client.post('/v1/renders', distinctSpec(), { prefer: 'wait=20' });
    const { id, image } = (await answer.json()) as RenderAnswer;
    const before = await client.image(id);
    const purged = await run('purge-cache', id);
    expect(purged).toMatchObject({ code: 0, text: expect.stringContaining(`/v1/renders/${id}/image`) });
    expect(await client.image(id)).toEqual(before);
    expect(image?.sizeBytes).toBe(before.length);
    expect(await run('purge-cache', 'rnd_nosuch')).toMatchObject({
      code: 1,
      text: expect.stringContaining('rnd_nosuch'),
    });
    expect(await run('purge-cache', 'nobody')).toMatchObject({ code: 1, text: expect.stringContaining('nobody') });
    expect(await run('purge-cache', 'all')).toMatchObject({
      code: 0,
      text: expect.stringMatching(/\d+ images forgotten/),
    });
    expect(await client.image(id)).toEqual(before);
  });

  it('purges, and finds every part well', async () => {
    expect(await run('purge')).toMatchObject({ code: 0 });
    const { code, text } = await run('check', 'all');
    expect([code, text]).toEqual([0, expect.stringContaining('Redis answers')]);
    expect(text).toMatch(/ok {5}orphans: \d+ objects, each has a row[\s\S]*ok {5}rows: [1-9]\d* objects/);
  });
});

describe('npm run admin', () => {
  it('lists its commands when it is given none, or one that is none', async () => {
    for (const args of [[], ['chekc']]) {
      const { code, text } = await admin(await temporaryFolder(), ...args);
      expect(code).toBe(2);
      expect(text).toMatch(/backup FOLDER {2,}copies/);
    }
  });

  it('says how a command is used when its arguments are wrong', async () => {
    const { code, text } = await admin(await temporaryFolder(), 'backup');
    expect(code).toBe(2);
    expect(text).toContain('usage: npm run admin -- backup FOLDER');
  });

  it('says which part is missing where nothing runs', async () => {
    const folder = await temporaryFolder();
    await (await connectDatabase({ dataDir: folder, mongoUrl: null }, pino({ level: 'silent' }))).close();
    const { code, text } = await admin(folder, 'check');
    expect(code).toBe(1);
    expect(text).toMatch(/ok {5}database:[\s\S]*WRONG {2}queues: No Redis/);
  });

  it('makes nothing where nothing ever ran, and says so', async () => {
    const folder = await temporaryFolder();
    const target = join(await temporaryFolder(), 'backup');
    for (const dataDir of [folder, join(folder, 'nowhere')])
      for (const args of [['check'], ['backup', target], ['recount']]) {
        const { code, text } = await admin(dataDir, ...args);
        expect([code, text], args[0]).toEqual([
          2,
          expect.stringContaining(`DATA_DIR="${dataDir}": expected the folder`),
        ]);
      }
    expect(await readdir(folder)).toEqual([]);
    expect(existsSync(target)).toBe(false);
  });
});
