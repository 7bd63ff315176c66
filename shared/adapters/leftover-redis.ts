import { readFile, readlink, realpath, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { AppError } from '../errors.ts';

type RedisRecord = { pid: number; port: number; password: string };

const recordFile = (folder: string): string => join(folder, 'running.json');

/** Notes which server runs on `folder`, for the next start; readable by the owner only. */
export async function writeRedisRecord(folder: string, record: RedisRecord): Promise<void> {
  await writeFile(recordFile(folder), JSON.stringify(record), { mode: 0o600 });
}

/** Returns the URL of the server that `npm start` runs on `folder`, or null when it runs none that answers. */
export async function findRunningRedis(folder: string): Promise<string | null> {
  const record = parseRecord(await readFile(recordFile(folder), 'utf8').catch(() => ''));
  if (record === null || !(await answersAs(record))) return null;
  return `redis://:${record.password}@127.0.0.1:${record.port}`;
}

/**
 * Stops the server that an earlier run left behind on `folder` (its parent was killed), if there is one.
 *
 * A process is touched only when it is known to be that server: it answers with the recorded password on the recorded port
 * under the recorded id, or, when it does not answer, that id works in `folder` under a Redis' name.
 *
 * @throws AppError `conflict` when it does not go
 */
export async function stopLeftoverRedis(folder: string): Promise<void> {
  const text = await readFile(recordFile(folder), 'utf8').catch(() => null);
  if (text === null) return;
  const record = parseRecord(text);
  if (record === null || !isAlive(record.pid)) return;
  if (await answersAs(record)) {
    process.kill(record.pid, 'SIGTERM');
    if (await gone(record.pid, 10_000)) return;
  }
  if (!(await worksIn(record.pid, folder))) return;
  process.kill(record.pid, 'SIGKILL');
  if (await gone(record.pid, 5_000)) return;
  throw new AppError(
    'conflict',
    'redis_still_running',
    `A Redis of an earlier run (process ${record.pid}) still holds ${folder} and does not end: stop it first`,
  );
}

function parseRecord(text: string): RedisRecord | null {
  try {
    const { pid, port, password } = JSON.parse(text) as Partial<RedisRecord>;
    if (typeof pid !== 'number' || typeof port !== 'number' || typeof password !== 'string') return null;
    return { pid, port, password };
  } catch {
    return null; // cut short by a crash while it was written: that server's start did not end well either
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function gone(pid: number, withinMs: number): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < withinMs; waitedMs += 20) {
    if (!isAlive(pid)) return true;
    await delay(20);
  }
  return false;
}

async function answersAs({ pid, port, password }: RedisRecord): Promise<boolean> {
  const client = new Redis({
    host: '127.0.0.1',
    port,
    password,
    lazyConnect: true,
    retryStrategy: null,
    enableReadyCheck: false,
    connectTimeout: 1000,
    commandTimeout: 2000,
  });
  client.on('error', () => undefined); // connect() rejects with it
  try {
    await client.connect();
    const info = await client.info('server');
    return new RegExp(`^process_id:${pid}\\r?$`, 'm').test(info);
  } catch {
    return false;
  } finally {
    client.disconnect();
  }
}

/** Asks /proc, where there is one; elsewhere nobody can tell, and false keeps our hands off. */
async function worksIn(pid: number, folder: string): Promise<boolean> {
  try {
    const [name, cwd] = await Promise.all([readFile(`/proc/${pid}/comm`, 'utf8'), readlink(`/proc/${pid}/cwd`)]);
    return /redis|valkey/.test(name) && cwd === (await realpath(folder));
  } catch {
    return false;
  }
}
