import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { NewJob } from '../../../shared/adapters/queues.ts';
import { createHandlers } from '../../../workers/handlers.ts';
import { openDeps, type TestDeps } from '../support/work-deps.ts';
import { acceptBatch, batchOf, rowsOf, runJob, urls, work } from './support.ts';

let deps: TestDeps;
beforeEach(async () => {
  deps = await openDeps();
});
afterEach(() => deps.close());

describe('a batch whose readers die', () => {
  it('goes on with a job that has no stall on its account whenever rows came to the table', async () => {
    const batch = await acceptBatch(deps, urls(900));
    const handlers = createHandlers(deps);
    const parsing = deps.queues.added.shift() as NewJob;
    await runJob(handlers, parsing, { stalls: 9 });
    expect(await deps.database.batches.lastRow(batch.id)).toBe(200);
    const next = deps.queues.added.findLast(({ name }) => name === 'parse-batch') as NewJob;
    expect([next.payload, next.jobId === parsing.jobId]).toEqual([parsing.payload, false]);
    await runJob(handlers, parsing, { stalls: 10 });
    expect((await batchOf(deps, batch)).error).toBeNull();
    await work(deps, { handlers });
    expect((await rowsOf(deps, batch)).map(({ row }) => row)).toEqual(Array.from({ length: 900 }, (_, n) => n + 1));
    expect((await batchOf(deps, batch)).status).toBe('completed');
  });

  it('is given up when ten of them die at one place', async () => {
    const batch = await acceptBatch(deps, urls(3));
    const parsing = deps.queues.added.shift() as NewJob;
    await runJob(createHandlers(deps), parsing, { stalls: 10 });
    await work(deps);
    expect(await batchOf(deps, batch)).toMatchObject({ status: 'failed', error: { code: 'batch_crashed' } });
  });
});

it('counts what a run again leaves as it is, rows that are done or could not be read, also when it is cut off', async () => {
  const batch = await acceptBatch(deps, 'url,logoId\nhttps://a.example,\nnope,\nhttps://b.example,logo_gone\n');
  await work(deps);
  expect((await batchOf(deps, batch)).status).toBe('completed');
  const ended = await batchOf(deps, batch);
  const again = { isParsed: false, parts: [], archive: null, completedAt: null, expiresAt: null, endedBefore: 3 };
  const revision = ended.revision + 1;
  const { batches } = deps.database;
  await batches.replace({ ...ended, ...again, status: 'running', run: 2, revision });
  const task = { id: `retry-${batch.id}`, kind: 'retry-batch', tenantId: 't', batchId: batch.id, about: null } as const;
  await batches.openTask({ ...task, jobId: 'b-again', queuedAt: deps.now() });
  const { retryRows } = batches;
  batches.retryRows = async (...rows) => {
    batches.retryRows = retryRows;
    await batches.retryRows(...rows);
    throw new Error('the process dies here');
  };
  const job = { name: 'retry-batch', payload: { taskId: task.id }, jobId: 'b-again' } as const;
  await expect(runJob(createHandlers(deps), job)).rejects.toThrow('dies');
  await runJob(createHandlers(deps), job);
  expect(await batchOf(deps, batch)).toMatchObject({ isParsed: true, endedBefore: 2 });
});
