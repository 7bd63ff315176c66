import { afterEach, beforeEach, expect } from 'vitest';
import type { DeliveryRow, WebhookRow } from '../../../shared/adapters/database/webhook-store.ts';
import { createOutbound, type Outbound } from '../../../shared/adapters/outbound.ts';
import type { RenderSpec } from '../../../shared/domain/render-spec.ts';
import { createSigningSecrets } from '../../../shared/signing-secrets.ts';
import { createHandlers } from '../../../workers/handlers.ts';
import { createProcessJob } from '../../../workers/process-job.ts';
import { newWebhook } from '../../suites/database/webhook-contract.ts';
import { type Receiver, startReceiver } from '../../support/receiver.ts';
import { acceptRows, openDeps, runningJob, specOf, type TestDeps } from './work-deps.ts';

export let deps: TestDeps;
export let receiver: Receiver;
export let run: (name: string, payload?: unknown) => Promise<unknown>;

let outbound: Outbound | null = null;

/** Gives every test of a file stores of its own, a receiver, and handlers that call it. */
export function useDeliveries(): void {
  beforeEach(async () => {
    deps = await openDeps();
    deps.clock.now = Date.now();
    receiver = await startReceiver();
    useOutbound({ timeoutMs: 300 });
    start();
  });
  afterEach(async () => {
    outbound?.close();
    await receiver.close();
    await deps.close();
  });
}

/** Calls receivers with another patience; handlers that are there keep the one before. */
export function useOutbound({ timeoutMs }: { timeoutMs: number }): void {
  outbound?.close();
  outbound = createOutbound({ allow: ['127.0.0.0/8'], timeoutMs });
  deps.outbound = outbound;
}

/** Makes the handlers anew, as a process that was started does. */
export function start(): void {
  const processJob = createProcessJob(createHandlers(deps), deps);
  run = (name, payload = {}) => processJob(runningJob(name, payload));
}

export const signing = () => createSigningSecrets(deps.secretKey);

export async function addWebhook(more: Partial<WebhookRow> = {}): Promise<{ row: WebhookRow; secret: string }> {
  const { entry, secret } = signing().make(`sec_${Math.random()}`, deps.now());
  const row = newWebhook({ tenantId: 't', url: receiver.url(), secrets: [entry], ...more });
  await deps.database.webhooks.insert(row);
  return { row, secret };
}

export async function drawn(text: string, more: Partial<RenderSpec> = {}): Promise<string> {
  const [row] = await acceptRows(deps, [specOf(text, more)]);
  await run('render-codes', { renderIds: [row?.id] });
  return row?.id as string;
}

export const deliveriesOf = ({ id }: WebhookRow): Promise<DeliveryRow[]> =>
  deps.database.deliveries.list(id, { limit: 200, order: 'oldest-first', after: null, status: null, resourceId: null });

export async function onlyDelivery(row: WebhookRow): Promise<DeliveryRow> {
  const found = await deliveriesOf(row);
  expect(found).toHaveLength(1);
  return found[0] as DeliveryRow;
}

/** One event of a render, told to one endpoint: the delivery is there and due. */
export async function oneDelivery(more: Partial<WebhookRow> = {}) {
  const webhook = await addWebhook(more);
  const renderId = await drawn(`text ${Math.random()}`);
  await run('relay-events');
  return { ...webhook, renderId, delivery: await onlyDelivery(webhook.row) };
}

export const send = (delivery: { id: string }) => run('send-webhook', { deliveryId: delivery.id });
export const stored = async ({ id }: { id: string }) => (await deps.database.deliveries.find(id)) as DeliveryRow;
export const webhookOf = async ({ id }: { id: string }) => (await deps.database.webhooks.find(id)) as WebhookRow;

/** Moves the clock to the next attempt and makes it. */
export async function nextAttempt(delivery: { id: string }): Promise<DeliveryRow> {
  const { nextAttemptAt } = await stored(delivery);
  if (nextAttemptAt !== null) deps.clock.now = Math.max(deps.clock.now, nextAttemptAt);
  await send(delivery);
  return stored(delivery);
}
