import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Client, createClient } from './client.ts';
import { type OurProcess, startOurProcess } from './our-process.ts';
import { type RedisProcess, startRedisProcess } from './redis-process.ts';

export type DeploymentOptions = {
  /** MONGO_URL, S3_… of the stores under test; empty: SQLite and a folder. */
  stores?: Record<string, string>;
  env?: Record<string, string>;
  /** The workers' entry below dist/, where a test brings its own. */
  workersEntry?: string;
  /** Whether Redis keeps an append-only file: without it, it comes back empty after a kill. Default: yes. */
  redisAppendOnly?: boolean;
};

/** API and worker pool as processes of their own on a Redis of their own, as `start:api` and `start:workers` run them. */
export class Deployment {
  readonly redis: RedisProcess;
  readonly env: Record<string, string>;
  readonly apiKey: string;
  readonly #workersEntry: string;
  readonly #processes: OurProcess[] = [];
  #client: Client | null = null;
  #lastApi: OurProcess | null = null;

  constructor(redis: RedisProcess, env: Record<string, string>, apiKey: string, workersEntry: string) {
    this.redis = redis;
    this.env = env;
    this.apiKey = apiKey;
    this.#workersEntry = workersEntry;
  }

  get client(): Client {
    if (this.#client === null) throw new Error('The API has not been started');
    return this.#client;
  }

  /** The API process that was started last, also one that is not whole yet. */
  get lastApi(): OurProcess {
    if (this.#lastApi === null) throw new Error('No API has been started');
    return this.#lastApi;
  }

  /** Starts an API process on a free port; `client` speaks to the one started last. */
  async startApi(env: Record<string, string> = {}): Promise<OurProcess> {
    const api = startOurProcess('api/main.js', { ...this.env, PORT: '0', ...env });
    this.#processes.push(api);
    this.#lastApi = api;
    const { address } = await api.logged('listening');
    this.#client = createClient(String(address), this.apiKey);
    return api;
  }

  /** Starts a pool of workers and waits until all its children work. */
  async startWorkers(env: Record<string, string> = {}): Promise<OurProcess> {
    const workers = startOurProcess(this.#workersEntry, { ...this.env, ...env });
    this.#processes.push(workers);
    await workers.logged('working');
    return workers;
  }

  /** kill -9 of whatever still runs. */
  async destroy(): Promise<void> {
    this.redis.thaw();
    await Promise.all(this.#processes.map((process) => process.killTree()));
    await this.redis.kill();
  }
}

/** Starts a Redis and prepares, but does not start, API and workers on it; both keep what they have below `folder`. */
export async function prepareDeploymentIn(folder: string, options: DeploymentOptions = {}): Promise<Deployment> {
  const [dataDir, redisDir] = [join(folder, 'data'), join(folder, 'redis')];
  for (const path of [dataDir, redisDir]) await mkdir(path, { recursive: true });
  const redis = await startRedisProcess({ folder: redisDir, appendOnly: options.redisAppendOnly ?? true });
  const apiKey = `qrf_${randomBytes(16).toString('hex')}`;
  const env = {
    DATA_DIR: dataDir,
    REDIS_URL: redis.url,
    SECRET_KEY: randomBytes(24).toString('hex'),
    BOOTSTRAP_API_KEY: apiKey,
    WORKER_PROCESSES: '2',
    LOG_LEVEL: 'info',
    ...options.stores,
    ...options.env,
  };
  return new Deployment(redis, env, apiKey, options.workersEntry ?? 'workers/main.js');
}
