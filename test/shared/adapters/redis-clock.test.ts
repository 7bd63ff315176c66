import { pino } from 'pino';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { connectRedisClock, type RedisClock } from '../../../shared/adapters/redis-clock.ts';
import { eventually } from '../../support/client.ts';
import { startRedisProcess } from '../../support/redis-process.ts';
import { redisUrl, temporaryFolder } from '../../support/servers.ts';

const lines: string[] = [];
const log = pino({ level: 'warn' }, { write: (line) => void lines.push(line) });
const trueNow = Date.now.bind(Date);
const tenMinutesMs = 600_000;

describe('the clock that processes share', () => {
  let clock: RedisClock;
  afterEach(async () => {
    vi.restoreAllMocks();
    vi.useRealTimers();
    await clock.close();
    lines.length = 0;
  });

  it.each([tenMinutesMs, -tenMinutesMs])(
    "is Redis' on a machine that is wrong by %i ms, and that is told",
    async (wrong) => {
      vi.spyOn(Date, 'now').mockImplementation(() => trueNow() + wrong);
      clock = await connectRedisClock({ url: redisUrl() }, log);
      expect(Math.abs(clock.now() - trueNow())).toBeLessThan(1000);
      expect(lines).toHaveLength(1);
    },
  );

  it("is the machine's own when the two agree", async () => {
    vi.spyOn(Date, 'now').mockImplementation(() => trueNow() + 1500);
    clock = await connectRedisClock({ url: redisUrl() }, log);
    vi.spyOn(Date, 'now').mockReturnValue(5);
    expect(clock.now()).toBe(5);
    expect(lines).toEqual([]);
  });

  it('does not jump back and forth where the two are about two seconds apart', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    let wrong = 2500;
    vi.spyOn(Date, 'now').mockImplementation(() => trueNow() + wrong);
    clock = await connectRedisClock({ url: redisUrl() }, log);
    const isWrongBy = (ms: number) => async () => Math.abs(clock.now() - trueNow() - ms) < 300;
    expect(await isWrongBy(0)()).toBe(true);
    for (const [next, told] of [
      [1500, 0],
      [500, 500],
      [2500, 0],
    ] as const) {
      wrong = next;
      vi.advanceTimersByTime(10_000);
      await eventually(`it is wrong by ${told} ms on a machine that is by ${next}`, isWrongBy(told));
    }
    expect(lines).toHaveLength(2);
  });

  it("is the machine's own while Redis is away", async () => {
    clock = await connectRedisClock({ url: 'redis://127.0.0.1:1' }, log);
    vi.spyOn(Date, 'now').mockReturnValue(5);
    expect(clock.now()).toBe(5);
  });

  it("is Redis' as soon as that comes", async () => {
    const redis = await startRedisProcess({ folder: await temporaryFolder() });
    await redis.kill();
    vi.spyOn(Date, 'now').mockImplementation(() => trueNow() + tenMinutesMs);
    clock = await connectRedisClock({ url: redis.url }, log);
    expect(clock.now() - trueNow()).toBeGreaterThan(tenMinutesMs - 1000);
    await redis.start();
    await eventually('it is right', async () => Math.abs(clock.now() - trueNow()) < 1000, 5000);
    await redis.kill();
  });
});
