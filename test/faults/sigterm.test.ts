import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { distinctSpec, inParallel } from '../support/client.ts';
import { type Deployment, prepareDeployment } from '../support/deployment.ts';
import { acceptRenders, expectAllCompleted } from '../support/renders.ts';
import { describeOnStores } from '../support/store-columns.ts';

describeOnStores('SIGTERM', (stores) => {
  let deployment: Deployment;
  afterEach(() => deployment.destroy());

  it('lets a worker pool end its work in hand and exit 0; the next pool does the rest', async () => {
    deployment = await prepareDeployment({ stores: stores() });
    await deployment.startApi();
    const first = await deployment.startWorkers();
    const { client } = deployment;

    const accepting = acceptRenders(client, 600, () => distinctSpec({ size: 1500 }));
    await pause(300);
    expect(await first.end('SIGTERM')).toEqual({ code: 0, signal: null });
    const ids = await accepting;
    await deployment.startWorkers();
    await expectAllCompleted(client, ids);
    expect(first.lines.filter((line) => /stalled/i.test(line))).toEqual([]);
  });

  it('lets the API answer every request that it had taken, then exit 0', async () => {
    deployment = await prepareDeployment({ stores: stores() });
    const api = await deployment.startApi();
    await deployment.startWorkers();
    const { client } = deployment;

    const ids: string[] = [];
    let refused = 0;
    let dropped = 0;
    let stopping = false;
    const load = inParallel(Array.from({ length: 2000 }), 32, async () => {
      const sentAfterTheSignal = stopping;
      try {
        const answer = await client.post('/v1/renders', distinctSpec(), { prefer: 'wait=5' });
        if (answer.status === 200 || answer.status === 202) ids.push(((await answer.json()) as { id: string }).id);
        else refused++;
      } catch {
        if (!sentAfterTheSignal) dropped++;
      }
    });
    await pause(500);
    const exit = api.ended;
    stopping = true;
    api.child.kill('SIGTERM');
    expect(await exit).toEqual({ code: 0, signal: null });
    await load;
    expect(dropped).toBe(0);
    expect(refused).toBe(0);
    expect(ids.length).toBeGreaterThan(0);

    await deployment.startApi();
    await expectAllCompleted(deployment.client, ids);
  });
});
