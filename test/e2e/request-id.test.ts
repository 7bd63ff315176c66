import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { distinctSpec, eventually } from '../support/client.ts';
import { type Deployment, prepareDeployment } from '../support/deployment.ts';
import type { OurProcess } from '../support/our-process.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';

let deployment: Deployment;
let receiver: Receiver;
let api: OurProcess;
let workers: OurProcess;

beforeAll(async () => {
  receiver = await startReceiver();
  deployment = await prepareDeployment({ env: { OUTBOUND_ALLOW: '127.0.0.1', WORKER_PROCESSES: '1' } });
  [api, workers] = await Promise.all([deployment.startApi(), deployment.startWorkers()]);
});
afterAll(async () => {
  await deployment?.destroy();
  await receiver?.close();
});

type Line = { msg?: string; part?: string; requestId?: string; requestIds?: string[]; [field: string]: unknown };

/** Every line that any process wrote about a request. */
function linesOf(requestId: string): Line[] {
  const parsed = [...api.lines, ...workers.lines]
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Line);
  return parsed.filter((line) => line.requestId === requestId || line.requestIds?.includes(requestId));
}

const journey = (requestId: string): string[] => linesOf(requestId).map(({ part, msg }) => `${part}: ${msg}`);

describe('a request id', () => {
  it('is on every line from the POST over the worker to the call of the webhook', async () => {
    const { client } = deployment;
    const made = await client.post('/v1/webhooks', { url: receiver.url('/hook'), events: ['render.completed'] });
    expect(made.status).toBe(201);
    const requestId = `journey-${Date.now()}`;
    const body = distinctSpec({ callbackUrl: receiver.url('/callback') });
    const answer = await client.post('/v1/renders', body, { prefer: 'wait=20', 'request-id': requestId });
    expect([answer.status, answer.headers.get('request-id')]).toEqual([200, requestId]);
    await receiver.until(2);
    await eventually('both calls are in the log', async () => journey(requestId).length >= 4);
    expect(journey(requestId).sort()).toEqual([
      'api: request',
      'worker: renders tried',
      'worker: webhook attempt',
      'worker: webhook attempt',
    ]);
    const host = new URL(receiver.url()).host;
    for (const line of linesOf(requestId).filter(({ msg }) => msg === 'webhook attempt'))
      expect(line).toMatchObject({ host, httpStatus: 204, attempt: 1, outcome: 'completed' });
  });

  it('is on every line about a batch: read, drawn, ended, told', async () => {
    const { client, apiKey } = deployment;
    const requestId = `batch-${Date.now()}`;
    const form = new FormData();
    form.set(
      'file',
      new File(['url\nhttps://example.com/1\nhttps://example.com/2\n'], 'urls.csv', { type: 'text/csv' }),
    );
    form.set('callbackUrl', receiver.url('/batch'));
    const headers = { authorization: `Bearer ${apiKey}`, 'request-id': requestId };
    const answer = await fetch(`${client.baseUrl}/v1/batches`, { method: 'POST', headers, body: form });
    expect(answer.status).toBe(202);
    await receiver.until(1, '/batch');
    await eventually('the call is in the log', async () => journey(requestId).includes('worker: webhook attempt'));
    const [first, ...between] = journey(requestId);
    const last = between.splice(-2);
    // Another process may have drawn rows before the one that read them says so.
    expect([first, between.sort(), last]).toEqual([
      'api: request',
      ['worker: batch read', 'worker: rows tried'],
      ['worker: batch ended', 'worker: webhook attempt'],
    ]);
  });

  it('leads from the problem that a caller is shown to the log, and says nothing of what was asked for', async () => {
    const { client } = deployment;
    const secret = 'https://example.com/not-for-logs';
    const answer = await client.post('/v1/renders', { content: { type: 'url', url: secret }, size: 1 });
    const { requestId } = (await answer.json()) as { requestId: string };
    await eventually('the request is in the log', async () => linesOf(requestId).length > 0);
    expect(linesOf(requestId)).toMatchObject([{ route: '/v1/renders', status: 422 }]);
    expect([...api.lines, ...workers.lines].filter((line) => line.includes('not-for-logs'))).toEqual([]);
    expect([...api.lines, ...workers.lines].filter((line) => line.includes(receiver.url('/callback')))).toEqual([]);
  });
});
