import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DeliveryRow, WebhookRow } from '../../shared/adapters/database/webhook-store.ts';
import { createOutbound, type Outbound } from '../../shared/adapters/outbound.ts';
import { messageSchema } from '../../shared/contract/events.ts';
import type { RenderSpec } from '../../shared/domain/render-spec.ts';
import { unavailable } from '../../shared/errors.ts';
import { createSigningSecrets, rotated } from '../../shared/signing-secrets.ts';
import { createHandlers } from '../../workers/handlers.ts';
import { createProcessJob } from '../../workers/process-job.ts';
import { newTenant } from '../suites/database/access-contract.ts';
import { newWebhook } from '../suites/database/webhook-contract.ts';
import { type Receiver, startReceiver, verified } from '../support/receiver.ts';
import { acceptRows, openDeps, runningJob, specOf, type TestDeps } from './support/work-deps.ts';

let deps: TestDeps;
let receiver: Receiver;
let outbound: Outbound;
let run: (name: string, payload?: unknown) => Promise<unknown>;

beforeEach(async () => {
  deps = await openDeps();
  deps.clock.now = Date.now();
  receiver = await startReceiver();
  outbound = createOutbound({ allow: ['127.0.0.0/8'], timeoutMs: 300 });
  deps.outbound = outbound;
  start();
});
afterEach(async () => {
  outbound.close();
  await receiver.close();
  await deps.close();
});

/** Makes the handlers anew, as a process that was started does. */
function start(): void {
  const processJob = createProcessJob(createHandlers(deps), deps);
  run = (name, payload = {}) => processJob(runningJob(name, payload));
}

const signing = () => createSigningSecrets(deps.secretKey);

async function addWebhook(more: Partial<WebhookRow> = {}): Promise<{ row: WebhookRow; secret: string }> {
  const { entry, secret } = signing().make(`sec_${Math.random()}`, deps.now());
  const row = newWebhook({ tenantId: 't', url: receiver.url(), secrets: [entry], ...more });
  await deps.database.webhooks.insert(row);
  return { row, secret };
}

async function drawn(text: string, more: Partial<RenderSpec> = {}): Promise<string> {
  const [row] = await acceptRows(deps, [specOf(text, more)]);
  await run('render-codes', { renderIds: [row?.id] });
  return row?.id as string;
}

const deliveriesOf = ({ id }: WebhookRow): Promise<DeliveryRow[]> =>
  deps.database.deliveries.list(id, { limit: 200, order: 'oldest-first', after: null, status: null });

async function onlyDelivery(row: WebhookRow): Promise<DeliveryRow> {
  const found = await deliveriesOf(row);
  expect(found).toHaveLength(1);
  return found[0] as DeliveryRow;
}

/** One event of a render, told to one endpoint: the delivery is there and due. */
async function oneDelivery(more: Partial<WebhookRow> = {}) {
  const webhook = await addWebhook(more);
  const renderId = await drawn(`text ${Math.random()}`);
  await run('relay-events');
  return { ...webhook, renderId, delivery: await onlyDelivery(webhook.row) };
}

const send = (delivery: { id: string }) => run('send-webhook', { deliveryId: delivery.id });
const stored = async ({ id }: { id: string }) => (await deps.database.deliveries.find(id)) as DeliveryRow;
const webhookOf = async ({ id }: { id: string }) => (await deps.database.webhooks.find(id)) as WebhookRow;

/** Moves the clock to the next attempt and makes it. */
async function nextAttempt(delivery: { id: string }): Promise<DeliveryRow> {
  const { nextAttemptAt } = await stored(delivery);
  if (nextAttemptAt !== null) deps.clock.now = Math.max(deps.clock.now, nextAttemptAt);
  await send(delivery);
  return stored(delivery);
}

