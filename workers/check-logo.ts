import type { LogoResult, LogoRow } from '../shared/adapters/database/database.ts';
import type { RunningJob, Verdict } from '../shared/adapters/job-worker.ts';
import { logoKey } from '../shared/domain/object-key.ts';
import { AppError, type WorkError } from '../shared/errors.ts';
import type { Handler, WorkDeps } from './handlers.ts';
import { readLogo } from './image/logo.ts';
import { isOpen } from './open-rows.ts';
import { isFirstAttempt } from './render-codes.ts';
import { workErrorOf } from './render-one.ts';
import { logoCrashed, maxStarts, setAsideLogos } from './suspects.ts';

type LogoDeps = Pick<WorkDeps, 'database' | 'objects' | 'queues' | 'logoPixels' | 'log' | 'now'>;

/** Decodes an uploaded logo once, whole, and notes its size; one that does not decode has failed, with the reason. */
export function createCheckLogo(deps: LogoDeps): Handler<'check-logo'> {
  return async ({ logoId }, job) => {
    const [row] = (await deps.database.logos.findMany([logoId])).filter(isOpen);
    if (row === undefined || (row.suspect && job.stalls === 0)) return { verdict: 'done' };
    if (job.stalls > 0) {
      await setAsideLogos(deps, [row]);
      return { verdict: 'done' };
    }
    const bytes = await bytesOf(deps, row, job);
    return bytes === null ? { verdict: 'done' } : check(deps, { row, bytes, job });
  };
}

/** Decodes a logo whose job stalled, in a process that may die of it: its start is counted first, the fourth is not made. */
export function createCheckSuspectLogo(deps: LogoDeps): Handler<'check-suspect-logo'> {
  return async ({ logoId }, job) => {
    const [row] = (await deps.database.logos.findMany([logoId])).filter(isOpen);
    if (row === undefined || !row.suspect) return { verdict: 'done' };
    const bytes = await bytesOf(deps, row, job);
    if (bytes === null) return { verdict: 'done' };
    const starts = await deps.database.logos.countStart(logoId, deps.now());
    if (starts === 0) return { verdict: 'done' };
    if (starts > maxStarts) return end(deps, row, { error: logoCrashed });
    return check(deps, { row, bytes, job });
  };
}

/** Loads the logo's bytes; null when the row was ended instead, because they are gone or were away for too long. */
async function bytesOf(deps: LogoDeps, row: LogoRow, job: RunningJob): Promise<Buffer | null> {
  try {
    const bytes = await deps.objects.get(logoKey(row.id));
    if (bytes === null) await end(deps, row, { error: logoGone });
    return bytes;
  } catch (error) {
    if (!job.lastAttempt) throw error;
    await end(deps, row, { error: storageUnavailable });
    return null;
  }
}

async function check(
  deps: LogoDeps,
  { row, bytes, job }: { row: LogoRow; bytes: Buffer; job: RunningJob },
): Promise<Verdict> {
  let result: LogoResult;
  try {
    result = await readLogo(bytes, { maxPixels: deps.logoPixels });
  } catch (error) {
    if (error instanceof AppError && error.kind !== 'unavailable') return end(deps, row, { error: workErrorOf(error) });
    if (isFirstAttempt(job)) throw error;
    deps.log.error({ err: error, logoId: row.id, attempt: job.attempt }, 'decoding failed');
    return end(deps, row, { error: logoFailed });
  }
  return end(deps, row, { result });
}

async function end(
  { database, queues, log, now }: LogoDeps,
  { id }: LogoRow,
  outcome: { result: LogoResult } | { error: WorkError },
): Promise<Verdict> {
  const at = now();
  await database.logos.finish([
    'result' in outcome
      ? { id, at, result: outcome.result, error: null }
      : { id, at, result: null, error: outcome.error },
  ]);
  await queues
    .announceEnded([id])
    .catch((err: unknown) => log.warn({ err, logoId: id }, 'ended logo: no message to those who wait'));
  return { verdict: 'done' };
}

const logoGone: WorkError = {
  code: 'logo_not_found',
  detail: 'The bytes of this logo are not there any more; upload it again',
  pointer: null,
};

const logoFailed: WorkError = {
  code: 'logo_failed',
  detail: 'Decoding this logo failed twice by an error of ours; it is in the log under the id of the logo',
  pointer: null,
};

const storageUnavailable: WorkError = {
  code: 'storage_unavailable',
  detail: 'The object store did not answer for about an hour; upload the logo again',
  pointer: null,
};
