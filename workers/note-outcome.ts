import { changeWebhook } from '../shared/adapters/database/change-webhook.ts';
import type { DeliveryRow, DeliveryVerdict, WebhookRow } from '../shared/adapters/database/webhook-store.ts';
import { recordedChanges } from '../shared/domain/recorded-changes.ts';
import { isGivenUp } from '../shared/domain/webhook-schedule.ts';
import { newId } from '../shared/new-id.ts';
import type { WorkDeps } from './handlers.ts';

type NoteDeps = Pick<WorkDeps, 'log' | 'now' | 'webhookTimeScale'> & {
  database: Pick<WorkDeps['database'], 'webhooks' | 'audit'>;
};

type Noted = { httpStatus: number | null; at: number; verdict: DeliveryVerdict; delivery: DeliveryRow };

/** Whether a receiver took the message. */
export function isTaken(httpStatus: number | null): boolean {
  return httpStatus !== null && httpStatus >= 200 && httpStatus < 300;
}

/** Keeps account of the endpoint: since when it fails, and whether it is called no more; the latter is on record. */
export async function noteOutcome(deps: NoteDeps, webhook: WebhookRow, noted: Noted): Promise<void> {
  const { httpStatus, at, verdict, delivery } = noted;
  const { database, now, webhookTimeScale } = deps;
  if (isTaken(httpStatus) && webhook.failingSince === null) return;
  let isDisabled = false;
  const after = await changeWebhook(database.webhooks, webhook.id, now(), ({ failingSince, status, url }) => {
    isDisabled = false;
    // Its owner may have changed it while it was called: then this attempt says nothing about it.
    if (status === 'disabled' || url !== webhook.url) return null;
    if (isTaken(httpStatus)) return failingSince === null ? null : { failingSince: null };
    const since = failingSince ?? at;
    isDisabled = httpStatus === 410 || (verdict.status === 'failed' && isGivenUp(since, at, webhookTimeScale));
    if (isDisabled)
      return { failingSince: since, status: 'disabled', disabledReason: httpStatus === 410 ? 'gone' : 'failing' };
    return failingSince === null ? { failingSince: since } : null;
  });
  if (isDisabled && after !== null) await recordDisabled(deps, after, delivery);
}

/** Puts on record that no key but the service disabled an endpoint. */
async function recordDisabled({ database, log, now }: NoteDeps, webhook: WebhookRow, delivery: DeliveryRow) {
  const { id: webhookId, tenantId, disabledReason } = webhook;
  log.warn({ webhookId, disabledReason }, 'webhook disabled');
  const record = {
    id: newId('aud'),
    tenantId,
    keyId: 'service',
    action: 'webhook.update',
    objectId: webhookId,
    changes: recordedChanges(
      'webhook',
      { status: 'active', disabledReason: null },
      { status: 'disabled', disabledReason },
    ),
    requestId: delivery.requestId ?? delivery.id,
    createdAt: now(),
  };
  await database.audit.insert([record]).catch((err: unknown) => {
    // The endpoint is disabled and the delivery is over: to try again would record nothing.
    log.error({ err, record }, 'a change is on record in this line only');
  });
}
