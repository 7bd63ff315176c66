import type { DeliveryPage, DeliveryRow, NewDelivery, WebhookRow } from '../shared/adapters/database/webhook-store.ts';
import { deliveryJob } from '../shared/adapters/delivery-jobs.ts';
import { messageBody } from '../shared/contract/events.ts';
import { parseDeliveryQuery, writeCursor } from '../shared/contract/lists.ts';
import { AppError } from '../shared/errors.ts';
import { newId } from '../shared/new-id.ts';
import { cutPage } from './cut-page.ts';
import type { ApiContext, ApiDeps } from './deps.ts';
import { linkToNext } from './list-links.ts';
import { idempotently } from './middleware/idempotency.ts';
import { readQuery } from './query.ts';
import { deliveryAnswer, webhookAnswer } from './webhook-view.ts';
import { findOwnWebhook } from './webhooks.ts';

/** The routes of `/v1/webhooks/:id/deliveries` and `/v1/callback-deliveries`, and the one that tries an endpoint out. */
export function createDeliveryRoutes(deps: ApiDeps) {
  const { config, database, queues, log, now } = deps;
  const { deliveries } = database;

  const accepted = (ctx: ApiContext, row: DeliveryRow): void => {
    ctx.status = 202;
    const path = row.webhookId === null ? 'callback-deliveries' : `webhooks/${row.webhookId}/deliveries`;
    ctx.set('Location', `${config.publicUrl}/v1/${path}`);
    ctx.set('Retry-After', '1');
    ctx.set('Cache-Control', 'private, no-store');
    ctx.body = deliveryAnswer(row);
  };

  /** The row says when it is due: the sweep of deliveries finds it without a job. */
  const enqueue = async ({ id, nextAttemptAt }: DeliveryRow): Promise<void> => {
    if (nextAttemptAt === null) return;
    await queues
      .add([deliveryJob({ id, nextAttemptAt }, now())])
      .catch((err: unknown) => log.warn({ err, deliveryId: id }, 'delivery not enqueued; the sweep will'));
  };

  const found = async (id: string): Promise<DeliveryRow> => {
    const row = await deliveries.find(id);
    if (row === null) throw deliveryNotFound();
    return row;
  };

  const answerPage = async (
    ctx: ApiContext,
    path: string,
    list: (page: DeliveryPage) => Promise<DeliveryRow[]>,
  ): Promise<void> => {
    const query = readQuery(ctx);
    const page = parseDeliveryQuery(query);
    const { rows, last } = cutPage(await list({ ...page, limit: page.limit + 1 }), page.limit);
    const nextCursor = last && writeCursor(last, { list: 'deliveries', order: page.order });
    if (nextCursor !== null) ctx.set('Link', linkToNext(`${config.publicUrl}${path}`, query, nextCursor));
    ctx.set('Cache-Control', 'private, no-store');
    ctx.body = { data: rows.map(deliveryAnswer), nextCursor };
  };

  /** Sends it under the same id, with all its attempts before it, once for each Idempotency-Key. */
  const sendAgain = (
    ctx: ApiContext,
    { id: resourceId }: DeliveryRow,
    request: { route: string; fields: Record<string, string> },
    assertMay: () => void = () => undefined,
  ): Promise<void> =>
    idempotently(
      deps,
      ctx,
      { ...request, resourceId },
      {
        first: async (id) => {
          assertMay();
          if (!(await deliveries.redeliver(id, now()))) throw deliveryNotFound();
          const again = await found(id);
          await enqueue(again);
          accepted(ctx, again);
        },
        again: async (id) => accepted(ctx, await found(id)),
      },
    );

  return {
    async list(ctx: ApiContext): Promise<void> {
      const { id } = await findOwnWebhook(deps, ctx);
      await answerPage(ctx, `/v1/webhooks/${id}/deliveries`, (page) => deliveries.list(id, page));
    },

    /** What went to the tenant's `callbackUrl`s. */
    listOfCallbacks: (ctx: ApiContext): Promise<void> =>
      answerPage(ctx, '/v1/callback-deliveries', (page) => deliveries.listOfCallbacks(ctx.state.tenantId, page)),

    async redeliverCallback(ctx: ApiContext): Promise<void> {
      const row = await found(ctx.params.id ?? '');
      if (row.tenantId !== ctx.state.tenantId || row.webhookId !== null) throw deliveryNotFound();
      await sendAgain(ctx, row, { route: 'POST /v1/callback-deliveries/:id/redeliver', fields: { id: row.id } });
    },

    async redeliver(ctx: ApiContext): Promise<void> {
      const webhook = await findOwnWebhook(deps, ctx);
      const row = await found(ctx.params.deliveryId ?? '');
      if (row.webhookId !== webhook.id) throw deliveryNotFound();
      const route = 'POST /v1/webhooks/:id/deliveries/:deliveryId/redeliver';
      const fields = { webhookId: webhook.id, id: row.id };
      await sendAgain(ctx, row, { route, fields }, () => assertActive(webhook));
    },

    /** Sends a message of the type `webhook.test`, whose data is the endpoint itself. */
    async test(ctx: ApiContext): Promise<void> {
      const webhook = await findOwnWebhook(deps, ctx);
      const request = { route: 'POST /v1/webhooks/:id/test', fields: { id: webhook.id }, resourceId: newId('msg') };
      await idempotently(deps, ctx, request, {
        first: async (id) => {
          assertActive(webhook);
          await deliveries.insert([{ ...testDelivery(webhook, id, now()), requestId: ctx.state.requestId }]);
          const row = await found(id);
          await enqueue(row);
          accepted(ctx, row);
        },
        again: async (id) => accepted(ctx, await found(id)),
      });
    },
  };
}

function testDelivery(webhook: WebhookRow, id: string, at: number): NewDelivery {
  const { id: webhookId, tenantId } = webhook;
  const type = 'webhook.test';
  const data = webhookAnswer(webhook, at);
  const body = messageBody({ type, at, data }, { object: data.object, id: webhookId });
  return {
    id,
    tenantId,
    webhookId,
    callbackUrl: null,
    lane: webhookId,
    type,
    resourceId: webhookId,
    body,
    createdAt: at,
  };
}

function assertActive({ status }: WebhookRow): void {
  if (status === 'active') return;
  const message = 'This webhook is disabled; make it active first: PATCH it with { "status": "active" }';
  throw new AppError('conflict', 'webhook_disabled', message);
}

function deliveryNotFound(): AppError {
  return new AppError('not-found', 'not_found', 'There is no delivery with this id');
}
