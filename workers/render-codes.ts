import type { RenderRow } from '../shared/adapters/database/database.ts';
import type { RunningJob, Verdict } from '../shared/adapters/job-worker.ts';
import type { WorkError } from '../shared/errors.ts';
import type { EndedRender, EndRenders } from './end-renders.ts';
import type { Handler, WorkDeps } from './handlers.ts';
import { inParallel } from './in-parallel.ts';
import { isOpen } from './open-rows.ts';
import type { Attempt, RenderOne } from './render-one.ts';
import { setAsideRenders } from './suspects.ts';

/** Renders of one job that are under way at once: while one is drawn, the others' bytes travel. */
const width = 16;

export type RenderTools = { renderOne: RenderOne; endRenders: EndRenders };

type Tried = { row: RenderRow; attempt: Attempt };

/**
 * Draws the open renders of a job, each on its own, and ends them in one write.
 *
 * A job that stalled took its process down, perhaps: its open renders go to the suspects. While a store is away what is done
 * is ended, the rest stays open and the job is tried again; its last attempt fails the rest.
 */
export function createRenderCodes(deps: WorkDeps & RenderTools): Handler<'render-codes'> {
  return async ({ renderIds }, job) => {
    const open = (await deps.database.renders.findMany(renderIds)).filter(isOpen);
    if (job.stalls > 0) {
      await setAsideRenders(deps, open);
      return { verdict: 'done' };
    }
    const tried = await tryAll(
      deps.renderOne,
      open.filter(({ suspect }) => !suspect),
    );
    await deps.endRenders(tried.flatMap(({ row, attempt }) => endOf(row, attempt, { job, ...deps }) ?? []));
    logTried(deps.log, tried, job);
    return verdictOf(tried, job);
  };
}

/** Writes one line for all of a job, which names the requests that asked for its renders. */
export function logTried(log: WorkDeps['log'], tried: Tried[], { id: jobId, name, attempt }: RunningJob): void {
  if (tried.length === 0 || !log.isLevelEnabled('info')) return;
  const requestIds = [...new Set(tried.map(({ row }) => row.requestId))];
  const drawn = tried.filter((each) => each.attempt.kind === 'drawn').length;
  log.info({ requestIds, jobId, job: name, attempt, renders: tried.length, drawn }, 'renders tried');
}

/** Tries every row; once a store is away the rows after it are not tried, they would only wait for it in vain. */
function tryAll(renderOne: RenderOne, rows: RenderRow[]): Promise<Tried[]> {
  let away: Attempt | null = null;
  return inParallel(rows, width, async (row) => {
    const attempt: Attempt = away ?? (await renderOne(row));
    if (attempt.kind === 'away') away = attempt;
    return { row, attempt };
  });
}

/** Returns how a render ends by this attempt, or null when it stays open and is tried again. */
export function endOf(
  row: RenderRow,
  attempt: Attempt,
  { job, now, log }: Pick<WorkDeps, 'now' | 'log'> & { job: RunningJob },
): EndedRender | null {
  const fail = (error: WorkError): EndedRender => ({
    row,
    outcome: { id: row.id, at: now(), result: null, error },
    bytes: null,
  });
  switch (attempt.kind) {
    case 'drawn':
      return { row, outcome: { id: row.id, at: now(), result: attempt.result, error: null }, bytes: attempt.bytes };
    case 'failed':
      return fail(attempt.error);
    case 'away':
      return job.lastAttempt ? fail(storageUnavailable) : null;
    case 'broken':
      log.error(
        { err: attempt.cause, renderId: row.id, requestId: row.requestId, attempt: job.attempt },
        'drawing failed',
      );
      return isFirstAttempt(job) ? null : fail(renderFailed);
  }
}

export function verdictOf(tried: Tried[], job: RunningJob): Verdict {
  for (const { row, attempt } of tried) {
    const again = attempt.kind === 'away' ? !job.lastAttempt : attempt.kind === 'broken' && isFirstAttempt(job);
    if (again && 'cause' in attempt)
      return { verdict: 'retry', error: new Error(`${row.id} is to be tried again`, { cause: attempt.cause }) };
  }
  return { verdict: 'done' };
}

/** A bug in drawing is met again by every attempt: one more shows that it was no accident. */
export function isFirstAttempt({ attempt, lastAttempt }: RunningJob): boolean {
  return attempt <= 1 && !lastAttempt;
}

const storageUnavailable: WorkError = {
  code: 'storage_unavailable',
  detail: 'The object store or the database did not answer for about an hour; ask for this render again',
  pointer: null,
};

const renderFailed: WorkError = {
  code: 'render_failed',
  detail: 'Drawing this failed twice by an error of ours; it is in the log under the id of the render',
  pointer: null,
};
