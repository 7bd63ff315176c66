import type { NewDelivery, WebhookRow } from '../shared/adapters/database/webhook-store.ts';
import { deliveryJob } from '../shared/adapters/delivery-jobs.ts';
import { deliveryId } from '../shared/domain/identity.ts';
import { laneOfCallback } from './delivery-lanes.ts';
import type { Handler, WorkDeps } from './handlers.ts';
import type { Notice, Outbox, OutboxPage } from './outbox.ts';

/** Marks that are read at a time. */
const pageSize = 200;

type RelayDeps = Pick<WorkDeps, 'queues' | 'log' | 'now' | 'secretKey'> & {
  database: Pick<WorkDeps['database'], 'webhooks' | 'deliveries'>;
};

/**
 * Makes a delivery of everything that is marked as to be told, for each endpoint that wants it and each callback, then clears the
 * marks. May run twice, at the same time too: a delivery's id follows from the event and who is told.
 *
 * A relay that fails is not tried again: the marks stand, and the timer adds the next.
 */
export function createRelayEvents(deps: RelayDeps, outboxes: Outbox[]): Handler<'relay-events'> {
  return async () => {
    const problems: unknown[] = [];
    for (const outbox of outboxes) {
      await emptyOutbox(deps, outbox).catch((err: unknown) => {
        deps.log.warn({ err, outbox: outbox.name }, 'not everything could be told this time');
        problems.push(err);
      });
    }
    if (problems.length === 0) return { verdict: 'done' };
    return { verdict: 'failed', error: new AggregateError(problems, 'Not everything could be told') };
  };
}

async function emptyOutbox(deps: RelayDeps, outbox: Outbox): Promise<void> {
  for (;;) {
    const page = await outbox.read(pageSize);
    await relay(deps, page);
    if (!page.hasMore) return;
  }
}

async function relay({ database, queues, log, now, secretKey }: RelayDeps, page: OutboxPage): Promise<void> {
  const at = now();
  const receivers = await receiversOf(database.webhooks, page.notices);
  const deliveries = page.notices.flatMap((notice) => [
    ...(notice.isForWebhooks ? (receivers.get(notice.tenantId) ?? []) : [])
      .filter(({ events }) => events.includes(notice.type))
      .map((webhook) => deliveryToWebhook(notice, webhook, { secretKey, at })),
    ...notice.callbacks.map(({ id, url, requestId = notice.requestId }) => ({
      ...deliveryOf(notice, at),
      ...toCallback(notice, url),
      id,
      requestId,
    })),
  ]);
  const inserted = new Set(await database.deliveries.insert(deliveries));
  await page.clear();
  const jobs = deliveries
    .filter(({ id }) => inserted.has(id))
    .map(({ id, createdAt }) => deliveryJob({ id, nextAttemptAt: createdAt }, at));
  // The rows say when they are due: the sweep of deliveries finds those without a job.
  await queues.add(jobs).catch((err: unknown) => log.warn({ err, deliveries: jobs.length }, 'deliveries not enqueued'));
}

async function receiversOf(
  webhooks: RelayDeps['database']['webhooks'],
  notices: Notice[],
): Promise<Map<string, WebhookRow[]>> {
  const tenantIds = new Set(notices.filter(({ isForWebhooks }) => isForWebhooks).map(({ tenantId }) => tenantId));
  const found = [...tenantIds].map(async (id) => [id, await webhooks.active(id)] as const);
  return new Map(await Promise.all(found));
}

function deliveryOf({ tenantId, type, resourceId, body, requestId }: Notice, createdAt: number) {
  return { tenantId, type, resourceId, body, createdAt, requestId };
}

function deliveryToWebhook(
  notice: Notice,
  { id: webhookId }: WebhookRow,
  { secretKey, at }: { secretKey: string; at: number },
): NewDelivery {
  const id = deliveryId(secretKey, notice.eventId, webhookId);
  return { ...deliveryOf(notice, at), id, webhookId, callbackUrl: null, lane: webhookId };
}

function toCallback({ tenantId }: Notice, callbackUrl: string) {
  return { webhookId: null, callbackUrl, lane: laneOfCallback(tenantId, callbackUrl) };
}
