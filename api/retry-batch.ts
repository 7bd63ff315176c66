import { addTaskJob, retryTask, taskWithJob } from '../shared/adapters/batch-tasks.ts';
import { changeBatch } from '../shared/adapters/change-batch.ts';
import type { Batch, BatchStore } from '../shared/adapters/database/batch-store.ts';
import { AppError } from '../shared/errors.ts';
import type { ApiDeps } from './deps.ts';
import { assertKept, noBatch } from './find-own-batch.ts';

/**
 * Runs the failed rows of a completed batch again, or makes the archive that could not be made.
 *
 * @param run the run that the caller saw: a batch that is in a later one already is answered as it stands
 * @throws AppError `conflict` when the batch is in no state for it or has nothing to run again, `gone` when its rows are purged,
 *   `unavailable` when the queue takes no work
 */
export async function retryBatch(deps: ApiDeps, asked: Batch, run: number): Promise<Batch> {
  const { queues, now } = deps;
  const { batches } = deps.database;
  const { id, status } = asked;
  if (asked.run > run) return asked;
  queues.assertAcceptsWork();
  assertKept(asked, now());
  if (status === 'completed' && !(await hasRetriable(batches, id))) throw nothingToRetry();
  // The task first: a record that runs again without one would wait for ever.
  const task = taskWithJob(retryTask(asked), now());
  const isOpened = mayRunAgain(asked) && (await batches.openTask(task));
  const batch = await changeBatch(batches, id, (found) => {
    if (found.run > run) return null;
    assertKept(found, now());
    if (!mayRunAgain(found)) throw notCompleted(found);
    const again = {
      isParsed: false,
      endedBefore: found.file.rowCount,
      parts: [],
      archive: null,
      error: null,
      completedAt: null,
      expiresAt: null,
    };
    return { ...again, status: 'running', run: run + 1, startedAt: now() };
  });
  if (batch === null) throw noBatch();
  if (isOpened) await addTaskJob(deps, task);
  return batch;
}

async function hasRetriable(batches: BatchStore, id: string): Promise<boolean> {
  for (let after = 0; ; ) {
    const failed = await batches.listRows(id, { status: 'failed', after, limit: 200 });
    if (failed.some(({ input }) => input !== null)) return true;
    const last = failed.at(-1);
    if (last === undefined) return false;
    after = last.row;
  }
}

/** A completed one, for the rows that failed, or one of which only the archive failed: its rows are done, and it is made again. */
function mayRunAgain({ status, isParsed }: Batch): boolean {
  return status === 'completed' || (status === 'failed' && isParsed);
}

function notCompleted({ status }: Batch): AppError {
  return new AppError(
    'conflict',
    'batch_not_completed',
    `The batch is ${status}; the failed rows of a completed one can be run again, and an archive that could not be made`,
  );
}

function nothingToRetry(): AppError {
  const message = 'No failed row of this batch can be run again: those that could not be read need another file';
  return new AppError('conflict', 'nothing_to_retry', message);
}
