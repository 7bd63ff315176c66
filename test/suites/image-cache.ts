import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectImageCache, type ImageCache } from '../../shared/adapters/image-cache.ts';
import { createLog } from '../../shared/log.ts';
import { uniquePrefix } from '../support/servers.ts';

/** What the cache of fresh images promises, on the Redis at `url()`. */
export function imageCacheSuite(url: () => string): void {
  const prefix = uniquePrefix();
  let cache: ImageCache;
  let redis: Redis;

  beforeAll(async () => {
    cache = await connectImageCache({ url: url(), prefix }, createLog('test', 'silent'));
    redis = new Redis(url());
  });
  afterAll(async () => {
    await redis.unlink([...(await redis.keys(`${prefix}*`)), prefix]);
    redis.disconnect();
    await cache.close();
  });

  it('gives back the bytes that were put, whatever they are', async () => {
    const images = Array.from({ length: 16 }, (_, index) => ({ id: `rnd_${index}`, bytes: randomBytes(500 * index) }));
    await cache.put(images);
    for (const { id, bytes } of images) expect((await cache.get(id))?.equals(bytes)).toBe(true);
  });

  it('has nothing that was not put', async () => {
    await cache.put([]);
    expect(await cache.get('rnd_unknown')).toBeNull();
  });

  it('keeps an image for ten minutes', async () => {
    await cache.put([{ id: 'rnd_kept', bytes: Buffer.from('x') }]);
    const leftMs = await redis.pttl(`${prefix}:image:rnd_kept`);
    expect(leftMs).toBeGreaterThan(590_000);
    expect(leftMs).toBeLessThanOrEqual(600_000);
  });

  it('forgets what is removed', async () => {
    await cache.put([
      { id: 'rnd_a', bytes: Buffer.from('a') },
      { id: 'rnd_b', bytes: Buffer.from('b') },
    ]);
    await cache.remove(['rnd_a', 'rnd_unknown']);
    await cache.remove([]);
    expect(await cache.get('rnd_a')).toBeNull();
    expect(String(await cache.get('rnd_b'))).toBe('b');
  });
}
