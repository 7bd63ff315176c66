import { afterEach, expect, it } from 'vitest';
import { type Client, eventually, inParallel } from '../support/client.ts';
import { type Deployment, prepareDeployment } from '../support/deployment.ts';
import { expectEachScanOnce, ledgerOf, makeCode, openLedger, type Scanned, scanOnce } from '../support/scans.ts';
import { skewedClock } from '../support/skewed-clock.ts';
import { describeOnStores } from '../support/store-columns.ts';

const tenMinutesMs = 10 * 60_000;

describeOnStores('Scans by processes whose clocks differ by twenty minutes', (stores) => {
  let deployment: Deployment;
  afterEach(() => deployment.destroy());

  it('are in the ledger once each, and counted as often', async () => {
    deployment = await prepareDeployment({ stores: stores() });
    const started = Date.now();
    await deployment.startApi(skewedClock(tenMinutesMs));
    const early: Client = deployment.client;
    await deployment.startApi(skewedClock(-tenMinutesMs));
    const late: Client = deployment.client;
    await deployment.startWorkers(skewedClock(-tenMinutesMs / 2));
    await deployment.startWorkers();
    const database = await openLedger(deployment.env);
    const code = await makeCode(early);
    /* What one process has made must not be too young for another. */
    await eventually('the other knows it', async () => (await late.get(`/v1/codes/${code.id}`)).status === 200);

    const scanned: Scanned = { requested: new Set(), answered: new Set() };
    await inParallel(Array.from({ length: 200 }), 8, async (_, index) => {
      const { baseUrl } = index % 2 === 0 ? early : late;
      expect(await scanOnce(baseUrl, code, scanned)).toBe(302);
    });
    await expectEachScanOnce(deployment, database, [code], scanned);
    const times = (await ledgerOf(database, code)).map(({ at }) => at);
    expect(times).toHaveLength(200);
    expect(times.filter((at) => at < started - tenMinutesMs / 2)).toHaveLength(100);
    expect(times.filter((at) => at > started + tenMinutesMs / 2)).toHaveLength(100);
  });
});
