import { expect, it } from 'vitest';
import type { Database } from '../../../../shared/adapters/database/database.ts';
import { newDelivery } from '../../../suites/database/delivery-contract.ts';
import { noon, workError } from '../../../suites/database/rows.ts';
import { newWebhook } from '../../../suites/database/webhook-contract.ts';
import { indexesUsed, shapesIn } from '../../../support/mongo-queries.ts';
import { describeOn, servers } from '../../../support/servers.ts';

async function callWebhooks({ webhooks, deliveries, scanNotices }: Database): Promise<void> {
  const [webhook, delivery] = [newWebhook(), newDelivery()];
  const { tenantId, secrets } = webhook;
  await webhooks.insert(webhook);
  await webhooks.find(webhook.id);
  await webhooks.replace({ ...webhook, revision: 2 });
  await webhooks.active(tenantId);
  await webhooks.wantedEvents([tenantId]);
  await deliveries.insert([delivery]);
  for (const order of ['newest-first', 'oldest-first'] as const)
    for (const after of [null, { createdAt: noon, id: webhook.id }]) {
      await webhooks.list(tenantId, { limit: 5, order, after });
      for (const status of [null, 'queued'] as const)
        for (const resourceId of [null, 'rnd_a']) {
          const page = { limit: 5, order, after, status, resourceId };
          await deliveries.list(webhook.id, page);
          await deliveries.listOfCallbacks(tenantId, page);
        }
    }
  await webhooks.remove(tenantId, webhook.id);
  for (const revision of [1, 2]) {
    await webhooks.replaceCallbackSecrets({ tenantId, secrets, revision });
    const nothing = { count: 0, scans: [], segments: [], group: null, dueAt: noon, toldAt: null };
    await scanNotices.replace({ codeId: tenantId, tenantId, ...nothing, revision });
  }
  await webhooks.findCallbackSecrets(tenantId);
  await scanNotices.find(tenantId);
  await scanNotices.due({ at: noon, limit: 5 });
  await deliveries.find(delivery.id);
  await deliveries.due({ at: noon, limit: 5, after: null });
  await deliveries.due({ at: noon, limit: 5, after: { nextAttemptAt: 1, id: 'msg' } });
  await deliveries.dueInLane(delivery.lane, { at: noon, limit: 5 });
  await deliveries.lease(delivery.id, noon, noon + 1);
  const attempt = { at: noon, httpStatus: 200, latencyMs: 1, error: null, body: '' };
  await deliveries.record(delivery.id, noon, attempt, { status: 'completed' });
  await deliveries.fail(delivery.id, workError, noon);
  await deliveries.redeliver(delivery.id, noon);
  await deliveries.fail(delivery.id, workError, 1);
  await deliveries.purgeEnded(2, 5);
}

describeOn('Each query for webhooks to MongoDB', servers.mongo, (serverUrl) => {
  it('has an index that finds its documents in order', async () => {
    const tables = {
      webhooks: {
        _id: '_id',
        '_id, revision': '_id',
        '_id, tenantId': '_id',
        'tenantId by createdAt, _id': 'by_tenant',
        '$or, createdAt range, tenantId by createdAt, _id': 'by_tenant',
        'status, tenantId by createdAt, _id': 'active',
        'status, tenantId': 'active',
      },
      callbackSecrets: { _id: '_id', '_id, revision': '_id' },
      scanNotices: { _id: '_id', '_id, revision': '_id', 'dueAt range by dueAt': 'due' },
      deliveries: {
        _id: '_id',
        '_id, nextAttemptAt, status': '_id',
        '_id, status': '_id',
        '_id, completedAt range': '_id',
        'webhookId by createdAt, _id': 'by_webhook',
        '$or, createdAt range, webhookId by createdAt, _id': 'by_webhook',
        'status, webhookId by createdAt, _id': 'by_webhook_and_status',
        '$or, createdAt range, status, webhookId by createdAt, _id': 'by_webhook_and_status',
        'tenantId, webhookId by createdAt, _id': 'of_callbacks',
        '$or, createdAt range, tenantId, webhookId by createdAt, _id': 'of_callbacks',
        'status, tenantId, webhookId by createdAt, _id': 'of_callbacks_and_status',
        '$or, createdAt range, status, tenantId, webhookId by createdAt, _id': 'of_callbacks_and_status',
        ...Object.fromEntries(
          ['', '$or, createdAt range, '].flatMap((from) =>
            ['webhookId', 'status, webhookId', 'tenantId, webhookId', 'status, tenantId, webhookId'].map((fields) => [
              `${[...`${from}resourceId, ${fields}`.split(', ')].sort().join(', ')} by createdAt, _id`,
              'by_resource',
            ]),
          ),
        ),
        'nextAttemptAt range, status by nextAttemptAt, _id': 'due',
        '$or, nextAttemptAt range, status by nextAttemptAt, _id': 'due',
        'lane, nextAttemptAt range, status by nextAttemptAt, _id': 'due_in_lane',
        'completedAt range by completedAt': 'ended',
      },
    };
    expect(await indexesUsed(serverUrl, callWebhooks)).toEqual(shapesIn(tables));
  });
});
