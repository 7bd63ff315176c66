import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { addWebhook, deliveriesOf, deps, oneDelivery, run, send, useDeliveries } from './support/deliveries.ts';

useDeliveries();

describe('sweep-deliveries', () => {
  it('queues a few of each lane and none that is not due', async () => {
    const { row } = await addWebhook();
    const message = {
      tenantId: 't',
      webhookId: row.id,
      callbackUrl: null,
      type: 'webhook.test',
      resourceId: row.id,
      body: '{}',
    } as const;
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