describe('relay-events', () => {
  it('tells an end once to each endpoint that wants it, signed, in the shape of the contract', async () => {
    const { row, secret } = await addWebhook();
    const other = await addWebhook({ url: receiver.url('/other') });
    const deaf = await addWebhook({ events: ['batch.completed'] });
    const stranger = await addWebhook({ tenantId: 'other' });
    const disabled = await addWebhook({ status: 'disabled' });
    const renderId = await drawn('told');
    await run('relay-events');
    await run('relay-events');
    for (const silent of [deaf, stranger, disabled]) expect(await deliveriesOf(silent.row)).toEqual([]);
    const sent = deps.queues.added.filter(({ name }) => name === 'send-webhook');
    expect(sent).toHaveLength(2);
    for (const job of sent) await run('send-webhook', job.payload);
    expect(receiver.received.map(({ path }) => path).sort()).toEqual(['/hook', '/other']);
    const message = receiver.received.find(({ path }) => path === '/hook');
    if (!message) throw new Error('not told');
    expect(messageSchema.parse(verified(message, secret))).toMatchObject({
      type: 'render.completed',
      data: {
        object: 'render',
        id: renderId,
        status: 'completed',
        image: { url: `https://qr.example.com/v1/renders/${renderId}/image` },
      },
    });
    expect(() => verified(message, other.secret)).toThrow('No matching signature');
    const delivery = await onlyDelivery(row);
    expect(message.headers['webhook-id']).toBe(delivery.id);
    expect(message.headers['content-type']).toBe('application/json');
    expect(delivery).toMatchObject({ status: 'completed', attemptsMade: 1, nextAttemptAt: null });
    expect(delivery.attempts).toMatchObject([{ httpStatus: 204, error: null, body: '' }]);
  });

  it('tells nothing of renders that nobody asked about: no mark, no job', async () => {
    await addWebhook({ tenantId: 'other' });
    await drawn('silence');
    expect(await deps.database.renders.toTell(10)).toEqual([]);
    expect(deps.queues.added).toEqual([]);
  });

  it('tells failures with the error', async () => {
    const { row } = await addWebhook({ events: ['render.failed'] });
    const id = await drawn('x'.repeat(5000));
    await run('relay-events');
    const { type, body } = await onlyDelivery(row);
    expect([type, JSON.parse(body).data]).toMatchObject(['render.failed', { id, error: { code: expect.any(String) } }]);
  });

  it.each(['insert', 'clear', 'jobs'])(
    'that is cut off before its step %s tells one id when it runs again',
    async (step) => {
      const { row } = await addWebhook();
      await drawn('cut');
      const { deliveries, renders } = deps.database;
      const cut = () => Promise.reject(unavailable('database_unavailable', 'cut'));
      const [insert, told] = [deliveries.insert, renders.told];
      if (step === 'insert') deliveries.insert = cut;
      if (step === 'clear') renders.told = cut;
      if (step === 'jobs') deps.queues.isAway = true;
      await run('relay-events');
      deliveries.insert = insert;
      renders.told = told;
      deps.queues.isAway = false;
      await run('relay-events');
      await run('sweep-deliveries');
      const ids = new Set(
        deps.queues.added.filter(({ name }) => name === 'send-webhook').map(({ payload }) => payload),
      );
      expect(ids.size).toBeGreaterThan(0);
      const delivery = await onlyDelivery(row);
      await send(delivery);
      await send(delivery);
      expect(receiver.received.map(({ headers }) => headers['webhook-id'])).toEqual([delivery.id]);
      expect(await renders.toTell(10)).toEqual([]);
    },
  );

  it('tells the same ids when two relays run at once', async () => {
    const { row } = await addWebhook();
    for (let count = 0; count < 5; count++) await drawn(`twice ${count}`);
    await Promise.all([run('relay-events'), run('relay-events'), run('relay-events')]);
    expect(await deliveriesOf(row)).toHaveLength(5);
  });

  it('leaves out of a message what would make it too long', async () => {
    const { row } = await addWebhook();
    const id = await drawn('\u0001'.repeat(2000), { size: 2000, errorCorrection: 'L' });
    await run('relay-events');
    const { body } = await onlyDelivery(row);
    expect(Buffer.byteLength(body)).toBeLessThan(20_000);
    expect(JSON.parse(body).data).toMatchObject({ id, status: 'completed' });
  });
});

