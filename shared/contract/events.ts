/*
 * What is told to the outside, and under which ids. The rule for everybody who has something to tell (renders, batches, codes):
 * the write that ends a thing marks it as to be told, in the same write; workers/relay-events.ts reads the marks, makes one
 * delivery for each endpoint and callback, and clears the mark. A delivery's id follows from the event's id and the endpoint
 * (domain/identity.ts), so that all of it may happen twice and one id is told.
 */

export const eventTypes = [
  'render.completed',
  'render.failed',
  'batch.completed',
  'batch.failed',
  'batch.cancelled',
  'code.scanned',
] as const;
export type EventType = (typeof eventTypes)[number];

/** What a message may say it is: an event, or the one that an endpoint is tried with. */
export const messageTypes = [...eventTypes, 'webhook.test'] as const;
export type MessageType = (typeof messageTypes)[number];

/**
 * Somebody who is to be called at one end, named by `callbackUrl`: `id` is the delivery's, made before the POST was accepted;
 * `requestId` that POST's, for logs.
 */
export type Callback = { id: string; url: string; requestId?: string };

/** A message is below this, in bytes of UTF-8. */
export const maxMessageBytes = 20_000;

/**
 * Returns an event's id: it follows from what happened, to what and when, as the row tells it.
 *
 * @param subjectId the id of the render, batch or group of scans
 * @param at when it ended (`completedAt` of that end), in milliseconds: a thing that is started anew ends again
 */
export function eventIdOf(type: MessageType, subjectId: string, at: number): string {
  return `${type} ${subjectId} ${at}`;
}

type Message = { type: MessageType; at: number; data: Record<string, unknown> };

/**
 * Writes the body that is sent, as Standard Webhooks 1.0 has it, below `maxMessageBytes`.
 *
 * @param message.at when it happened, in milliseconds
 * @param brief what stands for `data` when that is too long
 */
export function messageBody({ type, at, data }: Message, brief: Record<string, unknown>): string {
  const write = (shown: Record<string, unknown>): string =>
    JSON.stringify({ type, timestamp: new Date(at).toISOString(), data: shown });
  const whole = write(data);
  return Buffer.byteLength(whole) < maxMessageBytes ? whole : write(brief);
}
