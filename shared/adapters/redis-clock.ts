import type { Log } from '../log.ts';
import { closeRedis, firstOutcome, openRedis } from './redis-connection.ts';

export type RedisClock = Awaited<ReturnType<typeof connectRedisClock>>;

const everyMs = 10_000;
/** An answer that took longer says too little. */
const slowMs = 500;
/**
 * Less is what networks make of one time: the machine's own clock is as good then. One that was followed goes on until they are closer
 * yet, so that the time does not jump back and forth where they are about so far apart.
 */
const followFromMs = 2000;
const followUntilMs = 1000;

/**
 * Goes by one clock for all who share a Redis: the machine's own, set right by the server's TIME when the two are seconds apart. So a
 * lease that one process writes is over for another when it is over, however wrong their machines' clocks are. While Redis is away it
 * goes on as it was set last, and it is set as soon as Redis is back.
 */
export async function connectRedisClock({ url }: { url: string }, log: Log) {
  const client = openRedis(url, 'producer', { name: 'clock', log });
  let offsetMs = 0;

  const measure = async (): Promise<void> => {
    const begun = performance.now();
    const [seconds, micros] = await client.time();
    const tookMs = performance.now() - begun;
    if (tookMs > slowMs) return;
    const wrongMs = Math.round(Number(seconds) * 1000 + Number(micros) / 1000 + tookMs / 2 - Date.now());
    const next = Math.abs(wrongMs) < (offsetMs === 0 ? followFromMs : followUntilMs) ? 0 : wrongMs;
    if (next !== 0 && offsetMs === 0)
      log.warn(
        { wrongMs },
        "the clock of this machine is not that of Redis' machine, which is followed: look after NTP",
      );
    offsetMs = next;
  };
  /** That Redis is away is told by the connection's own log. */
  const measureSafely = (): Promise<void> => measure().catch(() => undefined);

  await firstOutcome(client);
  await measureSafely();
  client.on('ready', () => void measureSafely());
  const timer = setInterval(() => void measureSafely(), everyMs);
  timer.unref();
  return {
    /** Milliseconds since 1970. */
    now: (): number => Date.now() + offsetMs,
    async close(): Promise<void> {
      clearInterval(timer);
      await closeRedis(client);
    },
  };
}
