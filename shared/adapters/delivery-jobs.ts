import { randomUUID } from 'node:crypto';
import type { DueDelivery } from './database/webhook-store.ts';
import type { NewJob } from './queues.ts';

/** A job for what is marked as to be told; many may wait at once, and the first does the work of all. */
export function relayJob(): NewJob {
  return { name: 'relay-events', payload: {}, jobId: `relay-${randomUUID()}` };
}

/** The job of a delivery's next attempt: added twice, the queue has it once. */
export function deliveryJob({ id, nextAttemptAt }: Pick<DueDelivery, 'id' | 'nextAttemptAt'>, now: number): NewJob {
  const delayMs = Math.max(0, nextAttemptAt - now);
  return { name: 'send-webhook', payload: { deliveryId: id }, jobId: `${id}-${nextAttemptAt}`, delayMs };
}
