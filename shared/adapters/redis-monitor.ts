import type { Redis } from 'ioredis';
import type { Log } from '../log.ts';

export type RedisState = {
  /** Whether the server answered when last asked. */
  reachable: boolean;
  /** Used share of `maxmemory`, 0…1 and a little more; null when the server has no limit or has not been asked yet. */
  memoryShare: number | null;
};

export type RedisMonitor = {
  state(): RedisState;
  /** Asks now; never throws. */
  check(): Promise<void>;
  stop(): void;
};

/** A frozen server is known to be away after at most the two together. */
const intervalMs = 500;
const answerMs = 500;

/**
 * Asks the server for its memory twice a second, so that callers know without a round trip whether it is there.
 *
 * Its timers keep no process alive.
 */
export function monitorRedis(redis: Redis, log: Log): RedisMonitor {
  let state: RedisState = { reachable: false, memoryShare: null };
  let timer: NodeJS.Timeout | null = null;
  let policyTold = false;

  const tellPolicy = (policy: string | undefined): void => {
    if (policyTold || policy === undefined) return;
    policyTold = true;
    if (policy !== 'noeviction')
      log.warn({ policy }, 'redis evicts keys when it is full and so loses jobs: set maxmemory-policy noeviction');
  };
  const check = async (): Promise<void> => {
    try {
      const facts = readInfo(await answered(redis.info('memory')));
      const limit = Number(facts.get('maxmemory') ?? 0);
      tellPolicy(facts.get('maxmemory_policy'));
      state = { reachable: true, memoryShare: limit > 0 ? Number(facts.get('used_memory')) / limit : null };
    } catch {
      away(); // why is told by the connection's own log
    }
  };
  const away = (): void => {
    state = { ...state, reachable: false };
  };
  const tick = (): void => {
    timer = setTimeout(() => void check().then(() => timer && tick()), intervalMs);
    timer.unref();
  };
  const onReady = (): void => void check();

  redis.on('close', away);
  redis.on('ready', onReady);
  tick();
  return {
    state: () => state,
    check,
    stop() {
      if (timer) clearTimeout(timer);
      timer = null;
      redis.off('close', away);
      redis.off('ready', onReady);
    },
  };
}

/** Rejects when no answer has come in time. A late timer (our own loop was blocked) first lets waiting answers in. */
function answered<Answer>(asked: Promise<Answer>): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const late = (): void => reject(new Error('no answer'));
    const timer = setTimeout(() => setImmediate(() => setImmediate(late)), answerMs);
    timer.unref();
    asked.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** Reads the lines `name:value` of an INFO answer. */
function readInfo(info: string): Map<string, string> {
  const lines = info.split(/\r?\n/).filter((line) => line.includes(':'));
  return new Map(
    lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)] as [string, string]),
  );
}
