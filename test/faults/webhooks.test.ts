import { afterEach, expect, it } from 'vitest';
import { distinctSpec, eventually } from '../support/client.ts';
import { type Deployment, prepareDeployment } from '../support/deployment.ts';
import { type Receiver, startReceiver, verified } from '../support/receiver.ts';
import { acceptRenders } from '../support/renders.ts';
import { describeOnStores } from '../support/store-columns.ts';

type Webhook = { id: string; secret: string };
type Delivery = { id: string; status: string; attempts: { httpStatus: number | null }[] };

describeOnStores('Webhooks', (stores) => {
  let deployment: Deployment;
  let receiver: Receiver;

  const prepare = async (): Promise<void> => {
    const env = { OUTBOUND_ALLOW: '127.0.0.0/8', WEBHOOK_TIME_SCALE: '0.01' };
    deployment = await prepareDeployment({ stores: stores(), redisAppendOnly: false, env });
    receiver = await startReceiver();
    await deployment.startApi();
  };
  afterEach(async () => {
    await deployment.destroy();
    await receiver.close();
  });

  const addWebhook = async (path = '/hook'): Promise<Webhook> => {
    const body = { url: receiver.url(path), events: ['render.completed', 'render.failed'] };
    const answer = await deployment.client.post('/v1/webhooks', body);
    expect(answer.status).toBe(201);
    return (await answer.json()) as Webhook;
  };
  const deliveriesOf = async ({ id }: Webhook): Promise<Delivery[]> => {
    const answer = await deployment.client.get(`/v1/webhooks/${id}/deliveries?limit=200`);
    return ((await answer.json()) as { data: Delivery[] }).data;
  };
  const told = (path: string): Set<string> =>
    new Set(receiver.received.filter((one) => one.path === path).map(({ body }) => JSON.parse(body).data.id));

  it('tell the end of a render to an endpoint and a callback, verified, while the receiver fails at first', async () => {
    await prepare();
    await deployment.startWorkers();
    let failures = 2;
    receiver.answer = (response) => response.writeHead(failures-- > 0 ? 500 : 204).end();
    const webhook = await addWebhook();
    const secret = await deployment.client.post('/v1/callback-secret/rotate', {});
    const callbackSecret = ((await secret.json()) as Webhook).secret;
    const answer = await deployment.client.post('/v1/renders', {
      ...distinctSpec(),
      callbackUrl: receiver.url('/call'),
    });
    const { id } = (await answer.json()) as { id: string };
    const messages = await receiver.until(4);
    for (const message of messages) {
      const { type, data } = verified(message, message.path === '/hook' ? webhook.secret : callbackSecret);
      expect([type, (data as { id: string }).id]).toEqual(['render.completed', id]);
    }
    expect(new Set(messages.map(({ headers }) => headers['webhook-id'])).size).toBe(2);
    await eventually('the delivery is completed', async () => (await deliveriesOf(webhook))[0]?.status === 'completed');
  });

  it('lose no event and tell none under two ids when workers and Redis are killed again and again', async () => {
    await prepare();
    let workers = await deployment.startWorkers();
    const webhook = await addWebhook();
    const ids: string[] = [];
    for (let round = 0; round < 3; round++) {
      ids.push(...(await acceptRenders(deployment.client, 40)));
      await receiver.until(1 + round * 20);
      await workers.killTree();
      if (round === 1) {
        await deployment.redis.kill();
        await deployment.redis.start();
      }
      workers = await deployment.startWorkers();
    }
    await eventually('all are told', async () => ids.every((id) => told('/hook').has(id)), 180_000);
    const idsOf = new Map<string, Set<unknown>>();
    for (const { body, headers } of receiver.received) {
      const { id } = JSON.parse(body).data as { id: string };
      idsOf.set(id, (idsOf.get(id) ?? new Set()).add(headers['webhook-id']));
    }
    expect([...idsOf.values()].filter(({ size }) => size !== 1)).toEqual([]);
    const deliveries = await deliveriesOf(webhook);
    expect(deliveries).toHaveLength(ids.length);
  });

  it('to a receiver that hangs hold up no other', async () => {
    await prepare();
    await deployment.startWorkers();
    receiver.answer = (response, { path }) => {
      if (path !== '/hang') response.end();
    };
    await addWebhook('/hang');
    await addWebhook('/quick');
    const ids = await acceptRenders(deployment.client, 100);
    await receiver.until(100, '/quick');
    expect(ids.every((id) => told('/quick').has(id))).toBe(true);
    expect(receiver.received.filter(({ path }) => path === '/hang').length).toBeLessThanOrEqual(16);
  });
});
