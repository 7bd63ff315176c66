import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Deployment, prepareDeploymentIn } from '../support/deployment-processes.ts';
import { type S3Server, servers, uniquePrefix } from '../support/test-variables.ts';
import { proxyTo, type ServerProxy } from '../support/toxiproxy.ts';
import { makeKeys, mixedRenders, uploadLogo } from './soak/callers.ts';
import { percentile, type Sample, SteadyLoad, statuses } from './soak/steady-load.ts';

const keyCount = 10;
const latencyMs = 500;

type Servers = { mongo: string; s3: S3Server; toxiproxy: string };

/**
 * Loads one API process and a pool on the servers that the TEST_ variables name, at `--rate` (50) requests a second, while each of Redis,
 * database and object store in turn is slow by 500 ms and then away, `--seconds` (30) each. Prints per phase how many were answered
 * and how, latencies, and how long after the store's return the last request failed.
 */
export async function soakStores(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: { seconds: { type: 'string', default: '30' }, rate: { type: 'string', default: '50' } },
  });
  const { mongo, s3, toxiproxy } = servers;
  if (!mongo || !s3 || !toxiproxy) throw new Error('TEST_MONGO_URL, TEST_S3_… and TEST_TOXIPROXY_URL must be set');
  const phaseMs = Number(values.seconds) * 1000;
  const folder = await mkdtemp(join(tmpdir(), 'qrf-soak-'));
  const { deployment, proxies } = await behindProxies(folder, { mongo, s3, toxiproxy });
  try {
    await deployment.startApi();
    await deployment.startWorkers();
    const { baseUrl } = deployment.client;
    const keys = await makeKeys(baseUrl, deployment.apiKey, keyCount);
    const next = mixedRenders(keys, await uploadLogo(baseUrl, keys[0] as string));
    const load = new SteadyLoad(baseUrl, { perSecond: Number(values.rate), next });
    load.start();
    await phase(load, 'all well', phaseMs);
    for (const [name, proxy] of Object.entries(proxies)) {
      await proxy.slow(latencyMs);
      await phase(load, `${name} ${latencyMs} ms slower`, phaseMs);
      await proxy.restore();
      await phase(load, `${name} back to speed`, phaseMs / 2);
      await proxy.cut();
      await phase(load, `${name} away`, phaseMs);
      await proxy.restore();
      await recovery(load, `${name} back`, phaseMs);
    }
    await load.stop();
  } finally {
    await deployment.destroy();
    for (const proxy of Object.values(proxies)) await proxy.remove();
    await rm(folder, { recursive: true, force: true });
  }
}

async function behindProxies(folder: string, { mongo, s3, toxiproxy }: Servers) {
  const deployment = await prepareDeploymentIn(folder);
  const own = uniquePrefix();
  const proxies: Record<'Redis' | 'database' | 'object store', ServerProxy> = {
    Redis: await proxyTo(toxiproxy, `127.0.0.1:${deployment.redis.port}`),
    database: await proxyTo(toxiproxy, new URL(mongo).host),
    'object store': await proxyTo(toxiproxy, new URL(s3.endpoint).host),
  };
  Object.assign(deployment.env, {
    REDIS_URL: `redis://${proxies.Redis.host}`,
    MONGO_URL: `mongodb://${proxies.database.host}/${own}`,
    S3_ENDPOINT: `http://${proxies['object store'].host}`,
    S3_ACCESS_KEY: s3.accessKey,
    S3_SECRET_KEY: s3.secretKey,
    S3_BUCKET: own,
  });
  return { deployment, proxies } satisfies { deployment: Deployment; proxies: Record<string, ServerProxy> };
}

/** Lets time pass and prints what came of the requests that ended meanwhile. */
async function phase(load: SteadyLoad, name: string, ms: number): Promise<void> {
  const from = load.samples.length;
  await pause(ms);
  print(name, load.samples.slice(from));
}

async function recovery(load: SteadyLoad, name: string, ms: number): Promise<void> {
  const from = load.samples.length;
  const since = performance.now();
  await pause(ms);
  const samples = load.samples.slice(from);
  const lastFailure = Math.max(0, ...samples.filter(isFailure).map(({ doneAt }) => doneAt - since));
  print(`${name}; the last failure ${(lastFailure / 1000).toFixed(1)} s after`, samples);
}

function isFailure({ status }: Sample): boolean {
  return status !== 200;
}

function print(name: string, samples: readonly Sample[]): void {
  const latencies = [0.5, 0.95, 1].map((share) => `p${share * 100} ${percentile(samples, share).toFixed(0)}`);
  console.log(`${name}: ${statuses(samples)}; ${latencies.join(', ')} ms`);
}
