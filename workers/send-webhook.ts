import { randomUUID } from 'node:crypto';
import { deliveryJob } from '../shared/adapters/delivery-jobs.ts';
import { type AttemptDeps, createAttemptDelivery } from './attempt-delivery.ts';
import { DeliveryLanes, placesPerLane } from './delivery-lanes.ts';
import type { Handler, WorkDeps } from './handlers.ts';

/** A delayed job may come a little before our clock says that its delivery is due. */
const earlyMs = 1000;
/** Attempts that are due within this get their job now; the sweep of deliveries queues the later ones in time. */
const soonMs = 60_000;

type SendDeps = AttemptDeps & Pick<WorkDeps, 'queues'>;

/**
 * Tries a delivery once, if it is due and its lane has a place. What finds none stays due in its row, and whoever leaves the lane
 * takes it up: so a receiver that hangs holds a few places, and no other receiver waits for it.
 */
export function createSendWebhook(deps: SendDeps): Handler<'send-webhook'> {
  const { database, queues, log, now } = deps;
  const attempt = createAttemptDelivery(deps);
  const lanes = new DeliveryLanes();

  /** Queues a few of what is due in the lane, each under a new id: the job that was turned away may not quite be over. */
  const takeUp = async (lane: string): Promise<void> => {
    const due = await database.deliveries.dueInLane(lane, { at: now(), limit: placesPerLane + 1 });
    if (due.length > placesPerLane) lanes.turnAway(lane);
    const jobs = due.slice(0, placesPerLane).map((delivery) => deliveryJob(delivery, now()));
    await queues.add(jobs.map((job) => ({ ...job, jobId: `${job.jobId}-${randomUUID().slice(0, 8)}` })));
  };

  return async ({ deliveryId }) => {
    const row = await database.deliveries.find(deliveryId);
    if (row?.status !== 'queued' || row.nextAttemptAt === null || row.nextAttemptAt > now() + earlyMs)
      return { verdict: 'done' };
    if (!lanes.enter(row.lane)) return { verdict: 'done' };
    const later = (what: string) => (err: unknown) =>
      log.warn({ err, deliveryId }, `${what} not queued; the sweep of deliveries does it`);
    try {
      const nextAttemptAt = await attempt(row);
      if (nextAttemptAt !== null && nextAttemptAt - now() <= soonMs)
        await queues.add([deliveryJob({ id: deliveryId, nextAttemptAt }, now())]).catch(later('next attempt'));
    } finally {
      if (lanes.leave(row.lane)) await takeUp(row.lane).catch(later('waiting deliveries'));
    }
    return { verdict: 'done' };
  };
}
