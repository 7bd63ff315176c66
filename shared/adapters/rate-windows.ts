import { LRUCache } from 'lru-cache';
import { RateLimiterMemory, RateLimiterRedis } from 'rate-limiter-flexible';
import type { Log } from '../log.ts';
import { closeRedis, firstOutcome, openRedis } from './redis-connection.ts';
import { monitorRedis } from './redis-monitor.ts';

/** So many calls in each window of so many seconds. `name` is seen by callers. */
export type RatePolicy = { name: string; calls: number; windowS: number };

/** How a caller stands after a call. */
export type RateStanding = { isAllowed: boolean; remaining: number; resetS: number };

/** Calls are told to Redis together, so long after the first of them. */
const gatherMs = 10;
/** What a caller whom this process does not know yet waits for Redis to tell, at most. */
const patienceMs = 100;
const mostCallers = 50_000;

type Window = {
  readonly redisKey: string;
  /** Calls that Redis knew of at the last answer, those that it is being told of, and those that it is not told of yet. */
  told: number;
  onTheWay: number;
  untold: number;
  endsAt: number;
  /** The first answer of Redis about this window; null once it is there. */
  first: Promise<void> | null;
};

export type RateWindows = Awaited<ReturnType<typeof connectRateWindows>>;
export type RateLimit = ReturnType<RateWindows['limit']>;

/**
 * Connects what counts calls in windows that all processes share through Redis.
 *
 * Only the first call of a caller's window waits for Redis; the others are decided at once by what it told, and told to it in groups
 * of 10 ms. So processes together let pass at most what comes within these 10 ms above a limit. Without Redis each process counts
 * on its own.
 */
export async function connectRateWindows(redis: { url: string; prefix: string }, log: Log) {
  const client = openRedis(redis.url, 'producer', { name: 'rates', log });
  const monitor = monitorRedis(client, log);
  await firstOutcome(client);
  await monitor.check();
  const isThere = (): boolean => monitor.state().reachable;

  return {
    /** @param redisKeyOf makes what Redis shall know a caller by: no address in the clear */
    limit: (policy: RatePolicy, redisKeyOf: (caller: string) => string) => {
      const options = {
        points: policy.calls,
        duration: policy.windowS,
        keyPrefix: `${redis.prefix}:rate:${policy.name}`,
      };
      const alone = new RateLimiterMemory(options);
      const shared = new RateLimiterRedis({
        ...options,
        storeClient: client,
        rejectIfRedisNotReady: true,
        insuranceLimiter: alone,
      });
      return createRateLimit(policy, redisKeyOf, (key, calls) => (isThere() ? shared : alone).penalty(key, calls));
    },
    async close(): Promise<void> {
      monitor.stop();
      await closeRedis(client);
    },
  };
}

const callsOf = ({ told, onTheWay, untold }: Window): number => told + onTheWay + untold;

type Told = { consumedPoints: number; msBeforeNext: number };

/**
 * Makes one limit.
 *
 * @param tell adds calls to a caller's window wherever it is shared; answers how it stands then
 */
export function createRateLimit(
  policy: RatePolicy,
  redisKeyOf: (caller: string) => string,
  tell: (redisKey: string, calls: number) => Promise<Told>,
) {
  const windows = new LRUCache<string, Window>({ max: mostCallers });
  const waiting = new Set<Window>();
  let timer: NodeJS.Timeout | null = null;
  const clock = (): number => performance.now();

  const share = async (window: Window): Promise<void> => {
    const calls = window.untold;
    window.untold = 0;
    window.onTheWay += calls;
    const { consumedPoints, msBeforeNext } = await tell(window.redisKey, calls);
    // An answer knows nothing of what was sent after its question.
    window.onTheWay -= calls;
    window.told = consumedPoints;
    window.endsAt = clock() + msBeforeNext;
  };
  const shareAll = (): void => {
    timer = null;
    for (const window of waiting) void share(window);
    waiting.clear();
  };
  const shareSoon = (window: Window): void => {
    waiting.add(window);
    if (timer === null) timer = setTimeout(shareAll, gatherMs).unref();
  };

  const windowOf = (caller: string): Window => {
    const now = clock();
    const known = windows.get(caller);
    if (known && known.endsAt > now) return known;
    const redisKey = known?.redisKey ?? redisKeyOf(caller);
    const window: Window = {
      redisKey,
      told: 0,
      onTheWay: 0,
      untold: 0,
      endsAt: now + policy.windowS * 1000,
      first: null,
    };
    windows.set(caller, window);
    return window;
  };
  const standing = (window: Window, isAllowed: boolean): RateStanding => ({
    isAllowed,
    remaining: Math.max(policy.calls - callsOf(window), 0),
    resetS: Math.max(Math.ceil((window.endsAt - clock()) / 1000), 1),
  });

  /** Counts the call, unless its window is full: then it is refused and costs nothing. */
  const take = (window: Window): RateStanding => {
    if (callsOf(window) >= policy.calls) return standing(window, false);
    window.untold++;
    shareSoon(window);
    return standing(window, true);
  };

  /** Asks Redis about a window that is new here; what this process lets in meanwhile waits for that, too. */
  const begin = (window: Window): Promise<void> => {
    window.untold = 1;
    const first = Promise.race([
      share(window),
      new Promise<void>((resolve) => setTimeout(resolve, patienceMs).unref()),
    ]);
    window.first = first.finally(() => {
      window.first = null;
    });
    return window.first;
  };

  return {
    policy,
    /** Counts a call of `caller`. The answer comes at once but for the first call of a window. */
    call(caller: string): RateStanding | Promise<RateStanding> {
      const window = windowOf(caller);
      if (window.first !== null) return window.first.then(() => take(window));
      const isNew = callsOf(window) === 0;
      if (!isNew) return take(window);
      return begin(window).then(() => standing(window, callsOf(window) <= policy.calls));
    },
    /** Tells, by what this process knows, how a caller stands whose window is full; null: as far as we know it is not. */
    exhausted(caller: string): RateStanding | null {
      const window = windows.get(caller);
      if (!window || window.endsAt <= clock() || callsOf(window) < policy.calls) return null;
      return standing(window, false);
    },
  };
}
