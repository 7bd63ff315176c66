import type { Redis } from 'ioredis';
import type { Log } from '../log.ts';
import { closeRedis, firstOutcome, openRedis, redisUnavailable } from './redis-connection.ts';
import { monitorRedis } from './redis-monitor.ts';

/** How long an image stays. */
const keepMs = 600_000;

/** One command for all images of a group: many of them as a pipeline cost client and server several times as much. */
const keepLua = `for i, key in ipairs(KEYS) do redis.call('SET', key, ARGV[i + 1], 'PX', ARGV[1]) end`;

type Keeping = Redis & { qrfKeepImages(keys: number, ...keysAndValues: (string | number | Buffer)[]): Promise<null> };

/** Jobs go before images: nothing is written above this share of Redis' memory. */
const fullShare = 0.6;

export type ImageCache = Awaited<ReturnType<typeof connectImageCache>>;

/** Connects the cache of fresh images, on a connection of its own so that no job waits behind bytes. Redis away is a miss, fast. */
export async function connectImageCache(redis: { url: string; prefix: string }, log: Log) {
  const client = openRedis(redis.url, 'producer', { name: 'images', log });
  const monitor = monitorRedis(client, log);
  const key = (id: string): string => `${redis.prefix}:image:${id}`;
  const reachable = (): boolean => monitor.state().reachable;
  const missed = (reason: string): void => log.debug({ reason }, 'image cache missed');
  client.defineCommand('qrfKeepImages', { lua: keepLua });
  await firstOutcome(client);
  await monitor.check();

  return {
    /** The bytes, or null when they are not there or Redis is away. Never throws. */
    async get(id: string): Promise<Buffer | null> {
      if (!reachable()) return null;
      try {
        return await client.getBuffer(key(id));
      } catch (error) {
        missed((error as Error).message);
        return null;
      }
    },

    /** Keeps images for ten minutes, in one round trip; not when Redis is away or filling up. Never throws: nobody depends on it. */
    async put(images: { id: string; bytes: Buffer }[]): Promise<void> {
      const { memoryShare } = monitor.state();
      if (images.length === 0 || !reachable() || (memoryShare ?? 0) > fullShare) return;
      const [keys, values] = [images.map(({ id }) => key(id)), images.map(({ bytes }) => bytes)];
      await (client as Keeping)
        .qrfKeepImages(keys.length, ...keys, keepMs, ...values)
        .catch((error: Error) => missed(error.message));
    },

    /**
     * Forgets images.
     *
     * @throws AppError `unavailable` when Redis is away: then they stay for up to ten minutes
     */
    async remove(ids: string[]): Promise<void> {
      if (ids.length === 0) return;
      try {
        await client.unlink(ids.map(key));
      } catch (error) {
        throw redisUnavailable('Could not forget cached images', error);
      }
    },

    /**
     * Forgets all images; answers how many.
     *
     * @throws AppError `unavailable` when Redis is away
     */
    async clear(): Promise<number> {
      let count = 0;
      try {
        for await (const keys of client.scanStream({ match: key('*'), count: 500 })) {
          if (keys.length > 0) count += await client.unlink(keys);
        }
        return count;
      } catch (error) {
        throw redisUnavailable('Could not forget cached images', error);
      }
    },

    async close(): Promise<void> {
      monitor.stop();
      await closeRedis(client);
    },
  };
}
