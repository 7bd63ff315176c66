import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readFile, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { connectDatabase } from '../../shared/adapters/database/connect-database.ts';
import { eventually } from '../support/client.ts';
import { temporaryFolder } from '../support/servers.ts';
import { gone, renderOnce, type ServiceProcess, startServiceProcess } from '../support/service-process.ts';

const started: ServiceProcess[] = [];

afterEach(async () => {
  for (const service of started.splice(0)) await service.destroy();
});

async function start(dataDir: string, env: Record<string, string> = {}, port?: number): Promise<ServiceProcess> {
  const service = await startServiceProcess(dataDir, env, port);
  started.push(service);
  return service;
}

async function ready(dataDir: string): Promise<ServiceProcess> {
  const service = await start(dataDir);
  await service.ready();
  return service;
}

const pasted = async (service: ServiceProcess, cwd: string): Promise<Buffer> => {
  await promisify(execFile)('sh', ['-c', await service.curlLine()], { cwd });
  return readFile(join(cwd, 'hello.png'));
};

const pngSignature = '89504e470d0a1a0a';
const output = ({ process }: ServiceProcess): string => process.lines.join('\n');

describe('npm start', () => {
  it('prints the key once, and a curl line that writes an image as pasted, at the first start and later', async () => {
    const dataDir = join(await temporaryFolder(), 'not there yet');
    const first = await ready(dataDir);
    const key = await first.apiKey();
    expect((await pasted(first, await temporaryFolder())).toString('hex')).toContain(pngSignature);
    expect(output(first)).toContain(key);
    expect((await stat(dataDir)).mode & 0o777).toBe(0o700);
    for (const name of ['api-key', 'secret-key']) expect((await stat(join(dataDir, name))).mode & 0o777).toBe(0o600);
    const pids = (await first.children()).all;
    expect(await first.process.end('SIGTERM')).toEqual({ code: 0, signal: null });
    await gone(pids);

    const second = await ready(dataDir);
    expect((await pasted(second, await temporaryFolder())).toString('hex')).toContain(pngSignature);
    expect(output(second)).not.toContain(key);
    expect(output(second)).toContain(join(dataDir, 'api-key'));
    // Ctrl-C under npm: the signal comes twice.
    second.process.child.kill('SIGINT');
    expect(await second.process.end('SIGINT')).toEqual({ code: 0, signal: null });
  });

  it('refuses a second start on the same folder, and the first goes on', async () => {
    const dataDir = await temporaryFolder();
    const first = await ready(dataDir);
    const second = await start(dataDir);
    expect(await second.process.ended).toEqual({ code: 1, signal: null });
    expect(output(second)).toContain(`${dataDir} is in use by another QRFactory (process ${first.process.pid})`);
    expect(await renderOnce(await first.client())).not.toHaveLength(0);
  });

  it('leaves no process behind after kill -9 but Redis, and the next start, with its key in a file, takes over', async () => {
    const dataDir = await temporaryFolder();
    const first = await ready(dataDir);
    await renderOnce(await first.client());
    const { all, redis } = await first.children();
    await first.process.end('SIGKILL');
    const second = await start(dataDir, { BOOTSTRAP_API_KEY_FILE: join(dataDir, 'api-key') }, first.port);
    await second.ready();
    await gone(all);
    expect((await pasted(second, await temporaryFolder())).toString('hex')).toContain(pngSignature);
    expect((await second.children()).redis).not.toBe(redis);
    expect(await renderOnce(await second.client())).not.toHaveLength(0);
  });

  it('starts each dead child again and says which died, and drains when its terminal is closed', async () => {
    const service = await ready(await temporaryFolder());
    const client = await service.client();
    for (const name of ['api', 'workers', 'redis'] as const) {
      const before = await service.children();
      process.kill(before[name], 'SIGKILL');
      await eventually(`${name} runs again`, async () => (await service.children())[name] !== before[name]);
      expect(await eventually('a render', () => renderOnce(client))).not.toHaveLength(0);
    }
    for (const name of ['API', 'worker pool', 'Redis']) expect(output(service)).toContain(`${name} died`);
    const { all } = await service.children();
    // The terminal is closed: nobody reads the log any more, and what runs ends in order all the same.
    service.process.child.stdout?.destroy();
    service.process.child.stderr?.destroy();
    expect(await service.process.end('SIGHUP')).toEqual({ code: 0, signal: null });
    await gone(all);
  });

  it('says that the port is taken before it starts anything', async () => {
    const dataDir = await temporaryFolder();
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    const service = await start(dataDir, {}, port);
    expect(await service.process.ended).toEqual({ code: 1, signal: null });
    expect(output(service)).toContain(`127.0.0.1:${port} is taken by another program`);
    expect(existsSync(join(dataDir, 'redis'))).toBe(false);
    other.close();
  });

  it('names each remedy when there is no Redis and none can be installed', async () => {
    const service = await start(await temporaryFolder(), { PATH: '/nowhere' });
    expect(await service.process.ended).toEqual({ code: 1, signal: null });
    for (const remedy of ['apt-get install redis-server', 'REDIS_URL=redis://'])
      expect(output(service)).toContain(remedy);
  });

  it('ends with exit code 2 and every mistake of the configuration', async () => {
    const service = await start(await temporaryFolder(), { WORKER_PROCESSES: 'many', OPEN_QR: 'perhaps' });
    expect(await service.process.ended).toEqual({ code: 2, signal: null });
    expect(output(service)).toMatch(/WORKER_PROCESSES[\s\S]*OPEN_QR/);
  });

  it('makes no secret key for a database that was made with another, and says where the lost one is wanted', async () => {
    const dataDir = await temporaryFolder();
    await (await connectDatabase({ dataDir, mongoUrl: null }, pino({ level: 'silent' }))).close();
    const service = await start(dataDir);
    expect(await service.process.ended).toEqual({ code: 2, signal: null });
    expect(output(service)).toMatch(/SECRET_KEY is missing: .*restore .*\/secret-key from the backup/);
    expect(existsSync(join(dataDir, 'secret-key'))).toBe(false);
  });

  it('says in one line why it cannot use DATA_DIR', async () => {
    const dataDir = await temporaryFolder();
    await mkdir(join(dataDir, 'start.lock'));
    const service = await start(dataDir);
    expect(await service.process.ended).toEqual({ code: 1, signal: null });
    expect(service.process.lines).toEqual([expect.stringContaining(`DATA_DIR=${dataDir} cannot be used: `)]);
  });

  it('ends with exit code 2 and the message of a child that refuses its configuration', async () => {
    const service = await start(await temporaryFolder(), { GEOIP_DB_PATH: '/nowhere.mmdb' });
    expect(await service.process.ended).toEqual({ code: 2, signal: null });
    expect(output(service)).toMatch(/GEOIP_DB_PATH="\/nowhere.mmdb"[\s\S]*The API refused .* its message stands above/);
  });
});
