import type { DueDelivery } from '../shared/adapters/database/webhook-store.ts';
import { deliveryJob, relayJob } from '../shared/adapters/delivery-jobs.ts';
import { placesPerLane } from './delivery-lanes.ts';
import type { Handler, WorkDeps } from './handlers.ts';

const everyMs = 10_000;
const pageSize = 500;
/** Due deliveries that are looked at in one sweep; the longest due come first. */
const mostSeen = 50_000;
/** Of one lane so many are queued in a sweep, as many as it may find places for; the rest is taken up as these end. */
const mostPerLane = placesPerLane * 4;
/** Ended deliveries stay on record for so long. */
const keptMs = 30 * 24 * 60 * 60 * 1000;
const mostPurged = 1000;

type SweepDeps = Pick<WorkDeps, 'queues' | 'log' | 'now'> & { database: Pick<WorkDeps['database'], 'deliveries'> };

/**
 * Adds, every 10 s, a relay of what is marked as to be told and a sweep of deliveries: what lost its job, or comes due. The timers
 * live in the processes, which add one of each between them. Returns how to stop it.
 */
export function startDelivering({ queues, log, now }: Pick<SweepDeps, 'queues' | 'log' | 'now'>): () => void {
  const timer = setInterval(() => {
    const slot = Math.floor(now() / everyMs);
    const sweep = { name: 'sweep-deliveries', payload: {}, jobId: `sweep-deliveries-${slot}` } as const;
    queues
      .add([{ ...relayJob(), jobId: `relay-timer-${slot}` }, sweep])
      .catch((err: unknown) => log.warn({ err }, 'no sweep of deliveries could be queued this time'));
  }, everyMs);
  return () => clearInterval(timer);
}

/** Queues deliveries that are due, a few of each lane, and deletes those that ended a month ago. */
export function createSweepDeliveries({ database, queues, now }: SweepDeps): Handler<'sweep-deliveries'> {
  const { deliveries } = database;
  return async () => {
    const perLane = new Map<string, number>();
    const at = now();
    let after: DueDelivery | null = null;
    for (let seen = 0; seen < mostSeen; seen += pageSize) {
      const page: DueDelivery[] = await deliveries.due({ at, limit: pageSize, after });
      const jobs = page.filter(({ lane }) => takesPlace(perLane, lane)).map((due) => deliveryJob(due, at));
      if (jobs.length > 0) await queues.add(jobs);
      after = page.at(-1) ?? null;
      if (page.length < pageSize) break;
    }
    await deliveries.purgeEnded(at - keptMs, mostPurged);
    return { verdict: 'done' };
  };
}

function takesPlace(perLane: Map<string, number>, lane: string): boolean {
  const taken = perLane.get(lane) ?? 0;
  perLane.set(lane, taken + 1);
  return taken < mostPerLane;
}
