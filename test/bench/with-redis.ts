import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRedisServer } from '../../shared/adapters/embedded-redis.ts';

/** Runs `measure` on an empty Redis that is configured as the service's own. */
export async function withRedis<Result>(measure: (redisUrl: string) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'qrf-bench-redis-'));
  const { url, child } = await startRedisServer({ folder });
  try {
    return await measure(url);
  } finally {
    const exit = once(child, 'exit');
    child.kill('SIGTERM');
    await exit;
    await rm(folder, { recursive: true, force: true });
  }
}
