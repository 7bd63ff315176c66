import { pino } from 'pino';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { connectRedisClock, type RedisClock } from '../../../shared/adapters/redis-clock.ts';
import { redisUrl } from '../../support/servers.ts';

const lines: string[] = [];
const log = pino({ level: 'warn' }, { write: (line) => void lines.push(line) });
const trueNow = Date.now.bind(Date);
const tenMinutesMs = 600_000;

describe('the clock that processes share', () => {
  let clock: RedisClock;
  afterEach(async () => {
    vi.restoreAllMocks();
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
    vi.spyOn(Date, 'now').mockImplementation(() => trueNow() + 700);
    clock = await connectRedisClock({ url: redisUrl() }, log);
    vi.spyOn(Date, 'now').mockReturnValue(5);
    expect(clock.now()).toBe(5);
    expect(lines).toEqual([]);
  });

  it("is the machine's own while Redis is away", async () => {
    clock = await connectRedisClock({ url: 'redis://127.0.0.1:1' }, log);
    vi.spyOn(Date, 'now').mockReturnValue(5);
    expect(clock.now()).toBe(5);
  });
});
