import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Deployment, prepareDeploymentIn } from '../support/deployment-processes.ts';
import { prepareNginx } from '../support/nginx.ts';
import type { OurProcess } from '../support/our-process.ts';
import { residentMb } from './seed/processes.ts';
import { makeKeys, mixedRenders, uploadLogo } from './soak/callers.ts';
import { percentile, SteadyLoad, statuses } from './soak/steady-load.ts';

const keyCount = 10;
const warmUpSeconds = 10;

/**
 * Loads two API processes behind nginx at `--rate` (100) requests a second for `--minutes` (10): ten keys, every size, a fifth with a
 * logo, each render another one, its bytes in the answer. In the middle one of two worker pools and one API process after the other
 * are restarted. Prints latencies to the last byte, statuses, and the memory of each process before and after. With `--alone` there
 * is one API process and no nginx: what its restart cuts is printed and is no failure.
 *
 * @throws Error when a request was not answered with its image
 */
export async function soak(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      minutes: { type: 'string', default: '10' },
      rate: { type: 'string', default: '100' },
      alone: { type: 'boolean', default: false },
    },
  });
  const seconds = Number(values.minutes) * 60;
  const folder = await mkdtemp(join(tmpdir(), 'qrf-soak-'));
  const deployment = await prepareDeploymentIn(folder, {
    env: { LOG_LEVEL: 'info', TRUSTED_PROXIES: '127.0.0.1', WORKER_PROCESSES: '1' },
  });
  const nginx = await prepareNginx(folder);
  try {
    const apis = [await deployment.startApi(), ...(values.alone ? [] : [await deployment.startApi()])];
    const pools: [OurProcess, OurProcess] = [await deployment.startWorkers(), await deployment.startWorkers()];
    // Asked for now: a process keeps the latest lines of its log only.
    const hosts = await Promise.all(apis.map(hostOf));
    if (!values.alone) await nginx.start(hosts as [string, string]);
    const url = values.alone ? `http://${hosts[0]}` : nginx.url;
    const keys = await makeKeys(url, deployment.apiKey, keyCount);
    const next = mixedRenders(keys, await uploadLogo(url, keys[0] as string));
    const perSecond = Number(values.rate);
    const service = values.alone ? 'one API process' : 'two API processes behind nginx';
    console.log(`${perSecond} requests/s for ${seconds} s, ${keyCount} keys, ${service}`);

    const warmUp = new SteadyLoad(url, { perSecond, next: (number) => next(-1 - number) });
    warmUp.start();
    await pause(warmUpSeconds * 1000);
    await warmUp.stop();
    await printMemory('before', { apis, pools, deployment });

    const load = new SteadyLoad(url, { perSecond, next });
    load.start();
    await pause((seconds * 1000) / 2);
    const begunAt = performance.now();
    await restartAll(deployment, { apis, hosts, pools });
    const endedAt = performance.now();
    await pause((seconds * 1000) / 2);
    await load.stop();
    const { samples } = load;
    const undisturbed = samples.filter(({ sentAt }) => sentAt < begunAt || sentAt > endedAt);
    console.log(`all ${samples.length}: ${statuses(samples)}; outside of restarts ${statuses(undisturbed)}`);
    for (const [name, some] of [
      ['all', samples],
      ['outside of restarts', undisturbed],
    ] as const)
      console.log(
        `${name}: to the last byte ${[0.5, 0.95, 0.99, 1].map((share) => `p${share * 100} ${percentile(some, share).toFixed(1)}`).join(', ')} ms`,
      );
    await printMemory('after', { apis, pools, deployment });
    const failed = (values.alone ? undisturbed : samples).filter(({ status }) => status !== 200);
    if (failed.length > 0) throw new Error(`${failed.length} requests were not answered with their image`);
  } finally {
    await nginx.stop();
    await deployment.destroy();
    await rm(folder, { recursive: true, force: true });
  }
}

async function hostOf(api: OurProcess): Promise<string> {
  return new URL(String((await api.logged('listening')).address)).host;
}

/** Restarts one pool, then each process of the API, as an upgrade would. */
async function restartAll(
  deployment: Deployment,
  { apis, hosts, pools }: { apis: OurProcess[]; hosts: readonly string[]; pools: OurProcess[] },
): Promise<void> {
  const begunAt = performance.now();
  await pools[0]?.end('SIGTERM');
  pools[0] = await deployment.startWorkers();
  for (const [index, api] of apis.entries()) {
    const { port } = new URL(`http://${hosts[index]}`);
    await api.end('SIGTERM');
    apis[index] = await deployment.startApi({ PORT: port });
  }
  console.log(`restarted one pool and every API process in ${((performance.now() - begunAt) / 1000).toFixed(1)} s`);
}

type Running = { apis: readonly OurProcess[]; pools: readonly OurProcess[]; deployment: Deployment };

async function printMemory(when: string, { apis, pools, deployment }: Running): Promise<void> {
  const children = (await Promise.all(pools.map((pool) => pool.descendants()))).flat();
  const named: [string, number][] = [
    ...apis.map(({ pid }, index): [string, number] => [`API ${index + 1}`, pid]),
    ...pools.map(({ pid }, index): [string, number] => [`pool ${index + 1}`, pid]),
    ...children.map((pid, index): [string, number] => [`child ${index + 1}`, pid]),
    ['Redis', deployment.redis.pid],
  ];
  const shown = await Promise.all(named.map(async ([name, pid]) => `${name} ${await residentMb(pid)} MB`));
  console.log(`memory ${when}: ${shown.join(', ')}`);
}
