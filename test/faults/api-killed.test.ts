import { afterEach, expect, it } from 'vitest';
import { distinctSpec, eventually } from '../support/client.ts';
import { type Deployment, prepareDeployment } from '../support/deployment.ts';
import { acceptRenders, expectAllCompleted } from '../support/renders.ts';
import { describeOnStores } from '../support/store-columns.ts';

describeOnStores('An API that is killed', (stores) => {
  let deployment: Deployment;
  afterEach(() => deployment.destroy());

  it('between accepting and enqueuing leaves work that still runs', async () => {
    deployment = await prepareDeployment({ stores: stores(), redisAppendOnly: false });
    const api = await deployment.startApi();
    const { client } = deployment;
    await acceptRenders(client, 1);

    deployment.redis.freeze();
    const posts = Promise.allSettled(
      Array.from({ length: 20 }, () => client.post('/v1/renders', distinctSpec(), { prefer: 'respond-async' })),
    );
    const other = await deployment.startApi();
    const listed = await eventually('the rows are written', async () => {
      const page = (await (await deployment.client.get('/v1/renders?limit=200')).json()) as { data: { id: string }[] };
      return page.data.length > 1 ? page.data : null;
    });
    await api.end('SIGKILL');
    await other.end('SIGKILL');
    await posts;
    await deployment.redis.kill();
    await deployment.redis.start();

    await deployment.startApi();
    await deployment.startWorkers();
    expect(listed.length).toBeGreaterThan(1);
    await expectAllCompleted(
      deployment.client,
      listed.map(({ id }) => id),
    );
  });

  it('under load loses none of what it had acknowledged', async () => {
    deployment = await prepareDeployment({ stores: stores() });
    const api = await deployment.startApi();
    await deployment.startWorkers();
    const { client } = deployment;
    const acknowledged: string[] = [];
    const lanes = Array.from({ length: 16 }, async () => {
      for (;;) {
        const answer = await client.post('/v1/renders', distinctSpec(), { prefer: 'respond-async' });
        acknowledged.push(((await answer.json()) as { id: string }).id);
      }
    });
    const loads = Promise.allSettled(lanes);
    await eventually('a few hundred renders are accepted', async () => acknowledged.length > 300);
    await api.end('SIGKILL');
    await loads;
    await deployment.startApi();
    await expectAllCompleted(deployment.client, acknowledged);
  });
});
