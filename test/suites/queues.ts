import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { expect, it, vi } from 'vitest';
import type { RunningJob, Verdict } from '../../shared/adapters/job-worker.ts';
import type { NewJob } from '../../shared/adapters/queues.ts';
import type { QueueName } from '../../shared/contract/jobs.ts';
import { queuesUnderTest } from './queues-under-test.ts';

export const renderJob = (jobId: string): NewJob => ({
  name: 'render-codes',
  payload: { renderIds: [`rnd_${jobId}`] },
  jobId,
});
const suspectJob = (jobId: string): NewJob => ({ name: 'render-suspect', payload: { renderId: 'rnd_a' }, jobId });

/** What queues and their workers promise, on the Redis at `url()`. */
export function queuesSuite(url: () => string): void {
  const { newPrefix, connect, work, raw, gone, prefix } = queuesUnderTest(url);

  it('runs an added job with its payload, as its first attempt, and forgets it when it is done', async () => {
    newPrefix();
    const queues = await connect();
    const ran: RunningJob[] = [];
    await work('renders', async (job) => {
      ran.push(job);
      return { verdict: 'done' };
    });
    await queues.add([renderJob('job_a')]);
    await gone(queues, 'renders', 'job_a');
    expect(ran).toEqual([
      {
        id: 'job_a',
        name: 'render-codes',
        payload: { renderIds: ['rnd_job_a'] },
        stalls: 0,
        reached: null,
        noteReached: expect.any(Function),
        attempt: 1,
        lastAttempt: false,
      },
    ]);
    expect(await raw((redis) => redis.exists(`${prefix()}-queue:renders:job_a`))).toBe(0);
  });

  it('adds jobs of several queues, and more than one command holds, in one call', async () => {
    newPrefix();
    const queues = await connect();
    const many = Array.from({ length: 1200 }, (_, index) => renderJob(`job_${index}`));
    await queues.add([
      ...many,
      suspectJob('suspect_a'),
      { name: 'check-logo', payload: { logoId: 'l' }, jobId: 'l_a' },
    ]);
    const live = await queues.liveJobs('renders', [...many.map(({ jobId }) => jobId), 'job_unknown']);
    expect(live.size).toBe(1200);
    expect(live.has('job_unknown')).toBe(false);
    expect(await queues.liveJobs('suspect', ['suspect_a'])).toEqual(new Set(['suspect_a']));
    expect(await queues.liveJobs('logos', ['l_a', 'suspect_a'])).toEqual(new Set(['l_a']));
  });

  it('ignores a job whose id lives already', async () => {
    newPrefix();
    const queues = await connect();
    await queues.add([renderJob('job_a'), renderJob('job_a')]);
    await queues.add([renderJob('job_a')]);
    let runs = 0;
    await work('renders', async () => {
      runs++;
      return { verdict: 'done' };
    });
    await gone(queues, 'renders', 'job_a');
    await queues.add([renderJob('job_b')]);
    await gone(queues, 'renders', 'job_b');
    expect(runs).toBe(2);
  });

  it('takes a failed job for dead and puts it to work again, with all its attempts, when it is added again', async () => {
    newPrefix();
    const queues = await connect();
    const attempts: number[] = [];
    await work('renders', async ({ attempt }) => {
      attempts.push(attempt);
      return attempts.length === 1 ? { verdict: 'failed', error: new Error('no use') } : { verdict: 'done' };
    });
    await queues.add([renderJob('job_a')]);
    await gone(queues, 'renders', 'job_a');
    expect(await raw((redis) => redis.zscore(`${prefix()}-queue:renders:failed`, 'job_a'))).not.toBeNull();
    await queues.add([renderJob('job_a')]);
    await vi.waitFor(() => expect(attempts).toEqual([1, 1]), { timeout: 10_000 });
    await gone(queues, 'renders', 'job_a');
    expect(await raw((redis) => redis.zscore(`${prefix()}-queue:renders:failed`, 'job_a'))).toBeNull();
  });

  it('knows waiting, running and resting jobs as live', async () => {
    newPrefix();
    const queues = await connect();
    const { promise: released, resolve: release } = deferred();
    await work(
      'renders',
      async ({ id }) => {
        if (id === 'job_resting') return { verdict: 'retry', error: new Error('later') };
        await released;
        return { verdict: 'done' };
      },
      { concurrency: 1 },
    );
    await queues.add([renderJob('job_resting'), renderJob('job_running'), renderJob('job_waiting')]);
    const ids = ['job_resting', 'job_running', 'job_waiting'];
    await vi.waitFor(async () =>
      expect(await raw((redis) => redis.lrange(`${prefix()}-queue:renders:active`, 0, -1))).toEqual(['job_running']),
    );
    expect(await raw((redis) => redis.zcard(`${prefix()}-queue:renders:delayed`))).toBe(1);
    expect(await queues.liveJobs('renders', ids)).toEqual(new Set(ids));
    release();
  });

  it('takes a job for dead of which only the hash is left', async () => {
    newPrefix();
    const queues = await connect();
    await queues.add([renderJob('job_a')]);
    await raw((redis) => redis.lrem(`${prefix()}-queue:renders:wait`, 1, 'job_a'));
    expect(await queues.liveJobs('renders', ['job_a'])).toEqual(new Set());
  });

  it('tries again after a second what asks for it, and what throws, and counts the attempts', async () => {
    newPrefix();
    const queues = await connect();
    const attempts: { attempt: number; at: number }[] = [];
    await work('renders', async ({ attempt }) => {
      attempts.push({ attempt, at: performance.now() });
      if (attempt === 1) return { verdict: 'retry', error: new Error('store away') };
      if (attempt === 2) throw new Error('a bug');
      return { verdict: 'done' };
    });
    await queues.add([renderJob('job_a')]);
    await gone(queues, 'renders', 'job_a');
    expect(attempts.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    const [first, second, third] = attempts.map(({ at }) => at) as [number, number, number];
    expect(second - first).toBeGreaterThan(900);
    expect(third - second).toBeGreaterThan(1900);
  });

  it('says which attempt is the last, and gives the job up after it', async () => {
    newPrefix();
    const queues = await connect();
    await queues.add([renderJob('job_a'), renderJob('job_b')]);
    // Attempts that fill an hour cannot be waited for.
    await raw((redis) => redis.hset(`${prefix()}-queue:renders:job_a`, 'atm', 65));
    await raw((redis) => redis.hset(`${prefix()}-queue:renders:job_b`, 'atm', 64));
    const lasts: Record<string, boolean> = {};
    await work('renders', async ({ id, lastAttempt }) => {
      lasts[id] = lastAttempt;
      return { verdict: 'retry', error: new Error('store away') };
    });
    await gone(queues, 'renders', 'job_a');
    await vi.waitFor(() => expect(lasts).toEqual({ job_a: true, job_b: false }));
    expect(await queues.liveJobs('renders', ['job_b'])).toEqual(new Set(['job_b']));
  });

  it('runs a job whose worker gave it up again as often as it takes, with its stalls and what it noted', async () => {
    newPrefix();
    const queues = await connect();
    const quick = { lockMs: 300, stalledCheckMs: 150 };
    const stalls: number[] = [];
    const reached: unknown[] = [];
    const { promise: released, resolve: release } = deferred();
    await queues.add([renderJob('job_a')]);
    for (let run = 0; run < 3; run++) {
      const hanging = await work(
        'renders',
        async (job) => {
          stalls.push(job.stalls);
          reached.push(job.reached);
          if (job.stalls < 2) job.noteReached({ step: job.stalls + 5, stalls: job.stalls });
          await released;
          return { verdict: 'done' };
        },
        quick,
      );
      await vi.waitFor(() => expect(stalls).toHaveLength(run + 1), { timeout: 20_000 });
      await hanging.close({ graceMs: 0 });
    }
    await work(
      'renders',
      async (job) => {
        stalls.push(job.stalls);
        reached.push(job.reached);
        return { verdict: 'done' };
      },
      quick,
    );
    await gone(queues, 'renders', 'job_a');
    expect(stalls).toEqual([0, 1, 2, 3]);
    const [first, second] = [0, 1].map((stall) => ({ step: stall + 5, stalls: stall }));
    expect(reached).toEqual([null, first, second, second]);
    release();
  });

  it('renews the lock of a job that takes longer than it', async () => {
    newPrefix();
    const queues = await connect();
    let runs = 0;
    const slow = async (): Promise<Verdict> => {
      runs++;
      await pause(1500);
      return { verdict: 'done' };
    };
    await work('renders', slow, { lockMs: 400, stalledCheckMs: 100 });
    await work('renders', slow, { lockMs: 400, stalledCheckMs: 100 });
    await queues.add([renderJob('job_a')]);
    await gone(queues, 'renders', 'job_a');
    expect(runs).toBe(1);
  });

  it('runs one suspect at a time over all workers, and all of them', async () => {
    newPrefix();
    const queues = await connect();
    let running = 0;
    let most = 0;
    const ran = new Set<string>();
    const suspect = async ({ id }: RunningJob): Promise<Verdict> => {
      most = Math.max(most, ++running);
      await pause(20);
      running--;
      ran.add(id);
      return { verdict: 'done' };
    };
    for (let worker = 0; worker < 3; worker++) await work('suspect', suspect);
    await queues.add(Array.from({ length: 8 }, (_, index) => suspectJob(`suspect_${index}`)));
    await vi.waitFor(() => expect(ran.size).toBe(8), { timeout: 30_000 });
    expect(most).toBe(1);
  });

  it('goes on with the other suspects when one has stalled', async () => {
    newPrefix();
    const queues = await connect();
    const quick = { lockMs: 300, stalledCheckMs: 150 };
    const { promise: released, resolve: release } = deferred();
    let hung = false;
    const hanging = await work(
      'suspect',
      async () => {
        hung = true;
        await released;
        return { verdict: 'done' };
      },
      quick,
    );
    await queues.add([suspectJob('suspect_a'), suspectJob('suspect_b'), suspectJob('suspect_c')]);
    await vi.waitFor(() => expect(hung).toBe(true), { timeout: 10_000 });
    await hanging.close({ graceMs: 0 });
    const ran: string[] = [];
    await work(
      'suspect',
      async ({ id }) => {
        ran.push(id);
        return { verdict: 'done' };
      },
      quick,
    );
    await vi.waitFor(() => expect([...ran].sort()).toEqual(['suspect_a', 'suspect_b', 'suspect_c']), {
      timeout: 20_000,
    });
    release();
  });

  it('ends what runs and takes nothing more when it is closed', async () => {
    newPrefix();
    const queues = await connect();
    let started = 0;
    const worker = await work(
      'renders',
      async () => {
        started++;
        await pause(300);
        return { verdict: 'done' };
      },
      { concurrency: 1 },
    );
    await queues.add([renderJob('job_a'), renderJob('job_b')]);
    await vi.waitFor(() => expect(started).toBe(1), { timeout: 10_000, interval: 5 });
    await worker.close({ graceMs: 10_000 });
    expect(started).toBe(1);
    expect(await queues.liveJobs('renders', ['job_a', 'job_b'])).toEqual(new Set(['job_b']));
  });

  it('wakes two idle workers for a render, and one for other work', async () => {
    newPrefix();
    const queues = await connect();
    const wokenBy = async (job: NewJob, name: QueueName): Promise<number> => {
      const idle = [1, 2, 3].map(() => new Redis(url(), { connectionName: `${prefix()}-${name}` }));
      let woken = 0;
      for (const redis of idle)
        redis.bzpopmin(`${prefix()}-queue:${name}:marker`, 0).then(
          () => woken++,
          () => undefined, // it was not woken
        );
      await vi.waitFor(async () => {
        const clients = String(await raw((redis) => redis.client('LIST'))).split('\n');
        const waiting = clients.filter(
          (line) => line.includes(`name=${prefix()}-${name} `) && / cmd=bzpopmin/.test(line),
        );
        expect(waiting).toHaveLength(3);
      });
      await queues.add([job]);
      await pause(100);
      for (const redis of idle) redis.disconnect();
      return woken;
    };
    expect(await wokenBy(renderJob('job_a'), 'renders')).toBe(2);
    expect(await wokenBy({ name: 'check-logo', payload: { logoId: 'logo_a' }, jobId: 'job_b' }, 'logos')).toBe(1);
  });

  it('takes one more job at most while it rests, and the others when it goes on', async () => {
    newPrefix();
    const queues = await connect();
    const done: string[] = [];
    const worker = await work('renders', async ({ id }) => {
      done.push(id);
      return { verdict: 'done' };
    });
    await queues.add([renderJob('a')]);
    await vi.waitFor(() => expect(done).toEqual(['a']));
    worker.rest();
    await queues.add(['b', 'c', 'd'].map(renderJob));
    await pause(300);
    expect(done.length).toBeLessThanOrEqual(2);
    worker.goOn();
    await vi.waitFor(() => expect([...done].sort()).toEqual(['a', 'b', 'c', 'd']));
  });

  it.each(['a:b', '123', ''])('refuses the job id %j, which BullMQ would mistake', async (jobId) => {
    newPrefix();
    const queues = await connect();
    await expect(queues.add([renderJob('job_fine'), renderJob(jobId)])).rejects.toThrow(/Job id/);
    expect(await queues.liveJobs('renders', ['job_fine'])).toEqual(new Set());
  });

  it('accepts work', async () => {
    newPrefix();
    const queues = await connect();
    expect(queues.state().reachable).toBe(true);
    expect(() => queues.assertAcceptsWork()).not.toThrow();
    await queues.add([]);
    expect(await queues.liveJobs('renders', [])).toEqual(new Set());
  });
}

export function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
