import { afterEach, expect, it } from 'vitest';
import { distinctSpec, eventually, type RenderAnswer } from '../support/client.ts';
import { type Deployment, prepareDeployment } from '../support/deployment.ts';
import { acceptRenders, expectAllCompleted } from '../support/renders.ts';
import { describeOnStores } from '../support/store-columns.ts';

async function untilRefused(deployment: Deployment): Promise<string[]> {
  const accepted: string[] = [];
  await eventually('new work is refused', async () => {
    const answer = await deployment.client.post('/v1/renders', distinctSpec(), { prefer: 'respond-async' });
    if (answer.status === 202) accepted.push(((await answer.json()) as RenderAnswer).id);
    else expect(answer.status).toBe(503);
    return answer.status === 503;
  });
  return accepted;
}

async function expectFastRefusal(deployment: Deployment): Promise<void> {
  const started = performance.now();
  const answer = await deployment.client.post('/v1/renders', distinctSpec());
  expect(answer.status).toBe(503);
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(answer.headers.get('content-type')).toContain('application/problem+json');
  expect(performance.now() - started).toBeLessThan(5000);
}

async function countRenders(deployment: Deployment): Promise<number> {
  let count = 0;
  let path: string | null = '/v1/renders?limit=200';
  while (path !== null) {
    const page = (await (await deployment.client.get(path)).json()) as { data: unknown[]; nextCursor: string | null };
    count += page.data.length;
    path = page.nextCursor === null ? null : `/v1/renders?limit=200&cursor=${encodeURIComponent(page.nextCursor)}`;
  }
  return count;
}

describeOnStores('A Redis', (stores) => {
  let deployment: Deployment;
  afterEach(() => deployment.destroy());

  const outages = [
    { name: 'frozen', leave: () => deployment.redis.freeze(), comeBack: () => deployment.redis.thaw() },
    { name: 'down', leave: () => deployment.redis.kill(), comeBack: () => deployment.redis.start() },
  ];
  for (const { name, leave, comeBack } of outages) {
    it(`that is ${name} refuses new work fast and without a row, serves finished images, and recovers by itself`, async () => {
      deployment = await prepareDeployment({ stores: stores() });
      await deployment.startApi();
      await deployment.startWorkers();
      const { client } = deployment;
      const [finished] = await expectAllCompleted(client, await acceptRenders(client, 1));

      await leave();
      const accepted = await untilRefused(deployment);
      for (let attempt = 0; attempt < 5; attempt++) await expectFastRefusal(deployment);
      expect((await client.image(finished?.id ?? '')).byteLength).toBe(finished?.image?.sizeBytes);
      expect((await client.get(`/v1/renders/${finished?.id}`)).status).toBe(200);
      expect((await fetch(`${client.baseUrl}/readyz`)).status).toBe(503);
      expect((await fetch(`${client.baseUrl}/healthz`)).status).toBe(200);
      expect(await countRenders(deployment)).toBe(1 + accepted.length);

      await comeBack();
      await eventually('new work is taken again', async () => {
        const answer = await client.post('/v1/renders', distinctSpec(), { prefer: 'wait=10' });
        return answer.status === 200;
      });
      await expectAllCompleted(client, accepted, 120_000);
    });
  }

  it('that was emptied gets the open work of the database again', async () => {
    deployment = await prepareDeployment({ stores: stores() });
    await deployment.startApi();
    const { client } = deployment;
    const ids = await acceptRenders(client, 200);
    await deployment.redis.send('FLUSHALL');
    await deployment.startWorkers();
    await expectAllCompleted(client, ids);
  });

  it('that restarts without its last jobs gets them again', async () => {
    deployment = await prepareDeployment({ stores: stores(), redisAppendOnly: false });
    await deployment.startApi();
    const workers = await deployment.startWorkers();
    const { client } = deployment;
    const accepting = acceptRenders(client, 300, () => distinctSpec({ size: 1500 }));
    const ids = await accepting;
    await workers.killTree();
    const more = await acceptRenders(client, 100);
    await deployment.redis.kill();
    await deployment.redis.start();
    await deployment.startWorkers();
    await expectAllCompleted(client, [...ids, ...more]);
  });

  it('that is nearly full refuses new work and loses none that was accepted', async () => {
    deployment = await prepareDeployment({ stores: stores() });
    await deployment.startApi();
    const { client } = deployment;
    const ids = await acceptRenders(client, 50);
    const used = Number(/used_memory:(\d+)/.exec(String(await deployment.redis.send('INFO', 'memory')))?.[1]);
    await deployment.redis.send('CONFIG', 'SET', 'maxmemory', String(Math.round(used * 1.1)));
    const accepted = await untilRefused(deployment);
    await expectFastRefusal(deployment);
    await deployment.redis.send('CONFIG', 'SET', 'maxmemory', '0');
    await deployment.startWorkers();
    await expectAllCompleted(client, [...ids, ...accepted]);
  });
});
