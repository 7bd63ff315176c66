import { z } from 'zod';
import { eventTypes, messageTypes } from './events.ts';
import { listAnswerSchema } from './lists.ts';
import { workErrorSchema } from './problem.ts';

/** The resource `webhook`. `secret` is there only in the answers that made it: of POST and of rotate-secret. */
export const webhookAnswerSchema = z
  .object({
    object: z.literal('webhook'),
    id: z.string(),
    url: z.url(),
    events: z.array(z.enum(eventTypes)),
    description: z.string().nullable(),
    status: z.enum(['active', 'disabled']),
    /** Why it is disabled: it answered 410, it failed for five days, or its owner said so. */
    disabledReason: z.enum(['gone', 'failing', 'by_request']).nullable(),
    failingSince: z.iso.datetime().nullable(),
    /** Until when the secret before signs too; null: there is one only. */
    previousSecretExpiresAt: z.iso.datetime().nullable(),
    secret: z.string().optional(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'Webhook' });

export type WebhookAnswer = z.infer<typeof webhookAnswerSchema>;

export const webhookListSchema = listAnswerSchema(webhookAnswerSchema.omit({ secret: true }));

/** The resource `delivery`; its id is the `webhook-id` of every attempt. */
export const deliveryAnswerSchema = z
  .object({
    object: z.literal('delivery'),
    id: z.string(),
    /** Null: it goes to a `callbackUrl`. */
    webhookId: z.string().nullable(),
    callbackUrl: z.url().nullable(),
    /** The render, batch or code that it tells of, the endpoint that it tries out. */
    resourceId: z.string().nullable(),
    type: z.enum(messageTypes),
    status: z.enum(['queued', 'completed', 'failed']),
    nextAttemptAt: z.iso.datetime().nullable(),
    /** The latest 20, oldest first. `httpStatus` and `body` (the first kilobyte) are null when no answer came. */
    attempts: z.array(
      z.object({
        at: z.iso.datetime(),
        httpStatus: z.int().nullable(),
        latencyMs: z.int(),
        error: workErrorSchema.nullable(),
        body: z.string().nullable(),
      }),
    ),
    error: workErrorSchema.nullable(),
    createdAt: z.iso.datetime(),
    completedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'Delivery' });

export type DeliveryAnswer = z.infer<typeof deliveryAnswerSchema>;

export const deliveryListSchema = listAnswerSchema(deliveryAnswerSchema);

/** The tenant's secret for `callbackUrl`, shown once. */
export const callbackSecretAnswerSchema = z
  .object({
    object: z.literal('callback_secret'),
    secret: z.string(),
    previousSecretExpiresAt: z.iso.datetime().nullable(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'CallbackSecret' });

export type CallbackSecretAnswer = z.infer<typeof callbackSecretAnswerSchema>;
