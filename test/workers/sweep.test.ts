import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createHandlers } from '../../workers/handlers.ts';
import { createProcessJob } from '../../workers/process-job.ts';
import { startSweeping } from '../../workers/sweep.ts';
import { acceptLogo, acceptRows, openDeps, renderOf, runningJob, specOf, type TestDeps } from './support/work-deps.ts';

let deps: TestDeps;

beforeEach(async () => {
  deps = await openDeps();
});
afterEach(async () => {
  vi.useRealTimers();
  await deps.close();
});

const sweep = () => createProcessJob(createHandlers(deps), deps)(runningJob('sweep', {}));
const specs = (count: number) => Array.from({ length: count }, (_, index) => specOf(`text ${index}`));

describe('sweep', () => {
  it('queues open rows without a live job again, 32 to a job, and notes the job in each row first', async () => {
    const rows = await acceptRows(deps, specs(40));
    deps.clock.now += 31_000;
    expect(await sweep()).toEqual({ verdict: 'done' });
    const carried = deps.queues.added.flatMap((job) => (job.name === 'render-codes' ? job.payload.renderIds : []));
    expect(deps.queues.added).toHaveLength(2);
    expect(carried.sort()).toEqual(rows.map(({ id }) => id).sort());
    for (const job of deps.queues.added) {
      if (job.name !== 'render-codes') throw new Error(job.name);
      for (const id of job.payload.renderIds) expect((await renderOf(deps, id)).jobId).toBe(job.jobId);
    }
  });

  it('adds nothing for a backlog whose jobs merely wait', async () => {
    const [row] = await acceptRows(deps, [specOf('waits')], 'job-waiting');
    await deps.queues.add([{ name: 'render-codes', payload: { renderIds: [row?.id ?? ''] }, jobId: 'job-waiting' }]);
    deps.clock.now += 3_600_000;
    await sweep();
    expect(deps.queues.added).toHaveLength(1);
  });

  it('leaves young rows alone unless Redis was emptied', async () => {
    await acceptRows(deps, [specOf('young')]);
    await sweep();
    expect(deps.queues.added).toHaveLength(0);
    deps.queues.isEmptied = true;
    await sweep();
    expect(deps.queues.added).toHaveLength(1);
  });

  it('keeps suspects on their own queue', async () => {
    const [row] = await acceptRows(deps, [specOf('suspicious')]);
    const id = row?.id ?? '';
    await deps.database.renders.requeue([{ id, jobId: 'suspect-1', suspect: true }], deps.now());
    deps.clock.now += 31_000;
    await sweep();
    expect(deps.queues.added).toMatchObject([{ name: 'render-suspect', payload: { renderId: id } }]);
    expect(await renderOf(deps, id)).toMatchObject({ suspect: true, jobId: deps.queues.added[0]?.jobId });
    deps.clock.now += 31_000;
    await sweep();
    expect(deps.queues.added).toHaveLength(1);
  });

  it('sweeps logos too', async () => {
    const { id } = await acceptLogo(deps, Buffer.from('no image'));
    deps.clock.now += 31_000;
    await sweep();
    expect(deps.queues.added).toMatchObject([{ name: 'check-logo', payload: { logoId: id } }]);
  });

  it('goes through more rows than a page holds, all queued in the same millisecond', async () => {
    for (let batch = 0; batch < 3; batch++) await acceptRows(deps, specs(400));
    deps.clock.now += 31_000;
    await sweep();
    const carried = deps.queues.added.flatMap((job) => (job.name === 'render-codes' ? job.payload.renderIds : []));
    expect(new Set(carried).size).toBe(1200);
    expect(carried).toHaveLength(1200);
    deps.clock.now += 31_000;
    await sweep();
    expect(deps.queues.added.length).toBeLessThan(80);
  });

  it('fails without another try when the queue is away; the next one does its work', async () => {
    await acceptRows(deps, [specOf('one')]);
    deps.clock.now += 31_000;
    deps.queues.isAway = true;
    expect((await sweep()).verdict).toBe('failed');
    deps.queues.isAway = false;
    deps.clock.now += 31_000;
    expect((await sweep()).verdict).toBe('done');
    expect(deps.queues.added).toHaveLength(1);
  });
});

describe('the sweep timer', () => {
  it('gives every process the same id for the same ten seconds', async () => {
    vi.useFakeTimers();
    const stops = [startSweeping({ ...deps, now: Date.now }), startSweeping({ ...deps, now: Date.now })];
    await vi.advanceTimersByTimeAsync(30_000);
    for (const stop of stops) stop();
    await vi.advanceTimersByTimeAsync(30_000);
    expect(deps.queues.added).toHaveLength(6);
    expect(new Set(deps.queues.added.map(({ jobId }) => jobId)).size).toBe(3);
  });
});
