import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { connectImageCache } from '../../../shared/adapters/image-cache.ts';
import { type RunningJob, startJobWorker, type Verdict } from '../../../shared/adapters/job-worker.ts';
import { connectQueues, type Queues } from '../../../shared/adapters/queues.ts';
import { createLog } from '../../../shared/log.ts';
import { deferred, renderJob } from '../../suites/queues.ts';
import { type RedisProcess, startRedisProcess } from '../../support/redis-process.ts';
import { temporaryFolder } from '../../support/servers.ts';

const log = createLog('test', 'silent');
const away = { kind: 'unavailable', code: 'queue_unavailable' };
const full = { kind: 'unavailable', code: 'queue_full' };
const patiently = { timeout: 20_000, interval: 50 };

async function elapsedMs(act: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await act();
  return performance.now() - startedAt;
}

describe('a Redis that fails', () => {
  const closers: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });

  async function server(options: { appendOnly?: boolean; maxMemory?: string } = {}): Promise<RedisProcess> {
    const redis = await startRedisProcess({ folder: await temporaryFolder(), ...options });
    closers.push(() => redis.kill());
    return redis;
  }
  async function connect({ url }: RedisProcess): Promise<Queues> {
    const queues = await connectQueues({ url, prefix: 'qrf' }, log);
    closers.push(() => queues.close());
    return queues;
  }
  async function work({ url }: RedisProcess, process: (job: RunningJob) => Promise<Verdict>, lockMs?: number) {
    const options = { redis: { url, prefix: 'qrf' }, concurrency: 2, log, process };
    const timing = lockMs ? { lockMs, stalledCheckMs: lockMs } : {};
    const worker = await startJobWorker({ queue: 'renders', ...options, ...timing });
    closers.push(() => worker.close({ graceMs: 1000 }));
    return worker;
  }
  async function noteJobs(redis: RedisProcess): Promise<Set<string>> {
    const ran = new Set<string>();
    await work(redis, async ({ id }) => {
      ran.add(id);
      return { verdict: 'done' };
    });
    return ran;
  }

  it('frozen, is known to be away within about a second, refuses work fast, and goes on when it thaws', async () => {
    const redis = await server();
    const queues = await connect(redis);
    const cache = await connectImageCache({ url: redis.url, prefix: 'qrf' }, log);
    closers.push(() => cache.close());
    const ran = await noteJobs(redis);
    await queues.add([renderJob('job_before')]);
    await vi.waitFor(() => expect(ran.has('job_before')).toBe(true), patiently);

    redis.freeze();
    const unknownMs = await elapsedMs(() => expect(queues.add([renderJob('job_during')])).rejects.toMatchObject(away));
    expect(unknownMs).toBeLessThan(2000);
    expect(queues.state().reachable).toBe(false);
    expect(() => queues.assertAcceptsWork()).toThrowError(expect.objectContaining({ ...away, retryAfterS: 1 }));
    const missMs = await elapsedMs(async () => {
      for (let i = 0; i < 100; i++) expect(await cache.get(`rnd_${i}`)).toBeNull();
    });
    expect(missMs).toBeLessThan(1000);
    await pause(6000); // longer than the sockets wait for an answer
    await expect(queues.liveJobs('renders', ['job_during'])).rejects.toMatchObject(away);
    await expect(queues.claimEpoch()).rejects.toMatchObject(away);
    await expect(queues.announceEnded(['rnd_a'])).rejects.toMatchObject(away);

    redis.thaw();
    await vi.waitFor(() => queues.assertAcceptsWork(), patiently);
    await queues.add([renderJob('job_after')]);
    await vi.waitFor(() => expect(ran.has('job_after')).toBe(true), patiently);
  });

  it('killed and started again, keeps its jobs, and workers and listeners go on', async () => {
    const redis = await server();
    const queues = await connect(redis);
    const heard = new Set<string>();
    queues.onEnded((ids) => {
      for (const id of ids) heard.add(id);
    });
    await queues.add([renderJob('job_kept')]);
    await pause(1100); // appendfsync everysec
    await redis.kill();
    await vi.waitFor(() => expect(queues.state().reachable).toBe(false), patiently);
    expect(await elapsedMs(() => expect(queues.add([renderJob('job_no')])).rejects.toMatchObject(away))).toBeLessThan(
      1000,
    );

    const ran = await noteJobs(redis); // a worker that starts while Redis is away
    await redis.start();
    await vi.waitFor(() => queues.assertAcceptsWork(), patiently);
    await queues.add([renderJob('job_new')]);
    await vi.waitFor(() => expect([...ran].sort()).toEqual(['job_kept', 'job_new']), patiently);
    await vi.waitFor(async () => {
      await queues.announceEnded(['rnd_a']);
      expect(heard.has('rnd_a')).toBe(true);
    }, patiently);
  });

  it('killed while a job runs, ends that job all the same', async () => {
    const redis = await server();
    const queues = await connect(redis);
    const { promise: released, resolve: release } = deferred();
    const runs: number[] = [];
    await work(
      redis,
      async ({ stalls }) => {
        runs.push(stalls);
        await released;
        return { verdict: 'done' };
      },
      500,
    );
    await queues.add([renderJob('job_a')]);
    await vi.waitFor(() => expect(runs).toHaveLength(1), patiently);
    await pause(1100); // appendfsync everysec
    await redis.kill();
    release();
    await redis.start();
    await vi.waitFor(async () => expect(await queues.liveJobs('renders', ['job_a'])).toEqual(new Set()), patiently);
  });

  it('emptied, starts a new epoch, and whoever waits for jobs gets the new ones', async () => {
    const redis = await server();
    const queues = await connect(redis);
    const ran = await noteJobs(redis);
    expect(await queues.claimEpoch()).toBe(true);
    expect(await queues.claimEpoch()).toBe(false);
    await queues.add([renderJob('job_before')]);
    await vi.waitFor(() => expect(ran.has('job_before')).toBe(true), patiently);

    await redis.send('FLUSHALL');
    await redis.send('SCRIPT', 'FLUSH');
    expect(await queues.claimEpoch()).toBe(true);
    await queues.add([renderJob('job_after')]);
    await vi.waitFor(() => expect(ran.has('job_after')).toBe(true), patiently);
  });

  it('emptied while a job runs, lets it end and takes it again', async () => {
    const redis = await server();
    const queues = await connect(redis);
    const { promise: released, resolve: release } = deferred();
    let runs = 0;
    await work(redis, async () => {
      if (++runs === 1) await released;
      return { verdict: 'done' };
    });
    await queues.add([renderJob('job_a')]);
    await vi.waitFor(() => expect(runs).toBe(1), patiently);
    await redis.send('FLUSHALL');
    expect(await queues.liveJobs('renders', ['job_a'])).toEqual(new Set());
    await queues.add([renderJob('job_a')]);
    release();
    await vi.waitFor(() => expect(runs).toBe(2), patiently);
    await vi.waitFor(async () => expect(await queues.liveJobs('renders', ['job_a'])).toEqual(new Set()), patiently);
  });

  it('keeps suspects one at a time after it was emptied', async () => {
    const redis = await server();
    const queues = await connect(redis);
    const suspects = ['a', 'b', 'c', 'd'].map((id) => ({
      name: 'render-suspect' as const,
      payload: { renderId: id },
      jobId: `suspect_${id}`,
    }));
    await queues.add(suspects.slice(0, 1));
    await redis.send('FLUSHALL');
    let running = 0;
    let most = 0;
    let ended = 0;
    for (let i = 0; i < 2; i++) {
      const worker = await startJobWorker({
        queue: 'suspect',
        redis: { url: redis.url, prefix: 'qrf' },
        concurrency: 2,
        log,
        process: async () => {
          most = Math.max(most, ++running);
          await pause(50);
          running--;
          ended++;
          return { verdict: 'done' };
        },
      });
      closers.push(() => worker.close({ graceMs: 1000 }));
    }
    await queues.add(suspects);
    await vi.waitFor(() => expect(ended).toBe(4), patiently);
    expect(most).toBe(1);
  });

  it('full, refuses new work, loses none, and goes on when there is room', async () => {
    const redis = await server({ maxMemory: '8mb' });
    const queues = await connect(redis);
    const cache = await connectImageCache({ url: redis.url, prefix: 'qrf' }, log);
    closers.push(() => cache.close());
    await queues.add([renderJob('job_held')]);
    await fill(redis);
    await vi.waitFor(() => expect(queues.state().memoryShare).toBeGreaterThan(0.9), patiently);
    expect(() => queues.assertAcceptsWork()).toThrowError(expect.objectContaining({ ...full, retryAfterS: 5 }));
    await expect(queues.add([renderJob('job_refused')])).rejects.toMatchObject(full);

    await redis.send('CONFIG', 'RESETSTAT');
    const ran = await noteJobs(redis);
    await pause(1500);
    const calls = /cmdstat_evalsha:calls=(\d+)/.exec(String(await redis.send('INFO', 'commandstats')))?.[1];
    expect(Number(calls ?? 0)).toBeLessThan(50); // refused the job it asks for, the worker does not ask in a loop
    expect(await queues.liveJobs('renders', ['job_held', 'job_refused'])).toEqual(new Set(['job_held']));
    await redis.send('DEL', 'filling');
    await vi.waitFor(() => expect(ran.has('job_held')).toBe(true), patiently);
    await vi.waitFor(() => queues.assertAcceptsWork(), patiently);
  });

  it('filling up, is given no more images', async () => {
    const redis = await server({ maxMemory: '8mb' });
    const image = { id: 'rnd_a', bytes: Buffer.from('bytes') };
    const open = async () => {
      const cache = await connectImageCache({ url: redis.url, prefix: 'qrf' }, log);
      closers.push(() => cache.close());
      return cache;
    };
    await (await open()).put([image]);
    expect(await (await open()).get('rnd_a')).toEqual(image.bytes);
    await redis.send('FLUSHALL');
    await fill(redis, 5_500_000);
    const cache = await open();
    await cache.put([image]);
    expect(await cache.get('rnd_a')).toBeNull();
  });

  it('away, keeps nobody from closing', async () => {
    const redis = await server();
    const queues = await connectQueues({ url: redis.url, prefix: 'qrf' }, log);
    const process = async (): Promise<Verdict> => ({ verdict: 'done' });
    const options = { redis: { url: redis.url, prefix: 'qrf' }, concurrency: 1, log, process };
    const early = await startJobWorker({ queue: 'renders', ...options });
    queues.onEnded(() => undefined);
    await queues.add([renderJob('job_a')]);
    await vi.waitFor(async () => expect(await queues.liveJobs('renders', ['job_a'])).toEqual(new Set()), patiently);
    await redis.kill();
    await vi.waitFor(() => expect(queues.state().reachable).toBe(false), patiently);
    const late = await startJobWorker({ queue: 'logos', ...options });
    const tookMs = await elapsedMs(async () => {
      await Promise.all([early.close({ graceMs: 30_000 }), late.close({ graceMs: 30_000 }), queues.close()]);
    });
    expect(tookMs).toBeLessThan(5000);
  });

  it('away from the start, is connected to when it comes', async () => {
    const redis = await server();
    await redis.kill();
    const tookMs = await elapsedMs(() => connect(redis));
    expect(tookMs).toBeLessThan(3000);
    const queues = await connect(redis);
    expect(queues.state()).toEqual({ reachable: false, memoryShare: null });
    expect(await elapsedMs(() => expect(queues.add([renderJob('job_no')])).rejects.toMatchObject(away))).toBeLessThan(
      1000,
    );
    const ran = await noteJobs(redis);
    await redis.start();
    await vi.waitFor(() => queues.assertAcceptsWork(), patiently);
    await queues.add([renderJob('job_a')]);
    await vi.waitFor(() => expect(ran.has('job_a')).toBe(true), patiently);
    expect(ran.has('job_no')).toBe(false); // what was refused does not happen later after all
  });
});

async function fill(redis: RedisProcess, bytes = 50_000_000): Promise<void> {
  for (let filled = 0; filled < bytes; filled += 100_000) {
    try {
      await redis.send('APPEND', 'filling', 'x'.repeat(100_000));
    } catch {
      return; // OOM: it is full
    }
  }
}
