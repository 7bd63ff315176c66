import { describe, expect, it } from 'vitest';
import type { DeliveryRow, WebhookRow } from '../../shared/adapters/database/webhook-store.ts';
import { rotated } from '../../shared/signing-secrets.ts';
import { newTenant } from '../suites/database/access-contract.ts';
import { verified } from '../support/receiver.ts';
import {
  addWebhook,
  deliveriesOf,
  deps,
  drawn,
  nextAttempt,
  oneDelivery,
  receiver,
  run,
  send,
  signing,
  start,
  stored,
  useDeliveries,
  useOutbound,
  webhookOf,
} from './support/deliveries.ts';

useDeliveries();

const disabledBecause = (reason: string) => [
  { field: 'status', before: 'active', after: 'disabled' },
  { field: 'disabledReason', before: null, after: reason },
];

async function onRecord({ id: objectId }: WebhookRow) {
  const range = { from: 0, to: Number.MAX_SAFE_INTEGER, limit: 10, order: 'newest-first', after: null } as const;
  const found = await deps.database.audit.list({ objectId, tenantId: null, action: null, ...range });
  return found.map(({ keyId, action, changes }) => [keyId, action, changes]);
}

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

  it('puts no attempt on record that our own end cut, and makes it again when its lease is over', async () => {
    receiver.answer = () => undefined;
    useOutbound({ timeoutMs: 20_000 });
    start();
    const { row, delivery } = await oneDelivery();
    const sent = send(delivery);
    await receiver.until(1);
    useOutbound({ timeoutMs: 300 }); // and the one before is closed
    await sent;
    expect(await stored(delivery)).toMatchObject({ status: 'queued', attemptsMade: 0, attempts: [] });
    expect(await webhookOf(row)).toMatchObject({ status: 'active', failingSince: null });
    receiver.answer = 204;
    start();
    deps.queues.added.splice(0);
    deps.clock.now = (await stored(delivery)).nextAttemptAt ?? 0;
    await run('sweep-deliveries');
    expect(deps.queues.added.map(({ payload }) => payload)).toEqual([{ deliveryId: delivery.id }]);
    await send(delivery);
    expect(await stored(delivery)).toMatchObject({ status: 'completed', attempts: [{ httpStatus: 204 }] });
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
    expect(await onRecord(row)).toEqual([['service', 'webhook.update', disabledBecause('gone')]]);
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
    expect(await onRecord(row)).toEqual([['service', 'webhook.update', disabledBecause('failing')]]);
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
    useOutbound({ timeoutMs: 20_000 });
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
