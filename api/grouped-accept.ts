import { randomUUID } from 'node:crypto';
import type { Accepted, NewRender, RenderRow } from '../shared/adapters/database/database.ts';
import { relayJob } from '../shared/adapters/delivery-jobs.ts';
import type { Callback } from '../shared/contract/events.ts';
import { maxRendersPerJob } from '../shared/contract/jobs.ts';
import { groupCommit } from '../shared/group-commit.ts';
import type { ApiDeps } from './deps.ts';

/** Accepts rows in natural groups: one durable insert, then one job for those that it put to work. */
export function createGroupedAccept(deps: ApiDeps) {
  const { database, queues, log, now, tally } = deps;
  const sizes = tally.histogram('qrfactory_group_size', { group: 'renders' });
  return groupCommit<Omit<NewRender, 'jobId'> & { callback: Callback | null }, Accepted<RenderRow>>(
    async (group) => {
      const jobId = `r-${randomUUID()}`;
      const accepted = await database.renders.accept(
        group.map((render) => ({ jobId, ...render })),
        now(),
      );
      await addCallbacks(deps, group);
      const renderIds = accepted.filter(({ started }) => started).map(({ row }) => row.id);
      if (renderIds.length > 0) {
        try {
          await queues.add([{ name: 'render-codes', payload: { renderIds }, jobId, isNew: true }]);
        } catch (err) {
          // The rows are durable: the sweeper finds them without a live job and enqueues them.
          log.warn({ err, jobId, renders: renderIds.length }, 'job not enqueued; the sweeper will');
        }
      }
      return accepted;
    },
    { maxGroup: maxRendersPerJob, observe: (size) => sizes.observe(size) },
  );
}

/** Stores whom to call at the end of renders, durably, before the requests are answered; those that have ended are told at once. */
export async function addCallbacks(
  { database, queues, log, now }: Pick<ApiDeps, 'database' | 'queues' | 'log' | 'now'>,
  asked: { id: string; callback: Callback | null }[],
): Promise<void> {
  const added = asked.flatMap(({ id, callback }) => (callback === null ? [] : [{ id, callbacks: [callback] }]));
  if (added.length === 0) return;
  const toTell = await database.renders.addCallbacks(added, now());
  if (toTell.length === 0) return;
  // The marks stand in the rows: without this job the timer's does the work.
  await queues.add([relayJob()]).catch((err: unknown) => log.warn({ err }, 'callbacks: no relay queued'));
}
