import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHandlers } from '../../workers/handlers.ts';
import { drawRender } from '../../workers/image/draw.ts';
import { createProcessJob } from '../../workers/process-job.ts';
import { acceptRows, openDeps, renderOf, runningJob, specOf, type TestDeps } from './support/work-deps.ts';

let deps: TestDeps;
let id: string;

beforeEach(async () => {
  deps = await openDeps();
  const [row] = await acceptRows(deps, [specOf('suspicious')]);
  id = row?.id ?? '';
  await deps.database.renders.requeue([{ id, jobId: 'suspect-1', suspect: true }], deps.now());
});
afterEach(() => deps.close());

function run(more = {}) {
  return createProcessJob(createHandlers(deps), deps)(runningJob('render-suspect', { renderId: id }, more));
}

describe('render-suspect', () => {
  it('counts the start before it draws, and completes what was wrongly suspected', async () => {
    let startsWhenDrawn = 0;
    deps.draw = async (plan, logo) => {
      startsWhenDrawn = (await renderOf(deps, id)).starts;
      return drawRender(plan, logo);
    };
    expect(await run({ stalls: 1 })).toEqual({ verdict: 'done' });
    expect(startsWhenDrawn).toBe(1);
    expect((await renderOf(deps, id)).status).toBe('completed');
    expect(deps.queues.announced).toEqual([id]);
  });

  it('fails without a fourth start what crashed its process three times', async () => {
    for (let start = 1; start <= 3; start++) await deps.database.renders.countStart(id, deps.now());
    deps.draw = async () => {
      throw new Error('must not be drawn');
    };
    expect(await run({ stalls: 3 })).toEqual({ verdict: 'done' });
    expect(await renderOf(deps, id)).toMatchObject({ status: 'failed', error: { code: 'render_crashed' } });
    expect(deps.queues.announced).toEqual([id]);
  });

  it('counts no start while the object store is away', async () => {
    deps.objects.isAway = true;
    for (let attempt = 1; attempt <= 5; attempt++) expect((await run({ attempt })).verdict).toBe('retry');
    expect((await renderOf(deps, id)).starts).toBe(0);
    deps.objects.isAway = false;
    expect(await run({ attempt: 6 })).toEqual({ verdict: 'done' });
    expect((await renderOf(deps, id)).status).toBe('completed');
  });

  it('waits within one start for a store that goes away after the drawing', async () => {
    deps.draw = async (plan, logo) => {
      deps.objects.isAway = deps.clock.now < before + 60_000;
      return drawRender(plan, logo);
    };
    const before = deps.clock.now;
    expect(await run()).toEqual({ verdict: 'done' });
    expect(await renderOf(deps, id)).toMatchObject({ status: 'completed', starts: 1 });
  });

  it('gives up a store that stays away for an hour after the drawing', async () => {
    const before = deps.clock.now;
    deps.draw = async (plan, logo) => {
      deps.objects.isAway = true;
      return drawRender(plan, logo);
    };
    expect(await run()).toEqual({ verdict: 'done' });
    expect(await renderOf(deps, id)).toMatchObject({ status: 'failed', error: { code: 'storage_unavailable' } });
    expect(deps.clock.now - before).toBeGreaterThanOrEqual(3_600_000);
  });

  it('fails a suspect whose drawing throws twice, with no more starts', async () => {
    deps.draw = async () => {
      throw new TypeError('a bug');
    };
    expect((await run({ attempt: 1 })).verdict).toBe('retry');
    expect(await run({ attempt: 2 })).toEqual({ verdict: 'done' });
    expect((await renderOf(deps, id)).error?.code).toBe('render_failed');
  });

  it('leaves alone what is gone or is no suspect', async () => {
    await deps.database.renders.remove('t', id);
    expect(await run()).toEqual({ verdict: 'done' });
    const [innocent] = await acceptRows(deps, [specOf('innocent')]);
    id = innocent?.id ?? '';
    expect(await run()).toEqual({ verdict: 'done' });
    expect(await renderOf(deps, id)).toMatchObject({ status: 'queued', starts: 0 });
  });
});
