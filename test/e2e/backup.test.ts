import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { connectDatabase } from '../../shared/adapters/database/connect-database.ts';
import { admin } from '../support/admin-command.ts';
import { type Client, distinctSpec, eventually, inParallel, type RenderAnswer } from '../support/client.ts';
import { makeCode, type Scanned, scanOnce } from '../support/scans.ts';
import { temporaryFolder } from '../support/servers.ts';
import { type ServiceProcess, startServiceProcess } from '../support/service-process.ts';

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

describe('A backup of a running service', () => {
  const running: ServiceProcess[] = [];
  afterEach(async () => {
    for (const service of running.splice(0)) await service.destroy();
  });
  const start = async (dataDir: string): Promise<ServiceProcess> => {
    const service = await startServiceProcess(dataDir);
    running.push(service);
    await service.ready();
    return service;
  };
  const render = async (client: Client): Promise<RenderAnswer> => {
    const answer = await client.post('/v1/renders', distinctSpec(), { prefer: 'wait=20' });
    expect(answer.status).toBe(200);
    return (await answer.json()) as RenderAnswer;
  };
  const batchOf = async (client: Client, csv: string): Promise<string> => {
    const answer = await fetch(`${client.baseUrl}/v1/batches`, {
      method: 'POST',
      headers: { authorization: client.authorization, 'content-type': 'text/csv' },
      body: csv,
    });
    const { id } = (await answer.json()) as { id: string };
    await eventually('the batch ends', async () => {
      const shown = (await (await client.get(`/v1/batches/${id}`)).json()) as { status: string };
      return shown.status === 'completed';
    });
    return id;
  };

  it('that is restored elsewhere answers everything that was acknowledged before it began', async () => {
    const first = await start(await temporaryFolder());
    const client = await first.client();
    const code = await makeCode(client);
    const scanned: Scanned = { requested: new Set(), answered: new Set() };
    const renders = await inParallel(Array.from({ length: 40 }), 8, () => render(client));
    const batch = await batchOf(client, 'https://example.com/1\nhttps://example.com/2\n');
    const archive = async (of: Client) =>
      sha256(Buffer.from(await (await of.get(`/v1/batches/${batch}/archive`)).arrayBuffer()));
    const archiveBefore = await archive(client);
    for (let count = 0; count < 20; count++) await scanOnce(client.baseUrl, code, scanned);
    const acknowledged = scanned.answered.size;

    // It goes on working meanwhile, and may lose what comes from here on.
    let over = false;
    const load = inParallel([0, 1], 2, async () => {
      while (!over) {
        await render(client);
        await scanOnce(client.baseUrl, code, scanned);
      }
    });
    const target = join(await temporaryFolder(), 'backup');
    const told = await admin(first.dataDir, 'backup', target);
    over = true;
    await load;
    expect(told).toMatchObject({ code: 0, text: expect.stringMatching(/the database, [\d.]+ MB\n[\s\S]*\d+ objects/) });
    await first.process.end('SIGTERM');

    const restored = join(await temporaryFolder(), 'data');
    await cp(target, restored, { recursive: true });
    const second = await start(restored);
    const again = await second.client();
    expect(await second.apiKey()).toBe((await readFile(join(first.dataDir, 'api-key'), 'utf8')).trim());
    for (const { id, image } of renders) {
      expect((await again.render(id)).status).toBe('completed');
      expect(sha256(await again.image(id))).toBe(image?.sha256);
    }
    expect(await archive(again)).toBe(archiveBefore);
    const redirected = await fetch(`${again.baseUrl}/${code.slug}`, { method: 'HEAD', redirect: 'manual' });
    expect(redirected.headers.get('location')).toBe('https://example.com/menu');
    await eventually('every scan from before counts', async () => {
      const { scanCount } = (await (await again.get(`/v1/codes/${code.id}`)).json()) as { scanCount: number };
      expect(scanCount).toBeLessThanOrEqual(scanned.requested.size);
      return scanCount >= acknowledged;
    });
    expect((await render(again)).status).toBe('completed');
    expect(await admin(restored, 'check')).toMatchObject({
      code: 0,
      text: expect.stringContaining('queues: Redis answers'),
    });
  });

  it('goes into no folder that holds something, and not into DATA_DIR', async () => {
    const [folder, dataDir] = [await temporaryFolder(), await temporaryFolder()];
    await (await connectDatabase({ dataDir, mongoUrl: null }, pino({ level: 'silent' }))).close();
    await cp(import.meta.filename, join(folder, 'note'));
    const refused = await admin(dataDir, 'backup', folder);
    expect(refused).toEqual({ code: 1, text: expect.stringContaining(`${folder} is not empty`) });
    const inside = join(dataDir, 'objects/backup');
    expect(await admin(dataDir, 'backup', inside)).toEqual({
      code: 1,
      text: expect.stringContaining('lies in DATA_DIR'),
    });
    expect(existsSync(join(dataDir, 'objects'))).toBe(false);
  });
});
