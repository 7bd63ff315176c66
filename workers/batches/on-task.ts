import { addTaskJob, taskWithJob } from '../../shared/adapters/batch-tasks.ts';
import type { BatchTask } from '../../shared/adapters/database/batch-store.ts';
import type { RunningJob, Verdict } from '../../shared/adapters/job-worker.ts';
import type { BatchDeps } from './batch-deps.ts';

/** What runs a task; `afterwards` is called when the task is closed, to look whether more came for it meanwhile. */
export type TaskRun = {
  run: (task: BatchTask, job: RunningJob) => Promise<Verdict>;
  afterwards?: (task: BatchTask) => Promise<void>;
};

/** Gives a task to a job of its own behind all others, which has no stall on its account; the job that carried it must do no more. */
export async function passOn(deps: BatchDeps, { jobId, queuedAt: _, ...facts }: BatchTask): Promise<void> {
  const next = taskWithJob(facts, deps.now());
  const jobIds = { from: jobId, to: next.jobId };
  if (await deps.database.batches.passTask(facts.id, jobIds, next.queuedAt)) await addTaskJob(deps, next);
}

/**
 * Makes the handler of a task's job: a job that does not carry the task any more does nothing, and a task that is done is
 * closed.
 */
export function onTask({ database }: Pick<BatchDeps, 'database'>, { run, afterwards }: TaskRun) {
  return async ({ taskId }: { taskId: string }, job: RunningJob): Promise<Verdict> => {
    const task = await database.batches.findTask(taskId);
    if (task === null || task.jobId !== job.id) return { verdict: 'done' };
    const verdict = await run(task, job);
    if (verdict.verdict !== 'done') return verdict;
    if (await database.batches.closeTask(taskId, job.id)) await afterwards?.(task);
    return verdict;
  };
}
