import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { unavailable } from '../errors.ts';
import { stopLeftoverRedis, writeRedisRecord } from './leftover-redis.ts';

const run = promisify(execFile);

/** How long a server may take to load what it holds (512 MB from a slow disk) before its start counts as failed. */
const startTimeoutMs = 60_000;

export type RedisServer = { url: string; port: number; password: string; child: ChildProcess };

/** Returns the first of `redis-server` and `valkey-server` that PATH has in a version that serves (6.2 or later), or null. */
export async function findRedisServer(): Promise<string | null> {
  for (const command of ['redis-server', 'valkey-server']) {
    const { stdout } = await run(command, ['--version']).catch(() => ({ stdout: '' }));
    const [, major = 0, minor = 0] = /\bv=(\d+)\.(\d+)/.exec(stdout)?.map(Number) ?? [];
    if (major > 6 || (major === 6 && minor >= 2)) return command;
  }
  return null;
}

/**
 * Tells whether `installRedisServer` can work here: Debian, Ubuntu or a relative, `apt-get`, and root.
 *
 * @param userId the effective user, null where the system has none
 */
export async function canInstallRedisServer(userId: number | null): Promise<boolean> {
  if (userId !== 0) return false;
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '');
  return /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(release);
}

/**
 * Installs the distribution's `redis-server` with apt-get; needs root on Debian or Ubuntu, and the network.
 *
 * The package comes with a service of its own on port 6379; we start ours by ourselves, so that one is switched off.
 *
 * @throws AppError `unavailable` with the last lines that apt-get wrote
 */
export async function installRedisServer(): Promise<void> {
  const apt = (...args: string[]) => run('env', ['DEBIAN_FRONTEND=noninteractive', 'apt-get', '-q', ...args]);
  try {
    await apt('update');
    await apt('install', '-y', '--no-install-recommends', 'redis-server');
  } catch (error) {
    const { stderr = '' } = error as { stderr?: string };
    throw unavailable('redis_not_installed', `apt-get could not install redis-server: ${lastLines(stderr)}`, error);
  }
  // Fails where no systemd runs (containers): then the service was not started either.
  await run('systemctl', ['disable', '--now', 'redis-server']).catch(() => undefined);
}

/** Asks the system for a TCP port on 127.0.0.1 that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('A TCP server has no port');
  return address.port;
}

type RedisOptions = {
  folder: string;
  /** Default: a free one. */
  port?: number;
  /** Default: a random one. */
  password?: string;
  /** Default: what PATH has. */
  command?: string;
};

/**
 * Starts a Redis of our own on 127.0.0.1 with its append-only file in `folder` and waits until it answers, its data loaded.
 *
 * A server that an earlier run left behind on the same folder is stopped first. The child is in a process group of its own:
 * Ctrl-C in a terminal does not reach it. SIGTERM ends it with its data on disk.
 *
 * @throws AppError `unavailable` with the end of its log when it dies or does not answer within a minute
 */
export async function startRedisServer(options: RedisOptions): Promise<RedisServer> {
  const { ready, ...server } = await launchRedisServer(options);
  await ready;
  return server;
}

/** Does what `startRedisServer` does without waiting: `ready` tells when it answers, or that it died. */
export async function launchRedisServer(options: RedisOptions): Promise<RedisServer & { ready: Promise<void> }> {
  const command = options.command ?? (await findRedisServer());
  if (command === null) throw unavailable('redis_not_found', 'Neither redis-server nor valkey-server is on PATH');
  const { folder, port = await freePort(), password = randomBytes(24).toString('base64url') } = options;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await stopLeftoverRedis(folder);
  const logFile = join(folder, 'redis.log');
  await writeFile(logFile, '', { mode: 0o600 });
  // The configuration goes through standard input: arguments, and with them the password, are for every user to see.
  const child = spawn(command, ['-'], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  child.stdin?.on('error', () => undefined); // the exit, which everyone waits for, says more than the broken pipe
  child.stdin?.end(redisConfiguration({ folder, port, password, logFile }));
  await writeRedisRecord(folder, { pid: await spawned(child), port, password });
  const ready = answered(child, { port, password, logFile });
  ready.catch(() => child.kill('SIGKILL'));
  return { url: `redis://:${password}@127.0.0.1:${port}`, port, password, child, ready };
}

function redisConfiguration(facts: { folder: string; port: number; password: string; logFile: string }): string {
  return [
    'bind 127.0.0.1',
    `port ${facts.port}`,
    `requirepass ${facts.password}`,
    `dir ${JSON.stringify(facts.folder)}`,
    `logfile ${JSON.stringify(facts.logFile)}`,
    'loglevel warning',
    'appendonly yes',
    'appendfsync everysec',
    'save ""',
    'maxmemory 512mb',
    'maxmemory-policy noeviction',
    '',
  ].join('\n');
}

async function spawned(child: ChildProcess): Promise<number> {
  if (child.pid === undefined) {
    const [error] = await once(child, 'error');
    throw unavailable('redis_not_started', `Could not start Redis: ${(error as Error).message}`, error);
  }
  return child.pid;
}

async function answered(
  child: ChildProcess,
  { port, password, logFile }: { port: number; password: string; logFile: string },
): Promise<void> {
  const deadline = Date.now() + startTimeoutMs;
  while (Date.now() < deadline) {
    if (child.exitCode !== null || child.signalCode !== null) break;
    if (await answersPing(port, password)) return;
    await delay(20);
  }
  const log = lastLines(await readFile(logFile, 'utf8').catch(() => ''));
  throw unavailable('redis_not_started', `Redis did not start on port ${port}. Its log ends: ${log || '(empty)'}`);
}

/** True once the server answers PING, which it refuses while it loads its data. */
async function answersPing(port: number, password: string): Promise<boolean> {
  const client = new Redis({ host: '127.0.0.1', port, password, lazyConnect: true, retryStrategy: null });
  client.on('error', () => undefined); // connect() rejects with it
  try {
    await client.connect();
    return (await client.ping()) === 'PONG';
  } catch {
    return false;
  } finally {
    client.disconnect();
  }
}

function lastLines(text: string): string {
  return text.trim().split('\n').slice(-3).join(' | ');
}
