import { changeWebhook, type WebhookChange } from '../shared/adapters/database/change-webhook.ts';
import type { WebhookRow } from '../shared/adapters/database/webhook-store.ts';
import { createReceiverRule } from '../shared/adapters/outbound-addresses.ts';
import { parseListQuery, writeCursor } from '../shared/contract/lists.ts';
import { parseWebhookPatch, parseWebhookRequest, type WebhookPatch } from '../shared/contract/webhook-request.ts';
import { AppError } from '../shared/errors.ts';
import { newId } from '../shared/new-id.ts';
import { createSigningSecrets, rotated } from '../shared/signing-secrets.ts';
import { cutPage } from './cut-page.ts';
import type { ApiContext, ApiDeps } from './deps.ts';
import { linkToNext } from './list-links.ts';
import { noteChange } from './middleware/audit.ts';
import { idempotently } from './middleware/idempotency.ts';
import { readJson } from './middleware/read-json.ts';
import { readQuery } from './query.ts';
import { webhookAnswer } from './webhook-view.ts';

/** Endpoints of one tenant. */
const mostWebhooks = 100;

/** @throws AppError `not-found` when it is not there or another tenant's */
export async function findOwnWebhook({ database }: Pick<ApiDeps, 'database'>, ctx: ApiContext): Promise<WebhookRow> {
  const row = await database.webhooks.find(ctx.params.id ?? '');
  if (row?.tenantId !== ctx.state.tenantId) throw webhookNotFound();
  return row;
}

