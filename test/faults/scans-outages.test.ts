import { appendFile } from 'node:fs/promises';
import { afterEach, expect, it } from 'vitest';
import { eventually } from '../support/client.ts';
import { type Deployment, prepareDeployment } from '../support/deployment.ts';
import { segmentsBelow } from '../support/journal-files.ts';
import { expectEachScanOnce, makeCode, openLedger, type Scanned, scanMany, scanOnce } from '../support/scans.ts';
import { describeOnStores } from '../support/store-columns.ts';

const nothing = (): Scanned => ({ requested: new Set(), answered: new Set() });

describeOnStores('Scans', (stores) => {
  let deployment: Deployment;
  afterEach(() => deployment.destroy());

  const outages = [
    { name: 'is down', leave: () => deployment.redis.kill(), comeBack: () => deployment.redis.start() },
    { name: 'hangs', leave: () => deployment.redis.freeze(), comeBack: () => deployment.redis.thaw() },
  ];
  for (const { name, leave, comeBack } of outages) {
    it(`are answered and kept while Redis ${name}, and counted once when it is back`, async () => {
      deployment = await prepareDeployment({ stores: stores() });
      await deployment.startApi();
      await deployment.startWorkers();
      const database = await openLedger(deployment.env);
      const code = await makeCode(deployment.client);
      await leave();
      const scanned = await scanMany(deployment, [code], { count: 300, width: 8 });
      expect([scanned.answered.size, scanned.requested.size]).toEqual([300, 300]);
      expect((await segmentsBelow(deployment.env.DATA_DIR as string)).length).toBeGreaterThan(0);
      await comeBack();
      await expectEachScanOnce(deployment, database, [code], scanned);
    });
  }

  it('whose jobs an emptied Redis has forgotten are queued again', async () => {
    deployment = await prepareDeployment({ stores: stores() });
    const api = await deployment.startApi();
    const database = await openLedger(deployment.env);
    const code = await makeCode(deployment.client);
    const scanned = await scanMany(deployment, [code], { count: 50, width: 8 });
    const queued = () => deployment.redis.send('LLEN', 'qrf-queue:scans:wait');
    await eventually('they are queued', async () => Number(await queued()) > 0);
    await deployment.redis.send('FLUSHALL');
    await api.logged('scans had no job and are queued again');
    await deployment.startWorkers();
    await expectEachScanOnce(deployment, database, [code], scanned);
  });

  it('of an API that was killed are delivered by its sibling on the same DATA_DIR, up to the torn tail of its journal', async () => {
    deployment = await prepareDeployment({ stores: stores() });
    const doomed = await deployment.startApi();
    const database = await openLedger(deployment.env);
    const code = await makeCode(deployment.client);
    await deployment.redis.kill();
    const scanned = await scanMany(deployment, [code], { count: 100, width: 8 });
    const sibling = await deployment.startApi();
    await doomed.end('SIGKILL');
    for (const file of await segmentsBelow(deployment.env.DATA_DIR as string))
      await appendFile(file, '0a1b2c3d {"id":"scn_torn","tenantId":"default","co');
    await deployment.redis.start();
    await deployment.startWorkers();
    await sibling.logged('the journal of a process that is gone is delivered');
    await expectEachScanOnce(deployment, database, [code], scanned);
  });

  it('of an API that is told to end are in the ledger before it ends', async () => {
    deployment = await prepareDeployment({ stores: stores() });
    const api = await deployment.startApi();
    await deployment.startWorkers();
    const database = await openLedger(deployment.env);
    const code = await makeCode(deployment.client);
    const scanned = nothing();
    const { baseUrl } = deployment.client;
    let stopping = false;
    const lanes = Array.from({ length: 8 }, async () => {
      while (!stopping) await scanOnce(baseUrl, code, scanned);
    });
    await eventually('some are scanned', async () => scanned.answered.size > 200);
    const ended = api.end('SIGTERM');
    await eventually('it refuses', async () => (await scanOnce(baseUrl, code, scanned)) === null);
    stopping = true;
    await Promise.all(lanes);
    expect(await ended).toEqual({ code: 0, signal: null });
    expect(await segmentsBelow(deployment.env.DATA_DIR as string)).toEqual([]);
    await deployment.startApi();
    await expectEachScanOnce(deployment, database, [code], scanned);
  });
});
