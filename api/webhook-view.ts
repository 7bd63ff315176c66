import type { DeliveryRow, WebhookRow } from '../shared/adapters/database/webhook-store.ts';
import type { DeliveryAnswer, WebhookAnswer } from '../shared/contract/webhook-answer.ts';
import type { SealedSecret } from '../shared/signing-secrets.ts';
import { isoTime, isoTimeOrNull } from './iso-time.ts';

/** Until when the secret before the newest signs too; null when it is over, or there was none. */
export function previousExpiry(secrets: SealedSecret[], now: number): string | null {
  const expiresAt = secrets[1]?.expiresAt ?? null;
  return expiresAt !== null && expiresAt > now ? isoTime(expiresAt) : null;
}

/** Shows a webhook; `secret` belongs only to the answers that made it. */
export function webhookAnswer(row: WebhookRow, now: number, secret?: string): WebhookAnswer {
  const { id, url, events, description, status, disabledReason } = row;
  return {
    object: 'webhook',
    id,
    url,
    events,
    description,
    status,
    disabledReason,
    failingSince: isoTimeOrNull(row.failingSince),
    previousSecretExpiresAt: previousExpiry(row.secrets, now),
    ...(secret === undefined ? {} : { secret }),
    createdAt: isoTime(row.createdAt),
    updatedAt: isoTime(row.updatedAt),
  };
}

/** What a row tells of that was made before it was kept: the id in its message. */
function resourceIdIn({ body }: DeliveryRow): string | null {
  const { data } = JSON.parse(body) as { data?: { id?: unknown; codeId?: unknown } };
  const id = data?.id ?? data?.codeId;
  return typeof id === 'string' ? id : null;
}

/** Shows a delivery. */
export function deliveryAnswer(row: DeliveryRow): DeliveryAnswer {
  const { id, webhookId, callbackUrl, type, status, attempts, error } = row;
  return {
    object: 'delivery',
    id,
    webhookId,
    callbackUrl,
    resourceId: row.resourceId ?? resourceIdIn(row),
    type,
    status,
    nextAttemptAt: isoTimeOrNull(row.nextAttemptAt),
    attempts: attempts.map(({ at, ...attempt }) => ({ at: isoTime(at), ...attempt })),
    error,
    createdAt: isoTime(row.createdAt),
    completedAt: isoTimeOrNull(row.completedAt),
  };
}
