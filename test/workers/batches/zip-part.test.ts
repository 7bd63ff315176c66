import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Batch } from '../../../shared/adapters/database/batch-store.ts';
import type { Reached } from '../../../shared/adapters/job-worker.ts';
import type { NewJob } from '../../../shared/adapters/queues.ts';
import { createHandlers } from '../../../workers/handlers.ts';
import { openDeps, type TestDeps } from '../support/work-deps.ts';
import { acceptBatch, batchOf, runJob, urls, work } from './support.ts';

let deps: TestDeps;
beforeEach(async () => {
  deps = await openDeps();
});
afterEach(() => deps.close());

/** A batch whose images are drawn, and the job that is to zip them. */
async function drawn(rows: number): Promise<{ batch: Batch; zipping: NewJob }> {
  const batch = await acceptBatch(deps, urls(rows), { callback: null });
  await work(deps, { until: ({ name }) => name === 'zip-part' });
  return { batch, zipping: deps.queues.added.shift() as NewJob };
}

describe('a part of an archive whose makers die', () => {
  it('is given up when ten of them die at one place', async () => {
    const { batch, zipping } = await drawn(3);
    await runJob(createHandlers(deps), zipping, { stalls: 12, reached: { step: 1, stalls: 2 } });
    await work(deps);
    expect(await batchOf(deps, batch)).toMatchObject({ status: 'failed', error: { code: 'archive_crashed' } });
  });

  it('is made however many died, as long as nine of them died where the last one did', async () => {
    const { batch, zipping } = await drawn(3);
    await runJob(createHandlers(deps), zipping, { stalls: 30, reached: { step: 1, stalls: 21 } });
    await work(deps);
    expect((await batchOf(deps, batch)).status).toBe('completed');
  });

  it('notes where no run before came to, and nothing as long as none died', async () => {
    const { zipping } = await drawn(600);
    const run = async (stalls: number, reached: Reached | null): Promise<string[]> => {
      const noted: string[] = [];
      const noteReached = ({ step, stalls: by }: Reached) => void noted.push(`${step} by ${by}`);
      const zips = createHandlers({ ...deps, objects: { ...deps.objects, putStream } });
      await runJob(zips, zipping, { stalls, reached, noteReached }).catch(() => undefined);
      return noted;
    };
    // Reads all and dies then, so that it can be made again.
    const putStream: TestDeps['objects']['putStream'] = async (_, chunks) => {
      for await (const _chunk of chunks);
      throw new Error('the process dies here');
    };
    expect(await run(0, null)).toEqual([]);
    // Two pages of images, and for each manifest.
    expect(await run(1, null)).toEqual([1, 2, 3, 4, 5, 6].map((step) => `${step} by 1`));
    expect(await run(4, { step: 4, stalls: 2 })).toEqual(['5 by 4', '6 by 4']);
  });
});
