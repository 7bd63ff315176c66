import { hash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { endTask, retryTask, startTask } from '../../../shared/adapters/batch-tasks.ts';
import { changeBatch } from '../../../shared/adapters/change-batch.ts';
import type { NewJob } from '../../../shared/adapters/queues.ts';
import { createHandlers } from '../../../workers/handlers.ts';
import { drawRender } from '../../../workers/image/draw.ts';
import { decodeWithZxing } from '../../support/decode.ts';
import { openDeps, runningJob, type TestDeps } from '../support/work-deps.ts';
import { acceptBatch, batchOf, imageOf, rowsOf, runJob, urls, work } from './support.ts';

let deps: TestDeps;
beforeEach(async () => {
  deps = await openDeps();
});
afterEach(() => deps.close());

const statusesOf = async (batch: Parameters<typeof rowsOf>[1]) =>
  (await rowsOf(deps, batch)).map(({ status }) => status);

describe('a batch', () => {
  it('is read, drawn and ended, each image as single renders have it', async () => {
    const batch = await acceptBatch(deps, urls(450), { shared: { size: '400' } });
    await work(deps);
    expect(await batchOf(deps, batch)).toMatchObject({
      status: 'completed',
      toBeTold: true,
      untold: [{ status: 'completed' }],
      expiresAt: deps.now() + 7 * 86_400_000,
    });
    expect(deps.queues.announced).toEqual([batch.id]);
    const rows = await rowsOf(deps, batch);
    expect(rows).toHaveLength(450);
    expect(new Set(rows.map(({ file }) => file)).size).toBe(450);
    for (const row of rows) {
      const image = await imageOf(deps, row);
      expect(hash('sha256', image, 'hex')).toBe(row.result?.sha256);
    }
    for (const index of [0, 199, 200, 449]) {
      const row = rows[index] as (typeof rows)[number];
      expect((await decodeWithZxing(await imageOf(deps, row)))?.text).toBe(`https://example.com/${row.row}`);
    }
  });

  it('reports each bad row with its line, field and reason, and goes on with the rest', async () => {
    const csv = 'url;size;note\nhttps://a.example;;x\nnonsense;;y\n"https://b.example";5;\nhttps://c.example;300;z\n';
    const batch = await acceptBatch(deps, csv);
    await work(deps);
    const rows = await rowsOf(deps, batch);
    expect(rows.map(({ line, status, error }) => [line, status, error?.code, error?.pointer])).toEqual([
      [2, 'completed', undefined, undefined],
      [3, 'failed', 'invalid_url', '/url'],
      [4, 'failed', 'out_of_range', '/size'],
      [5, 'completed', undefined, undefined],
    ]);
    expect(rows[0]?.extra).toEqual([['note', 'x']]);
    expect((await batchOf(deps, batch)).status).toBe('completed');
  });

  it('has at most two chunks of a tenant on the queue at once, and tenants take turns', async () => {
    await acceptBatch(deps, urls(900));
    await acceptBatch(deps, urls(500), { tenantId: 'other' });
    const order: string[] = [];
    await work(deps, {
      until: (job) => {
        const waiting = [job, ...deps.queues.added].filter(({ name }) => name === 'render-rows');
        for (const tenant of ['t', 'other'])
          expect(waiting.filter((each) => taskOf(each).endsWith(`-${tenant}`)).length).toBeLessThanOrEqual(2);
        if (job.name === 'render-rows') order.push(taskOf(job));
        return false;
      },
    });
    expect(order.slice(0, 4)).toEqual(['rows-1-t', 'rows-2-t', 'rows-1-other', 'rows-2-other']);
    expect(order.slice(4, 6)).toEqual(['rows-1-t', 'rows-2-t']);
  });

  it('is read again after a crash without a row or name twice', async () => {
    const batch = await acceptBatch(deps, `url,file\n${'https://example.com,same\n'.repeat(600)}`);
    const [parsing] = deps.queues.added;
    const { insertRows } = deps.database.batches;
    let calls = 0;
    deps.database.batches.insertRows = async (rows) => {
      if (++calls === 3) throw new Error('the process dies here');
      return insertRows(rows);
    };
    const handlers = createHandlers(deps);
    await expect(runJob(handlers, parsing as NewJob)).rejects.toThrow('dies');
    await runJob(handlers, parsing as NewJob, { stalls: 1 });
    await runJob(handlers, parsing as NewJob, { stalls: 1 });
    await work(deps);
    const rows = await rowsOf(deps, batch);
    expect(rows.map(({ row }) => row)).toEqual(Array.from({ length: 600 }, (_, index) => index + 1));
    expect(rows.at(-1)?.file).toBe('same-600.png');
    expect((await batchOf(deps, batch)).status).toBe('completed');
  });

  it('whose file is gone has failed as a whole', async () => {
    const batch = await acceptBatch(deps, urls(3));
    await deps.objects.remove(`batches/${batch.id}/source.csv`);
    await work(deps);
    expect(await batchOf(deps, batch)).toMatchObject({ status: 'failed', error: { code: 'file_gone' } });
  });

  it('waits for an object store that is away, and completes no row without its image', async () => {
    const batch = await acceptBatch(deps, urls(3));
    await work(deps, { until: ({ name }) => name === 'render-rows' });
    deps.objects.isAway = true;
    const [drawing] = deps.queues.added;
    await expect(runJob(createHandlers(deps), drawing as NewJob)).rejects.toMatchObject({ kind: 'unavailable' });
    expect(await statusesOf(batch)).toEqual(['running', 'running', 'running']);
    deps.objects.isAway = false;
    await work(deps);
    expect(await statusesOf(batch)).toEqual(['completed', 'completed', 'completed']);
  });

  it('is cancelled: what is done stays, the rest is cancelled', async () => {
    const batch = await acceptBatch(deps, urls(500));
    let drawn = 0;
    await work(deps, { until: ({ name }) => name === 'render-rows' && ++drawn > 1 });
    await changeBatch(deps.database.batches, batch.id, () => ({ cancelledAt: deps.now() }));
    await startTask(deps, endTask(batch));
    await work(deps);
    expect(await deps.database.batches.countRows(batch.id)).toMatchObject({
      completed: 200,
      cancelled: 300,
      queued: 0,
      running: 0,
    });
    expect(await batchOf(deps, batch)).toMatchObject({ status: 'cancelled', untold: [{ status: 'cancelled' }] });
  });

  it('runs failed rows again, and only those that can work', async () => {
    let isBroken = true;
    deps.draw = async (plan, logo) => {
      if (isBroken && plan.encodedText.endsWith('/2')) throw new Error('a bug');
      return drawRender(plan, logo);
    };
    const batch = await acceptBatch(deps, `${urls(3)}nonsense\n`);
    const handlers = createHandlers(deps);
    await work(deps, { handlers, until: ({ name }) => name === 'render-rows' });
    const drawing = deps.queues.added.shift() as NewJob;
    expect(await runJob(handlers, drawing)).toMatchObject({ verdict: 'retry' });
    await runJob(handlers, drawing, { attempt: 2 });
    await work(deps, { handlers });
    expect(await statusesOf(batch)).toEqual(['completed', 'failed', 'completed', 'failed']);

    isBroken = false;
    const again = { isParsed: false, status: 'running', completedAt: null, expiresAt: null } as const;
    await changeBatch(deps.database.batches, batch.id, ({ run }) => ({ ...again, run: run + 1 }));
    await startTask(deps, retryTask(batch));
    await work(deps, { handlers });
    expect(await statusesOf(batch)).toEqual(['completed', 'completed', 'completed', 'failed']);
    expect(await batchOf(deps, batch)).toMatchObject({ status: 'completed', run: 2, untold: [{}, {}] });
  });

  it('that is put to run again while its task is closed is taken up again', async () => {
    const batch = await acceptBatch(deps, urls(3));
    await work(deps);
    await startTask(deps, retryTask(batch));
    const { closeTask } = deps.database.batches;
    deps.database.batches.closeTask = async (...task) => {
      deps.database.batches.closeTask = closeTask;
      const { revision, ...ended } = await batchOf(deps, batch);
      const again = { isParsed: false, parts: [], archive: null, completedAt: null, expiresAt: null };
      const next = { ...ended, ...again, status: 'running', run: 2, revision: revision + 1 } as const;
      expect(await deps.database.batches.replace(next)).toBe(true);
      return closeTask(...task);
    };
    await work(deps);
    expect(await batchOf(deps, batch)).toMatchObject({ status: 'completed', run: 2 });
  });

  it('whose row takes its process down loses that row only', async () => {
    deps.draw = async (plan, logo) => {
      if (plan.encodedText.endsWith('/2')) throw new CrashError();
      return drawRender(plan, logo);
    };
    class CrashError extends Error {}
    const { finishRows } = deps.database.batches;
    const batch = await acceptBatch(deps, urls(4));
    const handlers = createHandlers(deps);
    await work(deps, { handlers, until: ({ name }) => name === 'render-rows' });
    // A process that dies while it draws the chunk leaves the lane's job to be found stalled.
    await deps.database.batches.claimChunk('t', taskOf(deps.queues.added[0] as NewJob));
    await runJob(handlers, deps.queues.added.shift() as NewJob, { stalls: 1 });
    const suspects = deps.queues.added.find(({ name }) => name === 'render-suspect-rows') as NewJob;
    expect(suspects).toBeDefined();
    // Each of three runs dies with the second row: nothing is written of it.
    for (let death = 0; death < 3; death++) {
      deps.database.batches.finishRows = async (id, outcomes) => {
        if (outcomes.some(({ row }) => row === 2)) throw new CrashError();
        await finishRows(id, outcomes);
      };
      await runJob(handlers, suspects, { stalls: death, attempt: 2 }).catch(() => undefined);
    }
    deps.database.batches.finishRows = finishRows;
    await runJob(handlers, suspects, { stalls: 3 });
    await work(deps, { handlers });
    const rows = await rowsOf(deps, batch);
    expect(rows.map(({ status }) => status)).toEqual(['completed', 'failed', 'completed', 'completed']);
    expect(rows[1]?.error?.code).toBe('render_crashed');
    expect((await batchOf(deps, batch)).status).toBe('completed');
  });

  it('whose jobs are lost is taken up by the sweeper', async () => {
    const batch = await acceptBatch(deps, urls(250));
    for (let round = 0; round < 10 && (await batchOf(deps, batch)).status !== 'completed'; round++) {
      deps.queues.added.length = 0;
      deps.clock.now += 60_000;
      const handlers = createHandlers(deps);
      await handlers.sweep({}, runningJob('sweep', {}));
      const found = deps.queues.added.splice(0);
      for (const job of found) await runJob(handlers, job);
    }
    expect(await batchOf(deps, batch)).toMatchObject({ status: 'completed' });
    expect(new Set(await statusesOf(batch))).toEqual(new Set(['completed']));
  });
});

function taskOf({ payload }: NewJob): string {
  return (payload as { taskId: string }).taskId;
}
