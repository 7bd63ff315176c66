import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { distinctSpec, eventually } from '../support/client.ts';
import { type Deployment, prepareDeployment } from '../support/deployment.ts';
import { signalIfAlive } from '../support/our-process.ts';
import { acceptRenders, expectAllCompleted } from '../support/renders.ts';
import { describeOnStores } from '../support/store-columns.ts';

/** TEST_RENDERS=10000 for the whole of it. */
const waiting = Number(process.env.TEST_RENDERS ?? 2000);

describeOnStores('A killed worker', (stores) => {
  let deployment: Deployment;
  afterEach(() => deployment.destroy());

  it('leaves no render undone and gives the same bytes when one dies in the middle of its jobs', async () => {
    deployment = await prepareDeployment({ stores: stores() });
    await deployment.startApi();
    const workers = await deployment.startWorkers();
    const { client } = deployment;

    const specs = Array.from({ length: 300 }, () => distinctSpec({ size: 2000 }));
    const accepting = acceptRenders(client, specs.length, (index) => specs[index] ?? {});
    for (let kills = 0; kills < 4; kills++) {
      const [victim] = await workers.descendants();
      if (victim !== undefined) signalIfAlive(victim, 'SIGKILL');
      await pause(250);
    }
    const ids = await accepting;
    const renders = await expectAllCompleted(client, ids);
    expect(new Set(ids).size).toBe(specs.length);

    const [first] = renders;
    const bytes = await client.image(first?.id ?? '');
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(first?.image?.sha256);
    await fetch(`${client.baseUrl}/v1/renders/${first?.id}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${deployment.apiKey}` },
    });
    const [again] = await acceptRenders(client, 1, () => specs[0] ?? {});
    await expectAllCompleted(client, [again ?? '']);
    expect(await client.image(again ?? '')).toEqual(bytes);
  });

  it(`lets ${waiting} waiting renders drain after every worker process died, none lost, none twice`, async () => {
    deployment = await prepareDeployment({ stores: stores() });
    await deployment.startApi();
    const { client } = deployment;
    const ids = await acceptRenders(client, waiting);

    const doomed = await deployment.startWorkers();
    await eventually('some renders are done', async () => {
      const list = (await (await client.get('/v1/renders?status=completed&limit=1')).json()) as { data: unknown[] };
      return list.data.length > 0;
    });
    await doomed.killTree();

    await deployment.startWorkers();
    await expectAllCompleted(client, ids);
    expect(new Set(ids).size).toBe(waiting);
  });

  it('is harmless when its event loop only hung: another takes over, and what it does on waking changes nothing', async () => {
    deployment = await prepareDeployment({ stores: stores(), workersEntry: 'test/support/poison-workers.js' });
    await deployment.startApi();
    const workers = await deployment.startWorkers();
    const { client } = deployment;

    const [hanging = ''] = await acceptRenders(client, 1, () => ({
      content: { type: 'url', url: 'https://example.com/block' },
    }));
    const ids = [hanging, ...(await acceptRenders(client, 200))];
    const before = await expectAllCompleted(client, ids);
    await workers.logged('woke');

    await expectAllCompleted(client, await acceptRenders(client, 50));
    const after = await expectAllCompleted(client, ids);
    expect(after.map(({ image, completedAt }) => [image?.sha256, completedAt])).toEqual(
      before.map(({ image, completedAt }) => [image?.sha256, completedAt]),
    );
  });
});
