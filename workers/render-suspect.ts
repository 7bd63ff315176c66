import type { RenderRow } from '../shared/adapters/database/database.ts';
import type { RunningJob, Verdict } from '../shared/adapters/job-worker.ts';
import { AppError } from '../shared/errors.ts';
import type { Handler, WorkDeps } from './handlers.ts';
import type { LogoSource } from './logo-source.ts';
import { isOpen } from './open-rows.ts';
import { endOf, logTried, type RenderTools, verdictOf } from './render-codes.ts';
import type { Attempt } from './render-one.ts';
import { maxStarts, renderCrashed } from './suspects.ts';

type SuspectDeps = WorkDeps & RenderTools & { logos: LogoSource };

const longestWaitMs = 30_000;
const patienceMs = 3_600_000;

/**
 * Draws one render whose job stalled, in a process that may die of it. Its start is counted in the row before it is drawn;
 * the fourth is not made, the render has failed.
 *
 * Only what may crash is counted: the stores are asked before, and one that goes away after the drawing is waited for, for an
 * hour, within the same start. The other suspects, which wait meanwhile, need that store too.
 */
export function createRenderSuspect(deps: SuspectDeps): Handler<'render-suspect'> {
  return async ({ renderId }, job) => {
    const [row] = (await deps.database.renders.findMany([renderId])).filter(isOpen);
    if (row === undefined || !row.suspect) return { verdict: 'done' };
    const missing = await missingStore(deps, row);
    if (missing !== null) return end(deps, { row, job, attempt: { kind: 'away', cause: missing } });
    const starts = await deps.database.renders.countStart(renderId, deps.now());
    if (starts === 0) return { verdict: 'done' };
    if (starts > maxStarts) return end(deps, { row, job, attempt: { kind: 'failed', error: renderCrashed } });
    const attempt = await untilStored(deps, row);
    return end(deps, { row, job: { ...job, lastAttempt: job.lastAttempt || attempt.kind === 'away' }, attempt });
  };
}

async function end(deps: SuspectDeps, tried: Parameters<typeof verdictOf>[0][number] & { job: RunningJob }) {
  const { row, attempt, job } = tried;
  const ended = endOf(row, attempt, { ...deps, job });
  if (ended !== null) await deps.endRenders([ended]);
  logTried(deps.log, [tried], job);
  return verdictOf([tried], job) satisfies Verdict;
}

/** Returns the error of a store that this render needs and that is away, or null. */
async function missingStore({ objects, logos }: SuspectDeps, { spec }: RenderRow): Promise<unknown> {
  try {
    await objects.ping();
    if (spec.logo) await logos(spec.logo.id);
    return null;
  } catch (error) {
    return error instanceof AppError && error.kind !== 'unavailable' ? null : error; // a bad logo is drawing's to judge
  }
}

async function untilStored({ renderOne, pause, log }: SuspectDeps, row: RenderRow): Promise<Attempt> {
  let attempt = await renderOne(row);
  let waitMs = 1000;
  for (let waitedMs = 0; attempt.kind === 'away' && waitedMs < patienceMs; waitedMs += waitMs) {
    waitMs = Math.min(waitMs * 2, longestWaitMs);
    log.warn({ err: attempt.cause, renderId: row.id, waitMs }, 'a suspect was drawn, but cannot be stored yet');
    await pause(waitMs);
    attempt = await renderOne(row);
  }
  return attempt;
}