describe('callbacks', () => {
  it('are called once each, signed with the secret of the tenant', async () => {
    const [row] = await acceptRows(deps, [specOf('call me')]);
    if (!row) throw new Error('no row');
    const callbacks = [1, 2].map((index) => ({ id: `msg_${index}${row.id}`, url: receiver.url(`/call/${index}`) }));
    await deps.database.renders.addCallbacks([{ id: row.id, callbacks }], deps.now());
    const { entry, secret } = signing().make('sec_call', deps.now());
    await deps.database.webhooks.replaceCallbackSecrets({ tenantId: 't', secrets: [entry], revision: 1 });
    await run('render-codes', { renderIds: [row.id] });
    await run('relay-events');
    for (const { id } of callbacks) await send({ id });
    expect(receiver.received.map(({ path, headers }) => [path, headers['webhook-id']])).toEqual(
      callbacks.map(({ id, url }) => [new URL(url).pathname, id]),
    );
    for (const message of receiver.received)
      expect(verified(message, secret)).toMatchObject({ type: 'render.completed', data: { id: row.id } });
  });

  it('are told of a render that is completed already', async () => {
    const id = await drawn('done');
    const callback = { id: `msg_${id}`, url: receiver.url('/late') };
    await deps.database.renders.addCallbacks([{ id, callbacks: [callback] }], deps.now());
    await run('relay-events');
    await send(callback);
    expect(receiver.received).toMatchObject([{ path: '/late', headers: { 'webhook-id': callback.id } }]);
  });
});

