import { describe, expect, it } from 'vitest';
import { jobs, maxRendersPerJob } from '../../shared/contract/jobs.ts';
import { AppError, unavailable } from '../../shared/errors.ts';
import { createLog } from '../../shared/log.ts';
import { Tally } from '../../shared/tally.ts';
import type { Handlers } from '../../workers/handlers.ts';
import { createProcessJob } from '../../workers/process-job.ts';
import { runningJob } from './support/work-deps.ts';

const log = createLog('test', 'silent');

function processWith(handler: () => Promise<{ verdict: 'done' }>) {
  const names = ['render-codes', 'render-suspect', 'check-logo', 'check-suspect-logo', 'sweep'];
  return createProcessJob(Object.fromEntries(names.map((name) => [name, handler])) as unknown as Handlers, {
    log,
    tally: new Tally(),
  });
}

const throwing = (error: unknown) =>
  processWith(() => Promise.reject(error))(runningJob('check-logo', { logoId: 'logo_1' }));

describe('a job', () => {
  it('is done when its handler says so', async () => {
    const done = processWith(async () => ({ verdict: 'done' }));
    expect(await done(runningJob('sweep', {}))).toEqual({ verdict: 'done' });
  });

  it.each([
    ['of kind unavailable', unavailable('storage_unavailable', 'away')],
    ['that nobody foresaw', new TypeError('undefined is not a function')],
  ])('is tried again after an error %s', async (_, error) => {
    expect(await throwing(error)).toEqual({ verdict: 'retry', error });
  });

  it('fails at once after any other AppError', async () => {
    const error = new AppError('invalid', 'invalid_logo', 'no image');
    expect(await throwing(error)).toEqual({ verdict: 'failed', error });
  });

  it('is counted by name and verdict, each from 0 on: Prometheus sees the first failure as an increase', async () => {
    const tally = new Tally();
    const names = ['check-logo', 'sweep'];
    const handlers = Object.fromEntries(names.map((name) => [name, async () => ({ verdict: 'done' })]));
    const run = createProcessJob(handlers as unknown as Handlers, { log, tally });
    const counted = (name: string, verdict: string) =>
      new Map(tally.series()).get(`qrfactory_jobs_total{name="${name}",verdict="${verdict}"}`);
    const verdicts = ['done', 'retry', 'failed'];
    for (const name of Object.keys(jobs))
      expect(
        verdicts.map((each) => counted(name, each)),
        name,
      ).toEqual([0, 0, 0]);
    await run(runningJob('sweep', {}));
    expect(verdicts.map((each) => counted('sweep', each))).toEqual([1, 0, 0]);
  });

  it.each([
    ['whose name nobody knows', 'make-coffee', {}],
    ['named like a property of every object', 'constructor', {}],
    ['whose payload is not as agreed', 'render-codes', { renderIds: [] }],
    [
      'with more renders than one may carry',
      'render-codes',
      { renderIds: Array.from({ length: maxRendersPerJob + 1 }, () => 'rnd_1') },
    ],
  ])('%s fails loudly', async (_, name, payload) => {
    const verdict = await processWith(async () => ({ verdict: 'done' }))(runningJob(name, payload));
    expect(verdict.verdict).toBe('failed');
    expect(verdict).toMatchObject({ error: { message: expect.stringContaining(name) } });
  });
});
