import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { type Deployment, prepareDeployment } from '../support/deployment.ts';
import { type OurProcess, signalIfAlive } from '../support/our-process.ts';
import { expectEachScanOnce, makeCode, openLedger, type Scanned, scanMany } from '../support/scans.ts';
import { servers } from '../support/servers.ts';
import { describeOnStores } from '../support/store-columns.ts';
import { proxyTo, type ServerProxy } from '../support/toxiproxy.ts';

/** TEST_SCANS=10000 is what is promised: 10,000 scans of which none is lost; a third of them shows the same in less time. */
const scans = Number(process.env.TEST_SCANS ?? 3000);
const clients = 32;
/** So that the scans go on for longer than it takes to kill the first few. */
const restMs = 80;

const victims = [
  'api',
  'worker',
  'redis',
  'worker',
  'database',
  'api',
  'worker',
  'database',
  'api',
  'redis',
  'worker',
  'api',
] as const;

/** How often each was killed, of the workers which processes. */
type Kills = { api: number; workers: Set<number>; redis: number; database: number };

const someMs = (least: number, most: number): number => least + Math.random() * (most - least);

describeOnStores('Scans while processes are killed', (stores) => {
  let deployment: Deployment;
  /** In front of MongoDB, where there is one and Toxiproxy too. */
  let proxy: ServerProxy | null = null;
  afterEach(async () => {
    await deployment.destroy();
    await proxy?.remove();
    proxy = null;
  });

  /** Prepares a deployment whose way to MongoDB can be cut; answers the variables of the test's own way there. */
  async function deploy(): Promise<Record<string, string>> {
    const own = stores();
    const direct = own.MONGO_URL;
    if (direct === undefined || !servers.toxiproxy) {
      deployment = await prepareDeployment({ stores: own });
      return deployment.env;
    }
    proxy = await proxyTo(servers.toxiproxy, new URL(direct).host);
    const proxied = new URL(direct);
    proxied.host = proxy.host;
    deployment = await prepareDeployment({ stores: { ...own, MONGO_URL: proxied.href } });
    return { ...deployment.env, MONGO_URL: direct };
  }

  /**
   * kill -9, again and again in turn, of the API, of each worker and of Redis, and a cut of the way to MongoDB, until the scans are
   * through.
   */
  async function killUntil(done: Promise<Scanned>, api: OurProcess, workers: OurProcess): Promise<Kills> {
    const kills: Kills = { api: 0, workers: new Set(), redis: 0, database: 0 };
    const isOver = { yes: false };
    void done.finally(() => {
      isOver.yes = true;
    });
    let living = api;
    for (const victim of victims) {
      if (victim === 'database' && proxy === null) continue;
      await pause(someMs(200, 900));
      if (isOver.yes) break;
      if (victim === 'api') {
        kills.api++;
        await living.end('SIGKILL');
        living = await deployment.startApi();
      } else if (victim === 'worker') {
        // Whoever has lived longest: one that was killed is started again and comes last.
        const [pid] = (await workers.descendants()).sort((one, other) => one - other);
        if (pid === undefined) continue;
        kills.workers.add(pid);
        signalIfAlive(pid, 'SIGKILL');
      } else if (victim === 'database') {
        kills.database++;
        await proxy?.cut();
        await pause(someMs(200, 1500));
        await proxy?.restore();
      } else {
        kills.redis++;
        await deployment.redis.kill();
        await pause(someMs(0, 500));
        await deployment.redis.start();
      }
    }
    return kills;
  }

  it('are all in the ledger when they were answered, none twice, and counted right', async () => {
    const direct = await deploy();
    const api = await deployment.startApi();
    const workers = await deployment.startWorkers();
    const database = await openLedger(direct);
    const codes = await Promise.all(Array.from({ length: 5 }, () => makeCode(deployment.client)));

    const scanning = scanMany(deployment, codes, { count: scans, width: clients, restMs });
    const kills = await killUntil(scanning, api, workers);
    const scanned = await scanning;
    expect(Math.min(kills.api, kills.redis)).toBeGreaterThan(0);
    // Each of the pool's two processes.
    expect(kills.workers.size).toBeGreaterThan(1);
    if (proxy !== null) expect(kills.database).toBeGreaterThan(0);
    expect(scanned.answered.size).toBe(scans);
    await expectEachScanOnce(deployment, database, codes, scanned);
  });
});
