import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { findRedisServer, type RedisServer, startRedisServer } from '../../../shared/adapters/embedded-redis.ts';
import { temporaryFolder } from '../../support/servers.ts';

const started: RedisServer[] = [];

afterEach(() => {
  vi.unstubAllEnvs();
  for (const { child } of started.splice(0)) child.kill('SIGKILL');
});

async function start(folder: string, more: { port?: number; password?: string } = {}): Promise<RedisServer> {
  const server = await startRedisServer({ folder, ...more });
  started.push(server);
  return server;
}

async function ask<Answer>({ url }: RedisServer, question: (client: Redis) => Promise<Answer>): Promise<Answer> {
  const client = new Redis(url);
  try {
    return await question(client);
  } finally {
    client.disconnect();
  }
}

const ended = ({ child }: RedisServer): boolean => child.exitCode !== null || child.signalCode !== null;

describe('the Redis of our own', () => {
  it('keeps an append-only file, evicts nothing, stays below 512 MB and asks for its password', async () => {
    const server = await start(join(await temporaryFolder(), 'with a space'));
    const settings = await ask(server, async (client) =>
      Promise.all(
        ['appendonly', 'appendfsync', 'maxmemory-policy', 'maxmemory', 'save'].map((name) =>
          client.config('GET', name),
        ),
      ),
    );
    expect(settings).toEqual([
      ['appendonly', 'yes'],
      ['appendfsync', 'everysec'],
      ['maxmemory-policy', 'noeviction'],
      ['maxmemory', String(512 * 1024 * 1024)],
      ['save', ''],
    ]);
    const stranger = new Redis({ port: server.port, host: '127.0.0.1' }).on('error', () => undefined);
    await expect(stranger.get('key')).rejects.toThrow('NOAUTH');
    stranger.disconnect();
    expect(await readFile(`/proc/${server.child.pid}/cmdline`, 'utf8')).not.toContain(server.password);
  });

  it('has its data again after SIGTERM and a start on the same folder and port', async () => {
    const folder = await temporaryFolder();
    const first = await start(folder);
    await ask(first, (client) => client.set('key', 'value'));
    first.child.kill('SIGTERM');
    await once(first.child, 'exit');
    const second = await start(folder, first);
    expect(second.url).toBe(first.url);
    expect(await ask(second, (client) => client.get('key'))).toBe('value');
  });

  it('stops the one that an earlier run left on the folder, with its data kept', async () => {
    const folder = await temporaryFolder();
    const leftover = await start(folder);
    await ask(leftover, (client) => client.set('key', 'value'));
    const next = await start(folder);
    expect(ended(leftover)).toBe(true);
    expect(await ask(next, (client) => client.get('key'))).toBe('value');
  });

  it('stops a leftover that is frozen', async () => {
    const folder = await temporaryFolder();
    const leftover = await start(folder);
    leftover.child.kill('SIGSTOP');
    await start(folder);
    await expect.poll(() => ended(leftover)).toBe(true);
  });

  it('leaves a stranger alone who bears the id of a server long gone', async () => {
    const folder = await temporaryFolder();
    const stranger = await start(await temporaryFolder());
    const record = { pid: stranger.child.pid, port: 1, password: 'none' };
    await writeFile(join(folder, 'running.json'), JSON.stringify(record));
    await start(folder);
    expect(await ask(stranger, (client) => client.ping())).toBe('PONG');
  });

  it('says with the end of its log why it did not start', async () => {
    const { port } = await start(await temporaryFolder());
    await expect(startRedisServer({ folder: await temporaryFolder(), port })).rejects.toMatchObject({
      kind: 'unavailable',
      code: 'redis_not_started',
      message: expect.stringMatching(/Address already in use/),
    });
  });
});

describe('the search for a Redis', () => {
  it('finds none where PATH has none', async () => {
    vi.stubEnv('PATH', '/nowhere');
    expect(await findRedisServer()).toBeNull();
  });
});