/** The routes of `/v1/webhooks` but for deliveries. */
export function createWebhookRoutes(deps: ApiDeps) {
  const { config, database, now } = deps;
  const { webhooks } = database;
  const { publicUrl } = config;
  const signing = createSigningSecrets(config.secretKey);
  const mayCall = createReceiverRule(config.webhooks.outboundAllow);

  const answer = (
    ctx: ApiContext,
    row: WebhookRow,
    { status = 200, secret }: { status?: number; secret?: string } = {},
  ) => {
    ctx.status = status;
    if (status === 201) ctx.set('Location', `${publicUrl}/v1/webhooks/${row.id}`);
    ctx.set('Cache-Control', 'private, no-store');
    ctx.body = webhookAnswer(row, now(), secret);
  };

  /** Makes it, or finds what the same request made before it was cut off; its first secret can be opened again. */
  const create = async (ctx: ApiContext, id: string, body: ReturnType<typeof parseWebhookRequest>) => {
    const { tenantId } = ctx.state;
    const existing = await webhooks.list(tenantId, { limit: mostWebhooks, order: 'newest-first', after: null });
    if (existing.length === mostWebhooks && !existing.some((row) => row.id === id)) throw tooMany();
    const at = now();
    const { entry } = signing.make(newId('sec'), at);
    const row: WebhookRow = {
      id,
      tenantId,
      ...body,
      status: 'active',
      disabledReason: null,
      secrets: [entry],
      failingSince: null,
      revision: 1,
      createdAt: at,
      updatedAt: at,
    };
    return (await webhooks.insert(row)) ? row : ((await webhooks.find(id)) ?? row);
  };

  return {
    async create(ctx: ApiContext): Promise<void> {
      const { value } = await readJson(ctx, config.limits.bodyBytes);
      const body = parseWebhookRequest(value, mayCall);
      const request = { route: 'POST /v1/webhooks', fields: body, resourceId: newId('whk') };
      await idempotently(deps, ctx, request, {
        first: async (id, keepSecret) => {
          const row = await create(ctx, id, body);
          const secret = newestSecret(row, signing);
          keepSecret(secret);
          answer(ctx, row, { status: 201, secret });
        },
        again: async (id, secret) => {
          const row = await webhooks.find(id);
          if (row === null) throw webhookNotFound();
          answer(ctx, row, { status: 201, ...(secret === null ? {} : { secret }) });
        },
      });
    },

    async list(ctx: ApiContext): Promise<void> {
      const query = readQuery(ctx);
      const page = parseListQuery(query, { withStatus: false, list: 'webhooks' });
      const found = await webhooks.list(ctx.state.tenantId, { ...page, limit: page.limit + 1 });
      const { rows, last } = cutPage(found, page.limit);
      const nextCursor = last && writeCursor(last, { list: 'webhooks', order: page.order });
      if (nextCursor !== null) ctx.set('Link', linkToNext(`${publicUrl}/v1/webhooks`, query, nextCursor));
      ctx.set('Cache-Control', 'private, no-store');
      ctx.body = { data: rows.map((row) => webhookAnswer(row, now())), nextCursor };
    },

    async show(ctx: ApiContext): Promise<void> {
      answer(ctx, await findOwnWebhook(deps, ctx));
    },

    async change(ctx: ApiContext): Promise<void> {
      const { value } = await readJson(ctx, config.limits.bodyBytes);
      let before = await findOwnWebhook(deps, ctx);
      const patch = parseWebhookPatch(value, mayCall);
      const row = await changeWebhook(webhooks, before.id, now(), (current) => {
        before = current;
        return patched(current, patch);
      });
      if (row === null) throw webhookNotFound();
      const isSame = row.revision === before.revision;
      noteChange(ctx, isSame ? null : { before: webhookAnswer(before, now()), after: webhookAnswer(row, now()) });
      answer(ctx, row);
    },

    async remove(ctx: ApiContext): Promise<void> {
      if (!(await webhooks.remove(ctx.state.tenantId, ctx.params.id ?? ''))) throw webhookNotFound();
      ctx.status = 204;
    },

    /** The secret before signs beside the new one for a day, so that receivers can change it in their own time. */
    async rotateSecret(ctx: ApiContext): Promise<void> {
      const { id } = await findOwnWebhook(deps, ctx);
      const request = { route: 'POST /v1/webhooks/:id/rotate-secret', fields: { id }, resourceId: newId('sec') };
      await idempotently(deps, ctx, request, {
        first: async (secretId, keepSecret) => {
          const { entry } = signing.make(secretId, now());
          const row = await changeWebhook(webhooks, id, now(), ({ secrets }) =>
            secrets.some((known) => known.id === secretId) ? null : { secrets: rotated(secrets, entry) },
          );
          if (row === null) throw webhookNotFound();
          const secret = newestSecret(row, signing);
          keepSecret(secret);
          noteChange(ctx, { before: null, after: { secret } });
          answer(ctx, row, { secret });
        },
        again: async (_, secret) => {
          answer(ctx, await findOwnWebhook(deps, ctx), secret === null ? {} : { secret });
        },
      });
    },
  };
}

function newestSecret({ id, secrets }: WebhookRow, { open }: ReturnType<typeof createSigningSecrets>): string {
  const [newest] = secrets;
  if (newest === undefined) throw new Error(`The webhook ${id} has no secret`);
  return open(newest);
}

/** What a PATCH changes; made active again, or given another URL, an endpoint begins with a clean record. */
function patched(current: WebhookRow, { url, events, description, status }: WebhookPatch): WebhookChange {
  const isNewUrl = url !== undefined && url !== current.url;
  return {
    ...(url === undefined ? {} : { url }),
    ...(events === undefined ? {} : { events }),
    ...(description === undefined ? {} : { description }),
    ...(status === 'active' ? { status, disabledReason: null, failingSince: null } : {}),
    ...(status === 'disabled' && current.status === 'active' ? { status, disabledReason: 'by_request' as const } : {}),
    ...(isNewUrl ? { failingSince: null } : {}),
  };
}

function webhookNotFound(): AppError {
  return new AppError('not-found', 'not_found', 'There is no webhook with this id');
}

function tooMany(): AppError {
  const message = `There are ${mostWebhooks} webhooks, and no more are kept; delete one, or give one more events`;
  return new AppError('conflict', 'too_many_webhooks', message);
}
