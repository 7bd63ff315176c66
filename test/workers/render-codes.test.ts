import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { imageKey } from '../../shared/domain/object-key.ts';
import { createHandlers } from '../../workers/handlers.ts';
import { drawRender } from '../../workers/image/draw.ts';
import { createProcessJob } from '../../workers/process-job.ts';
import { acceptRows, openDeps, renderOf, runningJob, specOf, type TestDeps } from './support/work-deps.ts';

let deps: TestDeps;

beforeEach(async () => {
  deps = await openDeps();
});
afterEach(() => deps.close());

const textOf = (plan: { encodedText: string }): string => plan.encodedText;

function run(ids: string[], more = {}) {
  return createProcessJob(createHandlers(deps), deps)(runningJob('render-codes', { renderIds: ids }, more));
}

describe('render-codes', () => {
  it('draws every open row, stores the bytes, ends the rows and tells whoever waits', async () => {
    const rows = await acceptRows(deps, [specOf('one'), specOf('two', { format: 'svg' })]);
    const ids = rows.map(({ id }) => id);
    expect(await run(ids)).toEqual({ verdict: 'done' });
    for (const { id, spec } of rows) {
      const { status, result } = await renderOf(deps, id);
      const bytes = await deps.objects.get(imageKey(id, spec.format));
      expect(status).toBe('completed');
      expect(result?.sizeBytes).toBe(bytes?.length);
      expect(deps.cached.get(id)).toEqual(bytes);
    }
    expect(deps.queues.announced.sort()).toEqual([...ids].sort());
  });

  it('tells of each render what its row says', async () => {
    const ids = (await acceptRows(deps, [specOf('x'.repeat(5000)), specOf('fine')])).map(({ id }) => id);
    await run(ids);
    const rows = await Promise.all(ids.map((id) => renderOf(deps, id)));
    const ends = rows.map(({ id, jobId, completedAt, result, error }) => ({
      id,
      jobId,
      at: completedAt,
      result,
      error,
    }));
    expect(deps.queues.ends).toHaveLength(ends.length);
    expect(deps.queues.ends).toEqual(expect.arrayContaining(ends));
  });

  it('fails a spec that cannot be drawn alone, with its code and pointer', async () => {
    const [bad, good] = await acceptRows(deps, [specOf('x'.repeat(5000)), specOf('fine')]);
    if (!bad || !good) throw new Error('no rows');
    expect(await run([bad.id, good.id])).toEqual({ verdict: 'done' });
    const failed = await renderOf(deps, bad.id);
    expect(failed.status).toBe('failed');
    expect(failed.error?.code).toMatch(/^\w+$/);
    expect(failed.error?.pointer).toMatch(/^\//);
    expect((await renderOf(deps, good.id)).status).toBe('completed');
  });

  it('tries what broke unforeseen once more, then fails it and nothing else', async () => {
    deps.draw = async (plan, logo) => {
      if (textOf(plan) === 'broken') throw new TypeError('a bug');
      return drawRender(plan, logo);
    };
    const [broken, good] = await acceptRows(deps, [specOf('broken'), specOf('fine')]);
    if (!broken || !good) throw new Error('no rows');
    expect((await run([broken.id, good.id])).verdict).toBe('retry');
    expect((await renderOf(deps, broken.id)).status).toBe('queued');
    expect((await renderOf(deps, good.id)).status).toBe('completed');
    expect((await run([broken.id, good.id], { attempt: 2 })).verdict).toBe('done');
    expect((await renderOf(deps, broken.id)).error?.code).toBe('render_failed');
  });

  it('ends what was stored before the store went away, and leaves the rest open for another try', async () => {
    deps.draw = async (plan, logo) => {
      if (textOf(plan) === 'two') deps.objects.isAway = true;
      return drawRender(plan, logo);
    };
    const [first] = await acceptRows(deps, [specOf('one')]);
    const [second] = await acceptRows(deps, [specOf('two')]);
    if (!first || !second) throw new Error('no rows');
    await run([first.id]);
    expect((await run([first.id, second.id])).verdict).toBe('retry');
    expect((await renderOf(deps, first.id)).status).toBe('completed');
    expect((await renderOf(deps, second.id)).status).toBe('queued');
    deps.objects.isAway = false;
    deps.draw = drawRender;
    expect(await run([first.id, second.id], { attempt: 2 })).toEqual({ verdict: 'done' });
    expect((await renderOf(deps, second.id)).status).toBe('completed');
  });

  it('fails what could not be stored at the last attempt', async () => {
    const [row] = await acceptRows(deps, [specOf('one')]);
    if (!row) throw new Error('no row');
    deps.objects.isAway = true;
    expect((await run([row.id], { attempt: 66, lastAttempt: true })).verdict).toBe('done');
    expect(await renderOf(deps, row.id)).toMatchObject({ status: 'failed', error: { code: 'storage_unavailable' } });
  });

  it('keeps a row completed although Redis is away at its end', async () => {
    const [row] = await acceptRows(deps, [specOf('one')]);
    if (!row) throw new Error('no row');
    deps.queues.isAway = true;
    expect(await run([row.id])).toEqual({ verdict: 'done' });
    expect((await renderOf(deps, row.id)).status).toBe('completed');
  });

  it('removes the object of a row that was deleted while it was drawn', async () => {
    const [row] = await acceptRows(deps, [specOf('one')]);
    if (!row) throw new Error('no row');
    deps.draw = async (plan, logo) => {
      await deps.database.renders.remove('t', row.id);
      return drawRender(plan, logo);
    };
    expect(await run([row.id])).toEqual({ verdict: 'done' });
    expect(await deps.objects.get(imageKey(row.id, 'png'))).toBeNull();
    expect(deps.queues.announced).toEqual([]);
  });

  it('leaves alone what another run has completed meanwhile', async () => {
    const [row] = await acceptRows(deps, [specOf('one')]);
    if (!row) throw new Error('no row');
    const [first, second] = await Promise.all([run([row.id]), run([row.id])]);
    expect([first, second]).toEqual([{ verdict: 'done' }, { verdict: 'done' }]);
    expect(await deps.objects.get(imageKey(row.id, 'png'))).not.toBeNull();
    expect(await run([row.id])).toEqual({ verdict: 'done' });
    expect((await renderOf(deps, row.id)).status).toBe('completed');
  });

  it('writes the ends of jobs that run side by side together', async () => {
    const jobs = await Promise.all(['a', 'b', 'c', 'd'].map((text) => acceptRows(deps, [specOf(text)], `job-${text}`)));
    const finish = vi.spyOn(deps.database.renders, 'finish');
    const process = createProcessJob(createHandlers(deps), deps);
    await Promise.all(jobs.map((rows) => process(runningJob('render-codes', { renderIds: rows.map(({ id }) => id) }))));
    expect(finish.mock.calls.length).toBeLessThan(4);
    for (const [row] of jobs) expect((await renderOf(deps, row?.id ?? '')).status).toBe('completed');
  });
});

describe('a render-codes job that stalled', () => {
  it('draws nothing and makes each open row a suspect of its own', async () => {
    const rows = await acceptRows(deps, [specOf('one'), specOf('two')]);
    const ids = rows.map(({ id }) => id);
    deps.draw = async () => {
      throw new Error('must not be drawn');
    };
    expect(await run(ids, { stalls: 1 })).toEqual({ verdict: 'done' });
    for (const job of deps.queues.added) {
      if (job.name !== 'render-suspect') throw new Error(`unexpected ${job.name}`);
      expect(await renderOf(deps, job.payload.renderId)).toMatchObject({ suspect: true, jobId: job.jobId });
    }
    expect(deps.queues.added).toHaveLength(2);
  });

  it('queues the same suspects again when it was cut short between row and queue', async () => {
    const [row] = await acceptRows(deps, [specOf('one')]);
    if (!row) throw new Error('no row');
    deps.queues.isAway = true;
    expect((await run([row.id], { stalls: 1 })).verdict).toBe('retry');
    const { jobId } = await renderOf(deps, row.id);
    deps.queues.isAway = false;
    await run([row.id], { stalls: 1 });
    expect(deps.queues.added.map((job) => job.jobId)).toEqual([jobId]);
  });

  it('is not drawn by an ordinary job any more', async () => {
    const [row] = await acceptRows(deps, [specOf('one')]);
    if (!row) throw new Error('no row');
    await run([row.id], { stalls: 1 });
    expect(await run([row.id])).toEqual({ verdict: 'done' });
    expect((await renderOf(deps, row.id)).status).toBe('queued');
  });
});
