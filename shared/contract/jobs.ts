import { z } from 'zod';

/** At most this many renders share one job: large enough to share its cost, small enough to spread over the pool. */
export const maxRendersPerJob = 16;

const id = z.string().min(1).max(128);

/** Every job by name: the queue that carries it and its payload. A payload holds ids, never content. */
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
} as const;

export type JobName = keyof typeof jobs;
export type QueueName = (typeof jobs)[JobName]['queue'];
export type JobPayload<Name extends JobName> = z.infer<(typeof jobs)[Name]['payload']>;

export const queueNames = ['renders', 'logos', 'suspect', 'maintenance'] as const satisfies readonly QueueName[];

/** What a worker tells every API process at a job's end: ids only, the rows say how it ended. */
export type EndedMessage = { ids: string[] };
