import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterAll, describe, expect, it } from 'vitest';
import { connectRateWindows, createRateLimit, type RateWindows } from '../../../shared/adapters/rate-windows.ts';
import { createLog } from '../../../shared/log.ts';
import { eventually } from '../../support/client.ts';
import { startRedisProcess } from '../../support/redis-process.ts';
import { redisUrl, temporaryFolder, uniquePrefix } from '../../support/servers.ts';

const log = createLog('test', 'silent');
const prefix = uniquePrefix();
const open: RateWindows[] = [];
const redis = new Redis(redisUrl());
afterAll(async () => {
  for (const windows of open) await windows.close();
  await redis.unlink([...(await redis.keys(`${prefix}*`)), prefix]);
  redis.disconnect();
});

async function connect(url = redisUrl()): Promise<RateWindows> {
  const windows = await connectRateWindows({ url, prefix }, log);
  open.push(windows);
  return windows;
}
const policy = { name: 'test', calls: 5, windowS: 60 };
const same = (caller: string): string => caller;

async function callsOf(limit: ReturnType<typeof createRateLimit>, caller: string, count: number): Promise<boolean[]> {
  const allowed: boolean[] = [];
  for (let n = 0; n < count; n++) allowed.push((await limit.call(caller)).isAllowed);
  return allowed;
}

describe('rate limits', () => {
  it('let so many calls of a window pass, and tell how many are left and until when', async () => {
    const limit = (await connect()).limit(policy, same);
    expect(await limit.call('a')).toEqual({ isAllowed: true, remaining: 4, resetS: 60 });
    expect(await callsOf(limit, 'a', 5)).toEqual([true, true, true, true, false]);
    expect(await limit.call('a')).toMatchObject({ isAllowed: false, remaining: 0 });
    expect(await limit.call('another')).toMatchObject({ isAllowed: true, remaining: 4 });
  });

  it('count the calls of all processes together', async () => {
    const here = (await connect()).limit(policy, same);
    const there = (await connect()).limit(policy, same);
    expect(await callsOf(here, 'both', 5)).not.toContain(false);
    await eventually('all five are in Redis', async () => (await redis.get(`${prefix}:rate:test:both`)) === '5');
    expect(await callsOf(there, 'both', 2)).toEqual([false, false]);
  });

  it('let everyone in again when the window is over', async () => {
    const limit = (await connect()).limit({ name: 'short', calls: 2, windowS: 1 }, same);
    expect(await callsOf(limit, 'c', 3)).toEqual([true, true, false]);
    await pause(1050);
    expect((await limit.call('c')).isAllowed).toBe(true);
  });

  it('decide all calls but the first of a window without waiting, and tell Redis of them together', async () => {
    const told: number[] = [];
    const limit = createRateLimit({ name: 'grouped', calls: 1000, windowS: 60 }, same, async (_, calls) => {
      told.push(calls);
      return { consumedPoints: told.reduce((sum, count) => sum + count, 0), msBeforeNext: 60_000 };
    });
    expect(limit.call('d')).toBeInstanceOf(Promise);
    await limit.call('d');
    for (let n = 0; n < 500; n++) expect(limit.call('d')).not.toBeInstanceOf(Promise);
    await eventually('all are told', async () => told.reduce((sum, count) => sum + count, 0) === 502);
    expect(told).toHaveLength(2);
  });

  it('let no more pass while Redis is slow to tell', async () => {
    let consumedPoints = 0;
    const limit = createRateLimit({ name: 'slow', calls: 100, windowS: 60 }, same, async (_, calls) => {
      consumedPoints += calls;
      const answer = { consumedPoints, msBeforeNext: 60_000 };
      await pause(80);
      return answer;
    });
    let allowed = 0;
    for (const until = performance.now() + 400; performance.now() < until; await pause(2))
      for (let n = 0; n < 4; n++) if ((await limit.call('slow')).isAllowed) allowed++;
    expect(allowed).toBe(100);
  });

  it('refuse at once, without Redis, who is over the limit', async () => {
    const told: number[] = [];
    const limit = createRateLimit(policy, same, async (_, calls) => {
      told.push(calls);
      return { consumedPoints: 5, msBeforeNext: 60_000 };
    });
    expect(limit.exhausted('e')).toBeNull();
    await limit.call('e');
    for (let n = 0; n < 100; n++) expect(limit.call('e')).toMatchObject({ isAllowed: false });
    expect(limit.exhausted('e')).toMatchObject({ isAllowed: false, resetS: 60 });
    expect(told).toEqual([1]);
  });

  it('go on in each process while Redis is frozen or away, and together when it is back', async () => {
    const server = await startRedisProcess({ folder: await temporaryFolder(), appendOnly: false });
    const limit = (await connect(server.url)).limit(policy, same);
    server.freeze();
    const before = performance.now();
    expect(await callsOf(limit, 'frozen', 7)).toEqual([true, true, true, true, true, false, false]);
    expect(performance.now() - before).toBeLessThan(1000);
    server.thaw();
    await server.kill();
    expect(await callsOf(limit, 'away', 7)).toEqual([true, true, true, true, true, false, false]);
  });
});
