import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { access, constants, mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { keptSecretKey } from './shared/adapters/database/kept-secret-key.ts';
import {
  canInstallRedisServer,
  findRedisServer,
  freePort,
  installRedisServer,
  launchRedisServer,
} from './shared/adapters/embedded-redis.ts';
import { lockFolder } from './shared/adapters/folder-lock.ts';
import { redisAccess } from './shared/adapters/redis-access.ts';
import type { Config } from './shared/config.ts';
import { makeApiKey } from './shared/domain/api-key.ts';
import { AppError, unavailable } from './shared/errors.ts';
import { forkService } from './shared/fork-service.ts';
import { type Greeting, greetingOf } from './shared/greeting.ts';
import { keptSecret } from './shared/kept-secret.ts';
import { runService, type Service } from './shared/run-service.ts';
import { Supervised, WrongConfiguration } from './shared/supervise.ts';

/** Each a little longer than the service's own, so that SIGKILL is for those that hang. */
const graceMs = { api: 11_000, workers: 16_000, redis: 5000 } as const;

/** How long the processes of a run that was killed may take to notice it and to free the port. */
const leftoverMs = 12_000;

// As with the log, nobody may read it any more: `npm start | head`.
process.stdout.on('error', () => undefined);
const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

/** Makes `DATA_DIR` ours: there, and locked. Answers whether the run before ended in order. */
async function takeDataDir({ config, releases }: Service): Promise<{ unclean: boolean }> {
  const { dataDir } = config;
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    await access(dataDir, constants.W_OK | constants.X_OK);
    const lock = lockFolder(dataDir);
    releases.defer('lock of DATA_DIR', () => lock.close());
    return lock;
  } catch (error) {
    if (error instanceof AppError) throw error;
    const why = (error as Error).message;
    throw new AppError('conflict', 'data_dir', `DATA_DIR=${dataDir} cannot be used: ${why}`, { cause: error });
  }
}

/** Waits until the API's port is free, at most for `patienceMs`. */
async function checkPort({ host, port }: Pick<Config, 'host' | 'port'>, patienceMs: number): Promise<void> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const problem = await portProblem(host, port);
    if (problem === null) return;
    if (problem.code !== 'EADDRINUSE')
      throw unavailable('port', `Cannot listen on ${host}:${port}: ${problem.message}; see HOST and PORT`, problem);
    if (Date.now() >= deadline)
      throw unavailable(
        'port_taken',
        `${host}:${port} is taken by another program; stop it, or set PORT to a free port`,
      );
    await delay(200);
  }
}

async function portProblem(host: string, port: number): Promise<NodeJS.ErrnoException | null> {
  const server = createServer();
  try {
    server.listen(port, host);
    await once(server, 'listening');
    server.close();
    await once(server, 'close');
    return null;
  } catch (error) {
    return error as NodeJS.ErrnoException;
  }
}

async function redisCommand(): Promise<string> {
  const found = (await findRedisServer()) ?? (await redisInstalled());
  if (found !== null) return found;
  throw unavailable(
    'redis_not_found',
    [
      'QRFactory needs Redis or Valkey, 6.2 or later, and found neither on PATH. One of these helps:',
      '  install it        sudo apt-get install redis-server   (Fedora: sudo dnf install valkey, macOS: brew install redis)',
      '  or use your own   REDIS_URL=redis://host:6379 npm start',
    ].join('\n'),
  );
}

/** Installs Redis where that is possible and answers its command; null when it is not, or did not work out. */
async function redisInstalled(): Promise<string | null> {
  if (!(await canInstallRedisServer(process.getuid?.() ?? null))) return null;
  say('There is no redis-server here; installing it with apt-get, which takes a moment …');
  try {
    await installRedisServer();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    process.stderr.write(`${error.message}\n`);
  }
  return findRedisServer();
}

