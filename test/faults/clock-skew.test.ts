import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { batchAnswerSchema } from '../../shared/contract/batch-answer.ts';
import { type Client, eventually, inParallel } from '../support/client.ts';
import { type Deployment, prepareDeployment } from '../support/deployment.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { acceptRenders, expectAllCompleted } from '../support/renders.ts';
import { expectEachScanOnce, ledgerOf, makeCode, openLedger, type Scanned, scanOnce } from '../support/scans.ts';
import { skewedClock } from '../support/skewed-clock.ts';
import { describeOnStores } from '../support/store-columns.ts';

const tenMinutesMs = 10 * 60_000;
const dayMs = 86_400_000;
/** Shorter than a call may take, longer than it is between two sweeps. */
const slowMs = 12_000;
/** Nearer than any two of the clocks are. */
const closeMs = 60_000;

describe('An API and workers whose clocks differ by up to twenty minutes', () => {
  let deployment: Deployment;
  let receiver: Receiver;
  afterEach(async () => {
    await deployment.destroy();
    await receiver.close();
  });

  it('let nothing expire, and tell each end once, however long a receiver takes', async () => {
    deployment = await prepareDeployment({ env: { OUTBOUND_ALLOW: '127.0.0.0/8' } });
    receiver = await startReceiver();
    receiver.answer = (response) => void setTimeout(() => response.writeHead(204).end(), slowMs);
    await deployment.startApi(skewedClock(tenMinutesMs));
    await deployment.startWorkers(skewedClock(tenMinutesMs));
    await deployment.startWorkers(skewedClock(-tenMinutesMs));
    const { client } = deployment;
    const events = ['render.completed', 'batch.completed'];
    const webhook = (await (await client.post('/v1/webhooks', { url: receiver.url(), events })).json()) as {
      id: string;
    };

    const ids = await acceptRenders(client, 3);
    const headers = { authorization: client.authorization, 'content-type': 'text/csv' };
    const body = 'url\nhttps://example.com/1\nhttps://example.com/2\n';
    const posted = await fetch(`${client.baseUrl}/v1/batches`, { method: 'POST', headers, body });
    const { id } = (await posted.json()) as { id: string };
    await expectAllCompleted(client, ids);
    const ended = async () => batchAnswerSchema.parse(await (await client.get(`/v1/batches/${id}`)).json());
    await eventually('the batch ends', async () => (await ended()).status === 'completed');
    const { archive } = await ended();
    expect(Math.abs(Date.parse(archive?.expiresAt ?? '') - Date.now() - 7 * dayMs)).toBeLessThan(closeMs);
    expect((await client.get(`/v1/batches/${id}/archive`)).status).toBe(200);

    await receiver.until(ids.length + 1);
    // A sweep of each clock has come by in this time, while the receiver was still at it.
    await pause(slowMs);
    const told = receiver.received.map(({ headers }) => headers['webhook-id']);
    expect([told.length, new Set(told).size]).toEqual([ids.length + 1, ids.length + 1]);
    for (const render of ids) expect((await client.image(render)).length).toBeGreaterThan(0);

    /* What is sent again is due by the clock of whoever sends it, not by that of the API. */
    receiver.answer = (response) => void response.writeHead(204).end();
    const again = `/v1/webhooks/${webhook.id}/deliveries/${told[0]}/redeliver`;
    expect((await client.post(again, {})).status).toBe(202);
    await receiver.until(ids.length + 2);
  });
});

describeOnStores('Scans by processes whose clocks differ by twenty minutes', (stores) => {
  let deployment: Deployment;
  afterEach(() => deployment.destroy());

  it('are in the ledger once each, at their time, and counted as often', async () => {
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
    expect(times.filter((at) => Math.abs(at - started) > 2 * closeMs)).toEqual([]);
  });
});
