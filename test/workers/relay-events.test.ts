import { describe, expect, it } from 'vitest';
import { unavailable } from '../../shared/errors.ts';
import { verified } from '../support/receiver.ts';
import {
  addWebhook,
  deliveriesOf,
  deps,
  drawn,
  onlyDelivery,
  receiver,
  run,
  send,
  signing,
  useDeliveries,
} from './support/deliveries.ts';
import { acceptRows, specOf } from './support/work-deps.ts';

useDeliveries();

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
    expect(verified(message, secret)).toMatchObject({
      type: 'render.completed',
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
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
    expect(delivery).toMatchObject({ status: 'completed', attemptsMade: 1, nextAttemptAt: null, resourceId: renderId });
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
