import { setTimeout as delay } from 'node:timers/promises';
import { Redis, type RedisOptions } from 'ioredis';
import { unavailable } from '../errors.ts';
import type { Log } from '../log.ts';

/** Reconnects for ever: 50 ms doubling to a second, with jitter so that many processes do not come back in step. */
function retryStrategy(attempt: number): number {
  return Math.min(50 * 2 ** Math.min(attempt - 1, 10), 1000) + Math.floor(Math.random() * 100);
}

const everyUse = { connectTimeout: 2000, retryStrategy } satisfies RedisOptions;

const uses = {
  /**
   * Fails fast, and sends nothing twice. Without `commandTimeout` a frozen server would hang the caller; without `socketTimeout` a host that vanished would
   * keep its dead connection for a quarter of an hour.
   */
  producer: {
    ...everyUse,
    commandTimeout: 1000,
    socketTimeout: 5000,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
  },
  /** As a producer, with time for what an operator asks of long queues. */
  operator: {
    ...everyUse,
    commandTimeout: 15_000,
    socketTimeout: 20_000,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
  },
  /** Waits for the server as long as it takes: BullMQ's blocking reads must never be given up by the client. */
  worker: { ...everyUse, socketTimeout: 60_000, maxRetriesPerRequest: null },
  /** Listens; its owner subscribes again whenever it is ready, and pings so that `socketTimeout` finds a dead connection. */
  subscriber: { ...everyUse, socketTimeout: 5000, maxRetriesPerRequest: 0, autoResubscribe: false },
} satisfies Record<string, RedisOptions>;

/**
 * Opens a connection that heals itself; returns before it is established.
 *
 * @param url `redis://` or `rediss://`, with user name, password and database number if any
 * @param name shown by the server's CLIENT LIST and in our log
 */
export function openRedis(url: string, use: keyof typeof uses, { name, log }: { name: string; log: Log }): Redis {
  const redis = new Redis(url, { ...uses[use], connectionName: name });
  reportTrouble(redis, name, log);
  return redis;
}

/** Logs when the server goes and when it is back, once each. Only messages: a Redis error carries its command, password included. */
function reportTrouble(redis: Redis, connection: string, log: Log): void {
  let reason: string | null = null;
  redis.on('error', (error: Error) => {
    if (reason === null) log.warn({ connection, reason: error.message }, 'redis is away');
    reason = error.message;
  });
  redis.on('reconnecting', () => {
    if (reason === null) log.warn({ connection, reason: 'the connection was closed' }, 'redis is away');
    reason ??= 'closed';
  });
  redis.on('ready', () => {
    if (reason !== null) log.info({ connection }, 'redis is back');
    reason = null;
  });
}

/** Waits until the connection is established or has failed for the first time, a second at most. */
export async function firstOutcome(redis: Redis): Promise<void> {
  if (redis.status === 'ready') return;
  const events = ['ready', 'error', 'close'];
  await new Promise<void>((resolve) => {
    const finish = (): void => {
      clearTimeout(timer);
      for (const event of events) redis.off(event, finish);
      resolve();
    };
    const timer = setTimeout(finish, 1000);
    for (const event of events) redis.on(event, finish);
  });
}

/** Ends a connection: what is under way may finish for half a second, then it is cut. */
export async function closeRedis(redis: Redis): Promise<void> {
  if (redis.status === 'ready') {
    const quit = redis.quit().catch(() => 'cut'); // the connection broke while it was being closed
    await Promise.race([quit, delay(500, 'cut', { ref: false })]);
  }
  redis.disconnect();
}

/** Translates what a Redis command threw into an AppError `unavailable`: `queue_full` when it is out of memory. */
export function redisUnavailable(what: string, cause: unknown) {
  const reason = cause instanceof Error ? cause.message : String(cause);
  if (/\bOOM\b/.test(reason)) return unavailable('queue_full', `${what}: Redis has no memory left`, cause, 5);
  return unavailable('queue_unavailable', `${what}: ${reason}`, cause);
}
