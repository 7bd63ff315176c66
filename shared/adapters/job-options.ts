import type { JobsOptions } from 'bullmq';
import type { QueueName } from '../contract/jobs.ts';

const firstDelayMs = 1000;
const longestDelayMs = 60_000;

/** Returns how long a job rests after its `attempt`th failure (1, 2 …): a second, doubling up to a minute. */
export function retryDelayMs(attempt: number): number {
  return Math.min(firstDelayMs * 2 ** Math.min(attempt - 1, 16), longestDelayMs);
}

/** Attempts that fill about an hour: 1 + 2 + … + 32 s, then 59 minutes, then the last. */
export const maxAttempts = 66;

/**
 * How every job of ours is kept. A done one leaves at once (rows say what was done); of the failed ones the latest thousand stay
 * for a day, to be looked at.
 */
const jobOptions = {
  attempts: maxAttempts,
  backoff: { type: 'custom' },
  removeOnComplete: true,
  removeOnFail: { age: 86_400, count: 1000 },
  stackTraceLimit: 3,
} satisfies JobsOptions;

/** Done jobs whose ids are those of time slots are remembered for a minute, so that none is put to work twice. */
const slotOptions = { ...jobOptions, removeOnComplete: { age: 60, count: 100 } } satisfies JobsOptions;

const slotQueues: ReadonlySet<QueueName> = new Set<QueueName>(['maintenance', 'roll-ups', 'events']);

/** How the jobs of one queue are kept. */
export function jobOptionsOf(queue: QueueName): JobsOptions {
  return slotQueues.has(queue) ? slotOptions : jobOptions;
}

/** Queues of which one job at a time runs in the whole deployment. */
export const serialQueues: ReadonlySet<QueueName> = new Set<QueueName>(['suspect', 'roll-ups']);

/** Queues whose jobs wake two workers: whoever of them has less to do takes it. */
export const racedQueues: ReadonlySet<QueueName> = new Set<QueueName>(['renders']);

/** BullMQ's key prefix; our own keys begin with `${prefix}:`. */
export const queuePrefix = (prefix: string): string => `${prefix}-queue`;