describe('send-webhook', () => {
  it('tries again by the schedule, each attempt with a new timestamp under one id, and gives up after eight', async () => {
    receiver.answer = 500;
    const { row, delivery } = await oneDelivery();
    const rests: number[] = [];
    let last = await nextAttempt(delivery);
    while (last.status === 'queued') {
      rests.push((last.nextAttemptAt ?? 0) - deps.clock.now);
      deps.clock.now = last.nextAttemptAt ?? 0;
      last = await nextAttempt(delivery);
    }
    const minute = 60_000;
    expect(rests).toEqual([5000, 5 * minute, 30 * minute, 120 * minute, 300 * minute, 600 * minute, 600 * minute]);
    expect(last).toMatchObject({ status: 'failed', attemptsMade: 8, error: { code: 'attempts_exhausted' } });
    expect(last.attempts.map(({ httpStatus }) => httpStatus)).toEqual(Array(8).fill(500));
    expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id']))).toEqual(new Set([delivery.id]));
    expect(new Set(receiver.received.map(({ headers }) => headers['webhook-timestamp'])).size).toBe(8);
    expect(await webhookOf(row)).toMatchObject({ status: 'active', failingSince: expect.any(Number) });
  });

  it('queues the next attempt with its delay when that is soon, and the sweep finds it when the job is lost', async () => {
    receiver.answer = 503;
    const { delivery } = await oneDelivery();
    await send(delivery);
    const { nextAttemptAt } = await stored(delivery);
    expect(deps.queues.added.at(-1)).toMatchObject({
      name: 'send-webhook',
      jobId: `${delivery.id}-${nextAttemptAt}`,
      delayMs: 5000,
    });
    await send(delivery);
    expect(receiver.received).toHaveLength(1);
    deps.queues.added.splice(0);
    await run('sweep-deliveries');
    expect(deps.queues.added).toEqual([]);
    deps.clock.now = nextAttemptAt ?? 0;
    await run('sweep-deliveries');
    expect(deps.queues.added.map(({ payload }) => payload)).toEqual([{ deliveryId: delivery.id }]);
  });

  it('rests as long as the receiver asks, up to a day', async () => {
    const waits = ['120', '9999999'];
    receiver.answer = (response) => response.writeHead(429, { 'retry-after': waits.shift() }).end();
    const { delivery } = await oneDelivery();
    expect((await nextAttempt(delivery)).nextAttemptAt).toBe(deps.clock.now + 120_000);
    expect((await nextAttempt(delivery)).nextAttemptAt).toBe(deps.clock.now + 86_400_000);
  });

  it('takes a redirect for a failure and follows none', async () => {
    receiver.answer = (response) => response.writeHead(302, { location: receiver.url('/else') }).end();
    const { delivery } = await oneDelivery();
    await send(delivery);
    const [attempt] = (await stored(delivery)).attempts;
    expect(attempt).toMatchObject({ httpStatus: 302, error: { code: 'redirected' } });
    expect(receiver.received.map(({ path }) => path)).toEqual(['/hook']);
  });

  it('takes a receiver that hangs for a failure', async () => {
    receiver.answer = () => undefined;
    const { delivery } = await oneDelivery();
    await send(delivery);
    expect((await stored(delivery)).attempts).toMatchObject([
      { httpStatus: null, body: null, error: { code: 'timeout' } },
    ]);
  });

  it('keeps the first kilobyte of an endless body', async () => {
    receiver.answer = (response) => {
      const pump = (): void => {
        while (!response.destroyed && response.write('endless '.repeat(2000)));
      };
      response.on('drain', pump);
      pump();
    };
    const { delivery } = await oneDelivery();
    await send(delivery);
    expect((await stored(delivery)).attempts[0]?.body).toBe('endless '.repeat(128));
  });

  it('disables an endpoint that answers 410, fails what waits for it, and makes nothing new', async () => {
    receiver.answer = 410;
    const { row, delivery } = await oneDelivery();
    await drawn('waits');
    await run('relay-events');
    await send(delivery);
    expect(await stored(delivery)).toMatchObject({ status: 'failed', error: { code: 'receiver_gone' } });
    expect(await webhookOf(row)).toMatchObject({ status: 'disabled', disabledReason: 'gone' });
    const waiting = (await deliveriesOf(row)).find(({ id }) => id !== delivery.id);
    await send(waiting as DeliveryRow);
    expect(await stored(waiting as DeliveryRow)).toMatchObject({
      status: 'failed',
      error: { code: 'webhook_disabled' },
    });
    expect(receiver.received).toHaveLength(1);
    await drawn('nobody listens');
    await run('relay-events');
    expect(await deliveriesOf(row)).toHaveLength(2);
  });

  it('disables an endpoint that failed for five days, and forgets failures at a success', async () => {
    const { row, delivery } = await oneDelivery();
    receiver.answer = 500;
    await send(delivery);
    expect((await webhookOf(row)).failingSince).toBe((await stored(delivery)).attempts[0]?.at);
    receiver.answer = 200;
    expect((await nextAttempt(delivery)).status).toBe('completed');
    expect((await webhookOf(row)).failingSince).toBeNull();

    receiver.answer = 500;
    const fiveDays = 5 * 86_400_000;
    const exhaust = async (text: string): Promise<void> => {
      await drawn(text);
      await run('relay-events');
      const open = (await deliveriesOf(row)).find(({ status }) => status === 'queued') as DeliveryRow;
      while ((await nextAttempt(open)).status === 'queued');
    };
    await exhaust('first');
    expect((await webhookOf(row)).status).toBe('active');
    deps.clock.now = ((await webhookOf(row)).failingSince ?? 0) + fiveDays;
    await exhaust('second');
    expect(await webhookOf(row)).toMatchObject({ status: 'disabled', disabledReason: 'failing' });
  });

  it('waits, attempt uncounted, while the tenant is suspended, and goes once it is active again', async () => {
    const { delivery } = await oneDelivery();
    const tenant = newTenant({ id: 't', status: 'suspended' });
    await deps.database.tenants.insert(tenant);
    for (const _ of [1, 2]) {
      expect(await nextAttempt(delivery)).toMatchObject({ status: 'queued', attempts: [], attemptsMade: 0 });
      expect((await stored(delivery)).nextAttemptAt).toBe(deps.clock.now + 60_000);
    }
    expect(receiver.received).toEqual([]);
    await deps.database.tenants.replace({ ...tenant, status: 'active', revision: 2 });
    expect((await nextAttempt(delivery)).status).toBe('completed');
    expect(receiver.received).toHaveLength(1);
  });

  it('fails what waits for an endpoint that was deleted', async () => {
    const { row, delivery } = await oneDelivery();
    await deps.database.webhooks.remove('t', row.id);
    await send(delivery);
    expect(await stored(delivery)).toMatchObject({
      status: 'failed',
      error: { code: 'webhook_deleted' },
      attempts: [],
    });
  });

  it('signs with both secrets while they rotate, and with the new one alone after a day', async () => {
    const { row, secret, delivery } = await oneDelivery();
    const next = signing().make('sec_next', deps.now());
    await deps.database.webhooks.replace({ ...row, secrets: rotated(row.secrets, next.entry), revision: 2 });
    await send(delivery);
    const [both] = receiver.received;
    if (!both) throw new Error('nothing came');
    for (const live of [secret, next.secret]) expect(verified(both, live).type).toBe('render.completed');
    deps.clock.now += 86_400_000;
    await drawn('later');
    await run('relay-events');
    await send((await deliveriesOf(row)).find(({ status }) => status === 'queued') as DeliveryRow);
    const [, later] = receiver.received;
    expect(String(later?.headers['webhook-signature']).split(' ')).toHaveLength(1);
    expect(String(both.headers['webhook-signature']).split(' ')).toHaveLength(2);
  });

  it('is refused by a receiver when it is replayed: its timestamp is old', async () => {
    const { secret, delivery } = await oneDelivery();
    deps.clock.now -= 6 * 60_000;
    await deps.database.deliveries.redeliver(delivery.id, deps.clock.now);
    await send(delivery);
    expect(() => verified(receiver.received[0] as never, secret)).toThrow(/timestamp too old/);
  });

  it('makes an attempt once, however many jobs it has at the same time', async () => {
    const { delivery } = await oneDelivery();
    await Promise.all([1, 2, 3, 4, 5].map(() => send(delivery)));
    expect(receiver.received).toHaveLength(1);
  });

  it('takes up again what a process left that died in the middle of an attempt', async () => {
    const { delivery } = await oneDelivery();
    await deps.database.deliveries.lease(delivery.id, delivery.nextAttemptAt ?? 0, deps.clock.now + 20_000);
    await send(delivery);
    expect(receiver.received).toHaveLength(0);
    deps.clock.now += 20_000;
    deps.queues.added.splice(0);
    await run('sweep-deliveries');
    for (const { payload } of deps.queues.added) await run('send-webhook', payload);
    expect(receiver.received).toHaveLength(1);
  });

  it('gives a receiver that hangs a few places, and all others theirs', async () => {
    const hanging = await addWebhook({ url: receiver.url('/hang') });
    const quick = await addWebhook({ url: receiver.url('/quick') });
    const held: (() => void)[] = [];
    receiver.answer = (response, { path }) => {
      if (path === '/hang') held.push(() => response.end());
      else response.end();
    };
    outbound.close();
    outbound = createOutbound({ allow: ['127.0.0.0/8'], timeoutMs: 20_000 });
    deps.outbound = outbound;
    start();
    for (let count = 0; count < 10; count++) await drawn(`many ${count}`);
    await run('relay-events');
    const slow = (await deliveriesOf(hanging.row)).map(send);
    await receiver.until(4, '/hang');
    for (const delivery of await deliveriesOf(quick.row)) await send(delivery);
    await receiver.until(10, '/quick');
    expect(held).toHaveLength(4);

    // Whoever leaves the lane takes up what was turned away.
    deps.queues.added.splice(0);
    for (const end of held.splice(0)) end();
    await Promise.all(slow);
    receiver.answer = 200;
    const done = new Set<string>();
    for (let job = deps.queues.added.shift(); job; job = deps.queues.added.shift()) {
      if (job.name !== 'send-webhook') continue;
      done.add(job.payload.deliveryId);
      await run('send-webhook', job.payload);
    }
    expect(done.size).toBe(6);
    expect((await deliveriesOf(hanging.row)).map(({ status }) => status)).toEqual(Array(10).fill('completed'));
  });
});

describe('sweep-deliveries', () => {
  it('queues a few of each lane and none that is not due', async () => {
    const { row } = await addWebhook();
    const message = { tenantId: 't', webhookId: row.id, callbackUrl: null, type: 'webhook.test', body: '{}' } as const;
    const id = (index: number): string => `msg_${createHash('sha256').update(String(index)).digest('hex')}`;
    const many = Array.from({ length: 600 }, (_, index) => ({
      ...message,
      id: id(index),
      lane: index < 590 ? 'busy' : `lane ${index}`,
      createdAt: deps.now() - 1000 + index,
    }));
    await deps.database.deliveries.insert(many);
    await deps.database.deliveries.insert([{ ...message, id: id(601), lane: 'later', createdAt: deps.now() + 5000 }]);
    await run('sweep-deliveries');
    expect(deps.queues.added).toHaveLength(16 + 10);
  });

  it('deletes what ended a month ago', async () => {
    const { row, delivery } = await oneDelivery();
    await send(delivery);
    deps.clock.now += 31 * 86_400_000;
    await run('sweep-deliveries');
    expect(await deliveriesOf(row)).toEqual([]);
  });
});
