import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { unavailable } from '../../../shared/errors.ts';
import { createHandlers } from '../../../workers/handlers.ts';
import { openDeps, runningJob, type TestDeps } from '../support/work-deps.ts';
import { acceptBatch, batchOf, runJob, urls, work } from './support.ts';

let deps: TestDeps;
beforeEach(async () => {
  deps = await openDeps();
});
afterEach(() => deps.close());

const sweep = () => createHandlers(deps).sweep({}, runningJob('sweep', {}));

/** Has every job of this name throw once where it opens the task of the end, and tells whether it did. */
function cutOff(name: string): { begin: (name: string) => void; count: () => number } {
  const { batches } = deps.database;
  const { openTask } = batches;
  let running = '';
  let count = 0;
  batches.openTask = async (task) => {
    if (task.kind !== 'end-batch' || running !== name || count > 0) return openTask(task);
    count++;
    throw unavailable('database_unavailable', 'The process dies here');
  };
  return {
    count: () => count,
    begin: (begun) => {
      running = begun;
    },
  };
}

/** Runs all jobs, looks at the end first, and runs again what throws, as a queue does. */
async function workOn(begin: (name: string) => void, again: Parameters<typeof runJob>[2], stalls = 0): Promise<void> {
  const handlers = createHandlers(deps);
  const { added } = deps.queues;
  for (;;) {
    const end = added.findIndex(({ name }) => name === 'end-batch');
    const [job] = added.splice(Math.max(0, end), 1);
    if (job === undefined) return;
    if (job.name === 'relay-events') continue;
    begin(job.name);
    const isLane = job.name === 'render-rows';
    if (isLane && stalls > 0) await deps.database.batches.claimChunk('t', job.payload.taskId);
    await runJob(handlers, job, isLane ? { stalls } : {}).catch(() => runJob(handlers, job, again));
  }
}

describe('a sweep', () => {
  const cuts = ['parse-batch', 'render-rows', 'render-suspect-rows', 'zip-part'].flatMap((name) => [
    { name, how: 'a kill', again: { stalls: 1 } },
    { name, how: 'a database that was away', again: { attempt: 2 } },
  ]);
  it.each(cuts)('ends a batch whose $name was over when $how kept it from having the end looked at', async (cut) => {
    const batch = await acceptBatch(deps, cut.name === 'parse-batch' ? 'url\nnonsense\n' : urls(300));
    const { begin, count } = cutOff(cut.name);
    const stalls = cut.name === 'render-suspect-rows' ? 1 : 0;
    await workOn(begin, cut.again, stalls);
    expect({ count: count(), status: (await batchOf(deps, batch)).status }).toEqual({ count: 1, status: 'running' });
    await sweep();
    await workOn(begin, cut.again);
    expect((await batchOf(deps, batch)).status).toBe('completed');
  });

  it('has a batch read whose record was stored and whose task was not', async () => {
    const batch = await acceptBatch(deps, urls(3));
    const [job] = deps.queues.added.splice(0);
    if (job?.name !== 'parse-batch') throw new Error('A batch begins with its reading');
    await deps.database.batches.closeTask(job.payload.taskId, job.jobId);
    await sweep();
    await work(deps);
    expect((await batchOf(deps, batch)).status).toBe('completed');
  });

  it('wakes the lanes of rows that wait, and leaves a batch alone whose rows are drawn', async () => {
    const batch = await acceptBatch(deps, urls(450));
    await work(deps, { until: ({ name }) => name === 'render-rows' });
    const { added } = deps.queues;
    const count = added.length;
    await sweep();
    expect(added).toHaveLength(count);
    for (const { payload, jobId } of added.splice(0))
      if ('taskId' in payload) await deps.database.batches.closeTask(payload.taskId, jobId);
    await sweep();
    expect(added.map(({ name }) => name)).toEqual(['render-rows', 'render-rows']);
    await work(deps);
    expect((await batchOf(deps, batch)).status).toBe('completed');
  });
});
