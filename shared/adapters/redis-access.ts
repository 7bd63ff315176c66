import { Redis } from 'ioredis';
import { ConfigError } from '../config-error.ts';

/**
 * Asks a Redis whether it lets us in, for some seconds at most: null when it does, else why it does not answer yet.
 *
 * @throws ConfigError when it answers and refuses us: waiting would not help
 */
export async function redisAccess(url: string): Promise<string | null> {
  const client = new Redis(url, {
    lazyConnect: true,
    retryStrategy: () => null,
    connectTimeout: 2000,
    commandTimeout: 2000,
    maxRetriesPerRequest: 0,
  });
  let reason: string | null = null;
  client.on('error', ({ message }: Error) => {
    reason ??= message;
  });
  try {
    await client.connect();
    await client.ping();
  } catch (error) {
    reason ??= (error as Error).message;
  } finally {
    client.disconnect();
  }
  const refusal = /^-?(?:NOAUTH|WRONGPASS|DENIED)\b/.exec(reason ?? '')?.[0];
  if (refusal === undefined) return reason;
  const expected = 'the URL with the user and password that this server asks for, redis://user:password@host:6379';
  throw new ConfigError([{ variable: 'REDIS_URL', value: `(refused: ${refusal})`, expected }]);
}