/** Starts a Redis of our own unless REDIS_URL names one; answers its URL. */
async function startRedis({ config, log, releases }: Service): Promise<string> {
  if (config.redis.url !== null) {
    const away = await redisAccess(config.redis.url);
    if (away !== null) say(`The Redis of REDIS_URL does not answer; work waits until it does: ${away}`);
    return config.redis.url;
  }
  const command = await redisCommand();
  const options = { folder: join(config.dataDir, 'redis'), port: await freePort(), command };
  const password = randomBytes(24).toString('base64url');
  const launch = async () => {
    const { child, url, ready } = await launchRedisServer({ ...options, password });
    return { child, ready: ready.then(() => url) };
  };
  const redis = new Supervised({ name: 'Redis', log, launch, mustStart: true });
  releases.defer('Redis', () => redis.stop(graceMs.redis));
  return redis.ready;
}

type Secrets = { secretKey: string; apiKey: string; shownKey: Greeting['key'] };

async function secretsOf({ dataDir, ...config }: Config): Promise<Secrets> {
  const secretKey = config.secretKey ?? (await keptSecretKey(config.database));
  if (config.bootstrapApiKey !== null)
    return { secretKey, apiKey: config.bootstrapApiKey, shownKey: givenKey(process.env) };
  const file = join(dataDir, 'api-key');
  const { value, made } = await keptSecret(file, () => makeApiKey(randomBytes(16)));
  return { secretKey, apiKey: value, shownKey: made ? { made: value, file } : { file } };
}

/** Where the reader of the greeting finds the key that was given to us. */
function givenKey({
  BOOTSTRAP_API_KEY: value = '',
  BOOTSTRAP_API_KEY_FILE: file = '',
}: NodeJS.ProcessEnv): Greeting['key'] {
  return value.trim() === '' ? { file: resolve(file.trim()) } : { variable: 'BOOTSTRAP_API_KEY' };
}

/** Starts API and workers side by side; answers the API's address once both work. */
async function startServices({ log, releases }: Service, env: NodeJS.ProcessEnv): Promise<string> {
  const told = new Set<string>();
  const onWaiting = (what: string): void => {
    if (!told.has(what)) say(`Waiting for ${what}`);
    told.add(what);
  };
  const supervised = (name: string, entry: string) => {
    const launch = () => forkService({ entry: join(import.meta.dirname, entry), env, onWaiting });
    return new Supervised({ name, log, launch, mustStart: true });
  };
  const workers = supervised('worker pool', 'workers/main.js');
  releases.defer('worker pool', () => workers.stop(graceMs.workers));
  const api = supervised('API', 'api/main.js');
  releases.defer('API', () => api.stop(graceMs.api));
  const toldBy = (name: string) => (error: Error) => {
    if (error instanceof WrongConfiguration)
      throw new WrongConfiguration(`${name} refused its configuration: its message stands above`, { cause: error });
    throw unavailable('not_started', `${name} did not start: its message stands above (${error.message})`, error);
  };
  const [{ address }] = await Promise.all([
    api.ready.catch(toldBy('The API')),
    workers.ready.catch(toldBy('The worker pool')),
  ]);
  return String(address);
}

await runService(process, {
  role: 'start',
  part: 'start',
  graceMs: graceMs.api + graceMs.workers + graceMs.redis + 3000,
  start: async (service) => {
    const { config } = service;
    const { unclean } = await takeDataDir(service);
    if (unclean) service.log.warn('the last run did not end in order; what is left of it is waited for');
    await checkPort(config, unclean ? leftoverMs : 0);
    const port = config.port === 0 ? await freePort() : config.port;
    const { secretKey, apiKey, shownKey } = await secretsOf(config);
    const address = await startServices(service, {
      ...process.env,
      DATA_DIR: config.dataDir,
      PORT: String(port),
      SECRET_KEY: secretKey,
      BOOTSTRAP_API_KEY: apiKey,
      REDIS_URL: await startRedis(service),
    });
    say(greetingOf({ address, dataDir: config.dataDir, workingDir: process.cwd(), key: shownKey }));
    return { address };
  },
});
