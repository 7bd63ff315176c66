import { Webhook } from 'standardwebhooks';
import type { DeliveryRow, DeliveryVerdict, WebhookRow } from '../shared/adapters/database/webhook-store.ts';
import type { OutboundAnswer } from '../shared/adapters/outbound.ts';
import { restMs, retryAfterMs } from '../shared/domain/webhook-schedule.ts';
import type { WorkError } from '../shared/errors.ts';
import { createSigningSecrets } from '../shared/signing-secrets.ts';
import type { WorkDeps } from './handlers.ts';
import { isTaken, noteOutcome } from './note-outcome.ts';

/** An attempt that has not come to its end within this is lost; longer than the outgoing client's own time. */
export const leaseMs = 20_000;

/** When a delivery of a suspended tenant is looked at again; so late it may go once the tenant is active again. */
const suspendedMs = 60_000;

export type AttemptDeps = Pick<
  WorkDeps,
  'outbound' | 'log' | 'tally' | 'now' | 'lot' | 'secretKey' | 'webhookTimeScale'
> & {
  database: Pick<WorkDeps['database'], 'webhooks' | 'deliveries' | 'tenants' | 'audit'>;
};

type Receiver = { url: string; secrets: string[]; webhook: WebhookRow | null };

/**
 * Tries a delivery once: takes it for this run, sends it signed, puts the attempt on record, and decides how it goes on.
 *
 * Answers when the next attempt is due; null when there is none, or another run has taken it. An attempt that the end of this process
 * cuts is the receiver's fault in nothing: it leaves no record, and is made again when its lease is over.
 */
export function createAttemptDelivery(deps: AttemptDeps): (row: DeliveryRow) => Promise<number | null> {
  const { database, outbound, log, now, tally } = deps;
  const countOf = (outcome: DeliveryVerdict['status']) =>
    tally.counter('qrfactory_webhook_attempts_total', { outcome });
  const counts = { completed: countOf('completed'), queued: countOf('queued'), failed: countOf('failed') };
  const findReceiver = createFindReceiver(deps);
  return async (row) => {
    if (await isSuspended(deps, row)) return postpone(deps, row);
    const receiver = await findReceiver(row);
    if ('code' in receiver) {
      await database.deliveries.fail(row.id, receiver, now());
      return null;
    }
    const leasedUntil = now() + leaseMs;
    if (row.nextAttemptAt === null || !(await database.deliveries.lease(row.id, row.nextAttemptAt, leasedUntil)))
      return null;
    const at = now();
    const headers = signedHeaders(row, receiver.secrets, at);
    const answer = await outbound.post(receiver.url, { headers, body: row.body });
    const { id: deliveryId, requestId, attemptsMade } = row;
    if (answer === null) {
      log.info({ requestId, deliveryId }, 'webhook attempt cut by our own end: it is made again');
      return null;
    }
    const verdict = verdictOf(deps, row, answer);
    const { httpStatus, latencyMs, body } = answer;
    const attempt = { at, httpStatus, latencyMs, error: answer.error ?? redirectError(httpStatus), body };
    const followed = await database.deliveries.record(row.id, leasedUntil, attempt, verdict);
    counts[verdict.status].add();
    log[verdict.status === 'completed' ? 'info' : 'warn'](
      {
        requestId,
        deliveryId,
        host: hostOf(receiver.url),
        httpStatus,
        latencyMs,
        error: attempt.error,
        attempt: attemptsMade + 1,
        outcome: verdict.status,
      },
      'webhook attempt',
    );
    if (receiver.webhook !== null)
      await noteOutcome(deps, receiver.webhook, { httpStatus, at, verdict, delivery: row });
    return followed && verdict.status === 'queued' ? verdict.nextAttemptAt : null;
  };
}

async function isSuspended({ database }: AttemptDeps, { tenantId }: DeliveryRow): Promise<boolean> {
  return (await database.tenants.find(tenantId))?.status === 'suspended';
}

/** Leaves a delivery queued without an attempt: nothing of it is lost while its tenant is suspended. */
async function postpone({ database, now }: AttemptDeps, { id, nextAttemptAt }: DeliveryRow): Promise<number | null> {
  const dueAt = now() + suspendedMs;
  const isOurs = nextAttemptAt !== null && (await database.deliveries.lease(id, nextAttemptAt, dueAt));
  return isOurs ? dueAt : null;
}

/** Returns the function that says who is called, and with which secrets that is signed; an error when nobody is. */
function createFindReceiver({ database, now, secretKey }: AttemptDeps) {
  const signing = createSigningSecrets(secretKey);
  return async ({ tenantId, webhookId, callbackUrl }: DeliveryRow): Promise<Receiver | WorkError> => {
    if (webhookId === null) {
      const kept = await database.webhooks.findCallbackSecrets(tenantId);
      const secrets = kept ? signing.live(kept.secrets, now()) : [signing.unasked(tenantId)];
      return { url: callbackUrl as string, secrets, webhook: null };
    }
    const webhook = await database.webhooks.find(webhookId);
    if (webhook === null) return webhookGone;
    if (webhook.status === 'disabled') return webhookDisabled;
    return { url: webhook.url, secrets: signing.live(webhook.secrets, now()), webhook };
  };
}

/** As Standard Webhooks 1.0 has it: one signature for each secret that is live. */
function signedHeaders({ id, body }: DeliveryRow, secrets: string[], at: number): Record<string, string> {
  const date = new Date(at);
  return {
    'content-type': 'application/json',
    'user-agent': 'QRFactory-Webhooks/1',
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at / 1000)),
    'webhook-signature': secrets.map((secret) => new Webhook(secret).sign(id, date, body)).join(' '),
  };
}

/** The host alone: what else a receiver's URL has may be secret. */
function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : '';
}

function verdictOf(
  { now, lot, webhookTimeScale }: AttemptDeps,
  row: DeliveryRow,
  { httpStatus, retryAfter, error }: OutboundAnswer,
): DeliveryVerdict {
  if (isTaken(httpStatus)) return { status: 'completed' };
  if (httpStatus === 410) return { status: 'failed', error: receiverGone };
  const attemptsMade = row.attemptsMade + 1;
  const wanted = retryAfterMs(retryAfter, now());
  const rest = restMs({ attemptsMade, retryAfterMs: wanted, timeScale: webhookTimeScale, lot: lot() });
  if (rest !== null) return { status: 'queued', nextAttemptAt: now() + rest };
  const last = error?.detail ?? `the answer was ${httpStatus}`;
  const detail = `None of ${attemptsMade} attempts was answered with 2xx; the last: ${last}`;
  return { status: 'failed', error: { code: 'attempts_exhausted', detail, pointer: null } };
}

function redirectError(httpStatus: number | null): WorkError | null {
  if (httpStatus === null || httpStatus < 300 || httpStatus > 399) return null;
  return { code: 'redirected', detail: `Redirects are not followed; the answer was ${httpStatus}`, pointer: null };
}

const receiverGone: WorkError = {
  code: 'receiver_gone',
  detail: 'The receiver answered 410: it wants no more messages',
  pointer: null,
};

const webhookGone: WorkError = {
  code: 'webhook_deleted',
  detail: 'The webhook was deleted before this was delivered',
  pointer: null,
};

const webhookDisabled: WorkError = {
  code: 'webhook_disabled',
  detail: 'The webhook was disabled before this was delivered; make it active and redeliver',
  pointer: null,
};
