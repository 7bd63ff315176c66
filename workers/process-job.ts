import type { RunningJob, Verdict } from '../shared/adapters/job-worker.ts';
import { type JobName, type JobPayload, jobs } from '../shared/contract/jobs.ts';
import { AppError } from '../shared/errors.ts';
import type { Log } from '../shared/log.ts';
import type { Tally } from '../shared/tally.ts';
import type { Handler, Handlers } from './handlers.ts';

const verdicts = ['done', 'retry', 'failed'] as const satisfies Verdict['verdict'][];

/**
 * Runs one job: checks its payload, calls its handler and judges what came of it.
 *
 * An error of kind `unavailable`, and one that nobody foresaw, is tried again later; every other AppError fails the job at
 * once and for good, and so does a job that nobody knows or whose payload is wrong. Every run is counted, with its time.
 */
export function createProcessJob(
  handlers: Handlers,
  { log, tally }: { log: Log; tally: Tally },
): (job: RunningJob) => Promise<Verdict> {
  const run = createRun(handlers, log);
  // From the start, at 0: of a series that begins with its first failure Prometheus sees no increase.
  for (const name of Object.keys(jobs))
    for (const verdict of verdicts) tally.counter('qrfactory_jobs_total', { name, verdict });
  return async (job) => {
    const startedAt = performance.now();
    const verdict = await run(job);
    const name = isJobName(job.name) ? job.name : 'unknown';
    tally.counter('qrfactory_jobs_total', { name, verdict: verdict.verdict }).add();
    tally.histogram('qrfactory_job_duration_seconds', { name }).observe((performance.now() - startedAt) / 1000);
    return verdict;
  };
}

function createRun(handlers: Handlers, log: Log): (job: RunningJob) => Promise<Verdict> {
  return async (job) => {
    try {
      return await handle(handlers, job);
    } catch (error) {
      const verdict = judge(error);
      const { id, name, attempt, lastAttempt } = job;
      log[verdict.verdict === 'retry' ? 'warn' : 'error'](
        { err: error, jobId: id, job: name, attempt, lastAttempt },
        `job ${verdict.verdict === 'retry' ? 'did not work out' : 'failed'}`,
      );
      return verdict;
    }
  };
}

function handle(handlers: Handlers, job: RunningJob): Promise<Verdict> {
  const { name } = job;
  if (!isJobName(name))
    throw new AppError(
      'invalid',
      'unknown_job',
      `No handler for a job ${name}: expected ${Object.keys(jobs).join(', ')}`,
    );
  return handleKnown(handlers, name, job);
}

function handleKnown<Name extends JobName>(handlers: Handlers, name: Name, job: RunningJob): Promise<Verdict> {
  const payload = jobs[name].payload.safeParse(job.payload);
  if (!payload.success)
    throw new AppError(
      'invalid',
      'invalid_job',
      `The payload of a job ${name} is not as agreed: ${payload.error.message}`,
    );
  const handler: Handler<Name> = handlers[name];
  return handler(payload.data as JobPayload<Name>, job);
}

function isJobName(name: string): name is JobName {
  return Object.hasOwn(jobs, name);
}

function judge(thrown: unknown): Exclude<Verdict, { verdict: 'done' }> {
  const error = thrown instanceof Error ? thrown : new Error(`A handler threw ${String(thrown)}`);
  const forGood = error instanceof AppError && error.kind !== 'unavailable';
  return { verdict: forGood ? 'failed' : 'retry', error };
}
