import { deliveryListReaders, listReaders } from '../../shared/contract/lists.ts';
import {
  callbackSecretAnswerSchema,
  deliveryAnswerSchema,
  deliveryListSchema,
  webhookAnswerSchema,
  webhookListSchema,
} from '../../shared/contract/webhook-answer.ts';
import { webhookPatchSchema, webhookRequestSchema } from '../../shared/contract/webhook-request.ts';
import { delivery, ids, webhook } from './examples.ts';
import type { Operations } from './operation.ts';
import { pageAnswer } from './page-answer.ts';
import { idIn, pageDefaults, queryOf } from './parameters.ts';

const id = idIn('webhook', ids.webhook);
const listQuery = (description: string, example: string) =>
  queryOf(deliveryListReaders, {
    ...pageDefaults,
    status: { example: 'failed' },
    resourceId: { description, example },
  });
const tag = 'Webhooks';
const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const json = { 'application/json': { schema: webhookAnswerSchema, examples: { webhook } } } as const;
const withSecret = {
  'application/json': { schema: webhookAnswerSchema, examples: { webhook: { ...webhook, secret } } },
} as const;
const callbackDelivery = { ...delivery, webhookId: null, callbackUrl: 'https://hooks.example.com/done' };
const accepted = {
  202: {
    description: 'It is on its way.',
    headers: ['Cache-Control!', 'Idempotency-Replayed'],
    content: { 'application/json': { schema: deliveryAnswerSchema, examples: { delivery } } },
  },
} as const;
const patch = {
  schema: webhookPatchSchema,
  examples: { activate: { status: 'active' }, events: { events: ['code.scanned'] } },
};

export const webhookOperations = {
  'POST /v1/webhooks': {
    id: 'createWebhook',
    tag,
    summary: 'Name an endpoint to be told',
    description: 'The secret is shown in this answer only.',
    access: 'write',
    headers: ['Idempotency-Key'],
    body: {
      'application/json': {
        schema: webhookRequestSchema,
        examples: { batches: { url: 'https://hooks.example.com/qr', events: ['batch.completed', 'batch.failed'] } },
      },
    },
    answers: {
      201: {
        description: 'It is told from now on.',
        headers: ['Location!', 'Cache-Control!', 'Idempotency-Replayed'],
        content: withSecret,
      },
    },
    problems: ['too_many_webhooks', 'not_found'],
  },
  'GET /v1/webhooks': {
    id: 'listWebhooks',
    tag,
    summary: 'List webhooks',
    access: 'read',
    query: queryOf(listReaders, pageDefaults),
    answers: {
      200: pageAnswer(webhookListSchema.meta({ id: 'WebhookList' }), [webhook]),
    },
  },
  'GET /v1/webhooks/:id': {
    id: 'getWebhook',
    tag,
    summary: 'Read a webhook',
    access: 'read',
    path: { id },
    answers: { 200: { description: 'As it stands.', headers: ['Cache-Control!'], content: json } },
    problems: ['not_found'],
  },
  'PATCH /v1/webhooks/:id': {
    id: 'changeWebhook',
    tag,
    summary: 'Change a webhook',
    description: 'A merge patch (RFC 7396): what is not named stays.',
    access: 'write',
    path: { id },
    body: { 'application/json': patch, 'application/merge-patch+json': patch },
    answers: { 200: { description: 'As it stands then.', headers: ['Cache-Control!'], content: json } },
    problems: ['not_found', 'database_full'],
  },
  'DELETE /v1/webhooks/:id': {
    id: 'deleteWebhook',
    tag,
    summary: 'Delete a webhook',
    access: 'write',
    path: { id },
    answers: { 204: { description: 'It is told nothing any more.' } },
    problems: ['not_found', 'database_full'],
  },
  'POST /v1/webhooks/:id/rotate-secret': {
    id: 'rotateWebhookSecret',
    tag,
    summary: 'Give a webhook a new secret',
    description: 'The one before signs beside it for a day.',
    access: 'write',
    path: { id },
    headers: ['Idempotency-Key'],
    answers: {
      200: {
        description: 'The new secret, in this answer only.',
        headers: ['Cache-Control!', 'Idempotency-Replayed'],
        content: withSecret,
      },
    },
    problems: ['not_found'],
  },
  'POST /v1/webhooks/:id/test': {
    id: 'testWebhook',
    tag,
    summary: 'Send a message webhook.test',
    access: 'write',
    path: { id },
    headers: ['Idempotency-Key'],
    answers: accepted,
    problems: ['not_found', 'webhook_disabled'],
  },
  'GET /v1/webhooks/:id/deliveries': {
    id: 'listDeliveries',
    tag,
    summary: 'List what a webhook was told',
    description: 'Every message with its attempts, for 30 days.',
    access: 'read',
    path: { id },
    query: listQuery('What they tell of: a render, batch or code, or this webhook in tests.', ids.render),
    answers: {
      200: pageAnswer(deliveryListSchema.meta({ id: 'DeliveryList' }), [delivery]),
    },
    problems: ['not_found'],
  },
  'POST /v1/webhooks/:id/deliveries/:deliveryId/redeliver': {
    id: 'redeliver',
    tag,
    summary: 'Send a message again',
    description: 'Under the same id, with all its attempts before it.',
    access: 'write',
    path: { id, deliveryId: idIn('delivery', ids.delivery) },
    headers: ['Idempotency-Key'],
    answers: accepted,
    problems: ['not_found', 'webhook_disabled'],
  },
  'GET /v1/callback-deliveries': {
    id: 'listCallbackDeliveries',
    tag,
    summary: 'List what callbackUrls were told',
    description:
      'Every message to a `callbackUrl` with its attempts, for 30 days; `resourceId` is the render or batch.',
    access: 'read',
    query: listQuery('The render or batch that they tell of.', ids.batch),
    answers: {
      200: pageAnswer(deliveryListSchema.meta({ id: 'DeliveryList' }), [callbackDelivery]),
    },
  },
  'POST /v1/callback-deliveries/:id/redeliver': {
    id: 'redeliverCallback',
    tag,
    summary: 'Send a message to a callbackUrl again',
    description: 'Under the same id, with all its attempts before it.',
    access: 'write',
    path: { id: idIn('delivery', ids.delivery) },
    headers: ['Idempotency-Key'],
    answers: {
      202: {
        ...accepted[202],
        content: { 'application/json': { schema: deliveryAnswerSchema, examples: { delivery: callbackDelivery } } },
      },
    },
    problems: ['not_found'],
  },
  'POST /v1/callback-secret/rotate': {
    id: 'rotateCallbackSecret',
    tag,
    summary: 'Make a new secret for callbackUrls',
    description: 'The one before signs beside it for a day.',
    access: 'write',
    headers: ['Idempotency-Key'],
    answers: {
      200: {
        description: 'The new secret, in this answer only.',
        headers: ['Cache-Control!', 'Idempotency-Replayed'],
        content: {
          'application/json': {
            schema: callbackSecretAnswerSchema,
            examples: {
              secret: {
                object: 'callback_secret',
                secret,
                previousSecretExpiresAt: null,
                createdAt: webhook.createdAt,
              },
            },
          },
        },
      },
    },
  },
} satisfies Operations;
