import { jobOfTask, taskWithJob } from '../../shared/adapters/batch-tasks.ts';
import type { BatchTask } from '../../shared/adapters/database/batch-store.ts';
import { jobs } from '../../shared/contract/jobs.ts';
import type { WorkDeps } from '../handlers.ts';

const pageSize = 200;

type SweepDeps = Pick<WorkDeps, 'database' | 'queues' | 'log' | 'now'>;

/** Gives open tasks of batches that were queued before `before` and have no live job a new one, durably before that is added. */
export async function sweepTasks({ database, queues, log, now }: SweepDeps, before: number): Promise<void> {
  const { batches } = database;
  let after: { queuedAt: number; id: string } | null = null;
  let requeued = 0;
  for (;;) {
    const page: BatchTask[] = await batches.openTasks({ before, limit: pageSize, after });
    for (const task of await withoutLiveJob(queues, page)) {
      const { jobId, queuedAt: _, ...facts } = task;
      const next = taskWithJob(facts, now());
      if (!(await batches.passTask(task.id, { from: jobId, to: next.jobId }, next.queuedAt))) continue;
      await queues.add([jobOfTask(next)]);
      requeued++;
    }
    const last = page.at(-1);
    if (last === undefined || page.length < pageSize) break;
    after = { queuedAt: last.queuedAt, id: last.id };
  }
  if (requeued > 0) log.warn({ requeued }, 'open tasks of batches had no job and were queued again');
}

async function withoutLiveJob(queues: SweepDeps['queues'], tasks: BatchTask[]): Promise<BatchTask[]> {
  const names = [...new Set(tasks.map(({ kind }) => jobs[kind].queue))];
  const alive = new Set<string>();
  for (const queue of names) {
    const ids = tasks.filter(({ kind }) => jobs[kind].queue === queue).map(({ jobId }) => jobId);
    for (const id of await queues.liveJobs(queue, ids)) alive.add(id);
  }
  return tasks.filter(({ jobId }) => !alive.has(jobId));
}
