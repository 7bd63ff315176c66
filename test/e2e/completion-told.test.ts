import { afterEach, expect, it } from 'vitest';
import type { BatchAnswer } from '../../shared/contract/batch-answer.ts';
import { distinctSpec, eventually } from '../support/client.ts';
import { type Deployment, prepareDeployment } from '../support/deployment.ts';
import { signalIfAlive } from '../support/our-process.ts';
import { type Receiver, startReceiver, verified } from '../support/receiver.ts';
import { describeOnStores } from '../support/store-columns.ts';

type Made = { id: string; secret: string };
type Batch = Pick<BatchAnswer, 'id' | 'status' | 'counts' | 'archive'>;

const rows = 1500;
const csv = `url\n${Array.from({ length: rows }, (_, index) => `https://example.com/${index + 1}`).join('\n')}\nnot a URL\n`;

describeOnStores('A receiver that verifies with the package standardwebhooks', (stores) => {
  let deployment: Deployment;
  let receiver: Receiver;
  afterEach(async () => {
    await deployment.destroy();
    await receiver.close();
  });

  const made = async (path: string, body: unknown): Promise<Made> => {
    const answer = await deployment.client.post(path, body);
    expect(answer.ok).toBe(true);
    return (await answer.json()) as Made;
  };

  const batchOf = async (id: string): Promise<Batch> =>
    (await (await deployment.client.get(`/v1/batches/${id}`)).json()) as Batch;

  const startBatch = async (): Promise<Batch> => {
    const form = new FormData();
    form.append('callbackUrl', receiver.url('/callback'));
    form.append('file', new Blob([csv], { type: 'text/csv' }), 'urls.csv');
    const headers = { authorization: `Bearer ${deployment.apiKey}` };
    const answer = await fetch(`${deployment.client.baseUrl}/v1/batches`, { method: 'POST', headers, body: form });
    expect(answer.status).toBe(202);
    return (await answer.json()) as Batch;
  };

  /** By path and type: the ids of the messages and what they say. */
  const messages = (secrets: Record<string, string>): Map<string, { ids: Set<unknown>; resources: string[] }> => {
    const found = new Map<string, { ids: Set<unknown>; resources: string[] }>();
    for (const message of receiver.received) {
      const { type, data } = verified(message, secrets[message.path] ?? '');
      const key = `${message.path} ${type}`;
      const { ids, resources } = found.get(key) ?? { ids: new Set(), resources: [] };
      found.set(key, { ids: ids.add(message.headers['webhook-id']), resources: [...resources, JSON.stringify(data)] });
    }
    return found;
  };

  it('gets the end of a render and of a batch, once each by id, though workers are killed in between', async () => {
    const env = { OUTBOUND_ALLOW: '127.0.0.0/8', WEBHOOK_TIME_SCALE: '0.01', PUBLIC_URL: 'https://qr.example' };
    deployment = await prepareDeployment({ stores: stores(), env });
    receiver = await startReceiver();
    await deployment.startApi();
    const workers = await deployment.startWorkers();
    const events = ['render.completed', 'batch.completed'];
    const { secret: hook } = await made('/v1/webhooks', { url: receiver.url('/hook'), events });
    const { secret: callback } = await made('/v1/callback-secret/rotate', {});

    const render = await made('/v1/renders', { ...distinctSpec(), callbackUrl: receiver.url('/callback') });
    const { id } = await startBatch();
    await eventually('some rows are done', async () => (await batchOf(id)).counts.completed > 0);
    for (const pid of await workers.descendants()) signalIfAlive(pid, 'SIGKILL');
    expect((await batchOf(id)).status).toBe('running');

    await receiver.until(2, '/hook');
    await receiver.until(2, '/callback');
    const batch = await batchOf(id);
    expect(batch).toMatchObject({ status: 'completed', counts: { total: rows + 1, completed: rows, failed: 1 } });
    const told = messages({ '/hook': hook, '/callback': callback });
    expect([...told].map(([key, { ids }]) => [key, ids.size]).sort()).toEqual([
      ['/callback batch.completed', 1],
      ['/callback render.completed', 1],
      ['/hook batch.completed', 1],
      ['/hook render.completed', 1],
    ]);
    for (const [key, { resources }] of told) {
      const resource = JSON.parse(resources[0] ?? '') as Batch;
      if (key.endsWith('render.completed')) expect(resource).toMatchObject({ object: 'render', id: render.id });
      else expect(resource).toEqual(batch);
    }
  });
});
