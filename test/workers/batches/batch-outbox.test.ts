import { afterEach, beforeEach, expect, it } from 'vitest';
import { changeBatch } from '../../../shared/adapters/change-batch.ts';
import type { Batch } from '../../../shared/adapters/database/batch-store.ts';
import type { DeliveryRow, WebhookRow } from '../../../shared/adapters/database/webhook-store.ts';
import { eventIdOf } from '../../../shared/contract/events.ts';
import { deliveryId } from '../../../shared/domain/identity.ts';
import { createBatchOutbox } from '../../../workers/batches/batch-outbox.ts';
import { createHandlers } from '../../../workers/handlers.ts';
import { newBatch } from '../../suites/database/batch-contract.ts';
import { newWebhook } from '../../suites/database/webhook-contract.ts';
import { openDeps, runningJob, type TestDeps } from '../support/work-deps.ts';
import { acceptBatch, batchOf, urls, work } from './support.ts';

let deps: TestDeps;
let webhook: WebhookRow;

beforeEach(async () => {
  deps = await openDeps();
  deps.clock.now = Date.now();
  webhook = newWebhook({ tenantId: 't', events: ['batch.completed', 'batch.cancelled'] });
  await deps.database.webhooks.insert(webhook);
});
afterEach(() => deps.close());

const told = (): Promise<DeliveryRow[]> =>
  deps.database.deliveries.list(webhook.id, {
    limit: 200,
    order: 'oldest-first',
    after: null,
    status: null,
    resourceId: null,
  });

it('tells the end of a batch once, as it stands, to endpoints and to its callback', async () => {
  const callback = { id: 'msg_reserved', url: 'https://example.com/done' };
  const batch = await acceptBatch(deps, `${urls(3)}no url\n`, { callback });
  await work(deps);
  await createHandlers(deps)['relay-events']({}, runningJob('relay-events', {}));
  const [delivery, ...more] = await told();
  expect(more).toEqual([]);
  expect(delivery?.resourceId).toBe(batch.id);
  const { type, data } = JSON.parse(delivery?.body ?? '{}');
  expect([type, data.id, data.status]).toEqual(['batch.completed', batch.id, 'completed']);
  expect(data.counts).toEqual({ total: 4, queued: 0, running: 0, completed: 3, failed: 1, cancelled: 0 });
  const due = await deps.database.deliveries.due({ at: deps.now() + 1, limit: 10, after: null });
  expect(due).toHaveLength(2);
  const eventId = eventIdOf('batch.completed', batch.id, (await batchOf(deps, batch)).completedAt ?? 0);
  expect(due.map(({ id }) => id)).toContain(deliveryId(deps.secretKey, eventId, callback.id));
  expect(await batchOf(deps, batch)).toMatchObject({ untold: [], toBeTold: false });
});

it('tells an end as it was, though a retry has begun since', async () => {
  const batch = await acceptBatch(deps, `${urls(2)}no url\n`);
  await work(deps, { until: ({ name }) => name === 'relay-events' });
  const { startedAt } = await batchOf(deps, batch);
  const again: Partial<Batch> = {
    status: 'running',
    run: 2,
    archive: null,
    parts: [],
    completedAt: null,
    expiresAt: null,
  };
  await changeBatch(deps.database.batches, batch.id, () => ({ ...again, startedAt: deps.now() + 60_000 }));
  await deps.database.batches.retryRows(batch.id, [3], 2);
  await createHandlers(deps)['relay-events']({}, runningJob('relay-events', {}));
  const { data } = JSON.parse((await told())[0]?.body ?? '{}');
  expect(data.counts).toMatchObject({ completed: 2, failed: 1, queued: 0 });
  expect(data.archive.parts).toHaveLength(1);
  expect(Date.parse(data.startedAt)).toBe(startedAt);
});

it('keeps an end that came while earlier ones were told, and tells each under an id of its own', async () => {
  const first = { status: 'completed', at: 1000 } as const;
  const second = { status: 'cancelled', at: 2000 } as const;
  const batch: Batch = newBatch({ tenantId: 't', status: 'completed', untold: [first], toBeTold: true });
  const outbox = createBatchOutbox(deps);
  await deps.database.batches.accept(batch, {
    id: `t-${batch.id}`,
    kind: 'parse-batch',
    tenantId: 't',
    batchId: batch.id,
    about: null,
    jobId: 'j',
    queuedAt: 0,
  });
  const page = await outbox.read(10);
  await deps.database.batches.replace({ ...batch, untold: [first, second], revision: batch.revision + 1 });
  await page.clear();
  expect(await batchOf(deps, batch)).toMatchObject({ untold: [second], toBeTold: true });
  const next = await outbox.read(10);
  expect(next.notices.map(({ type }) => type)).toEqual(['batch.cancelled']);
  expect(next.notices[0]?.eventId).not.toBe(page.notices[0]?.eventId);
  await next.clear();
  expect((await outbox.read(10)).notices).toEqual([]);
});
