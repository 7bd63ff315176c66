import { z } from 'zod';

/** At most this many renders share one job: large enough to share its cost, small enough to spread over the pool. */
export const maxRendersPerJob = 32;

const id = z.string().min(1).max(128);

/** Every job by name: the queue that carries it and its payload. A payload holds ids, never content, but for `record-scans`. */
export const jobs = {
  /** Draws the open renders among `renderIds`. */
  'render-codes': { queue: 'renders', payload: z.object({ renderIds: z.array(id).min(1).max(maxRendersPerJob) }) },
  /** Decodes one uploaded logo. */
  'check-logo': { queue: 'logos', payload: z.object({ logoId: id }) },
  /** Draws one render whose job stalled before, alone in a process that may die of it. */
  'render-suspect': { queue: 'suspect', payload: z.object({ renderId: id }) },
  /** Decodes one logo whose job stalled before, likewise. */
  'check-suspect-logo': { queue: 'suspect', payload: z.object({ logoId: id }) },
  /** Puts rows that are open without a live job back on their queues. */
  sweep: { queue: 'maintenance', payload: z.object({}) },
  /**
   * Puts a journal segment's events (scan-event.ts) in the ledger, from its lines (journal-lines.ts). Each is checked on its own: a
   * wrong one must not lose the rest.
   */
  'record-scans': { queue: 'scans', payload: z.object({ segmentId: id, lines: z.string().min(1) }) },
  /** Counts the buckets that are marked dirty anew. */
  'roll-up-scans': { queue: 'roll-ups', payload: z.object({}) },
  /** Makes deliveries of whatever is marked as to be told, and queues those that are due. */
  'relay-events': { queue: 'events', payload: z.object({}) },
  /** Queues deliveries that are due and have no job, and deletes those that are long over. */
  'sweep-deliveries': { queue: 'maintenance', payload: z.object({}) },
  /** Tries a delivery once. */
  'send-webhook': { queue: 'webhooks', payload: z.object({ deliveryId: id }) },
  /** Deletes ledger rows and notes of segments that have outlived their time. */
  'purge-scans': { queue: 'maintenance', payload: z.object({}) },
  /** Deletes what has outlived its time: batches, images, renders, logos, idempotency records. */
  purge: { queue: 'maintenance', payload: z.object({}) },
  /** Deletes objects that no row owns, behind the key `after`. */
  'purge-orphans': { queue: 'maintenance', payload: z.object({ after: z.string().max(200).nullable() }) },
  /** Reads a batch's file into rows and chunks. Jobs of batches name a task (batch-store.ts) that says what it is about. */
  'parse-batch': { queue: 'batches', payload: z.object({ taskId: id }) },
  /** Puts a batch's failed rows back into chunks. */
  'retry-batch': { queue: 'batches', payload: z.object({ taskId: id }) },
  /** Makes one part of a batch's archive. */
  'zip-part': { queue: 'batches', payload: z.object({ taskId: id }) },
  /** Ends a batch whose rows have all ended, or cancels what is left of it. */
  'end-batch': { queue: 'batches', payload: z.object({ taskId: id }) },
  /** Draws the next chunk of a tenant's rows. */
  'render-rows': { queue: 'batch-rows', payload: z.object({ taskId: id }) },
  /** Draws the rows of a chunk whose job stalled before, one at a time in a process that may die of it. */
  'render-suspect-rows': { queue: 'suspect', payload: z.object({ taskId: id }) },
} as const;

export type JobName = keyof typeof jobs;
export type QueueName = (typeof jobs)[JobName]['queue'];
export type JobPayload<Name extends JobName> = z.infer<(typeof jobs)[Name]['payload']>;

export const queueNames = [
  'renders',
  'logos',
  'suspect',
  'maintenance',
  'scans',
  'roll-ups',
  'events',
  'webhooks',
  'batches',
  'batch-rows',
] as const satisfies readonly QueueName[];
