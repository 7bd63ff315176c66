import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort, type RedisServer, startRedisServer } from '../../../shared/adapters/embedded-redis.ts';
import { redisAccess } from '../../../shared/adapters/redis-access.ts';
import { temporaryFolder } from '../../support/servers.ts';

describe('the Redis of REDIS_URL', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedisServer({ folder: await temporaryFolder() });
  });
  afterAll(() => void server.child.kill('SIGKILL'));

  it('lets in who names its password', async () => {
    expect(await redisAccess(server.url)).toBeNull();
  });

  it.each([
    ['NOAUTH', ''],
    ['WRONGPASS', ':another@'],
  ])('is a mistake in the configuration when it answers %s, which shows no password', async (code, user) => {
    const access = redisAccess(`redis://${user}127.0.0.1:${server.port}`);
    await expect(access).rejects.toMatchObject({ problems: [{ variable: 'REDIS_URL', value: `(refused: ${code})` }] });
    await expect(access).rejects.not.toThrow(/another/);
  });

  it('is waited for when it does not answer', async () => {
    expect(await redisAccess(`redis://127.0.0.1:${await freePort()}`)).toMatch(/ECONNREFUSED/);
  });
});
