import type { Log } from '../log.ts';
import type { Tally } from '../tally.ts';
import { closeRedis, firstOutcome, openRedis } from './redis-connection.ts';

/**
 * How a worker process is: whether it draws whatever comes or suspects only, bytes of memory, and seconds that its event loop came too
 * late at worst.
 */
export type ProcessFacts = { id: string; kind: 'pool' | 'suspect'; residentBytes: number; lagSeconds: number };

export type SharedCounts = Awaited<ReturnType<typeof connectSharedCounts>>;

const pushEveryMs = 2000;
/** A process that was not heard of for so long is gone. */
const heardMs = 10_000;

/**
 * Counters of the whole deployment, in Redis: whoever counts adds what is new every two seconds, whoever is asked reads the sums.
 * Redis away is no error: what was counted meanwhile is added later. A process that is killed takes its last two seconds along.
 */
export async function connectSharedCounts(redis: { url: string; prefix: string }, log: Log) {
  const client = openRedis(redis.url, 'producer', { name: 'counts', log });
  const countsKey = `${redis.prefix}:counts`;
  const idsKey = `${redis.prefix}:processes`;
  const processKey = (id: string): string => `${redis.prefix}:process:${id}`;
  await firstOutcome(client);

  const readProcesses = async (): Promise<ProcessFacts[]> => {
    const ids = await client.smembers(idsKey);
    const shown = ids.length === 0 ? [] : await client.mget(ids.map(processKey));
    const gone = ids.filter((_, index) => shown[index] === null);
    if (gone.length > 0) await client.srem(idsKey, ...gone);
    return ids.flatMap((id, index) => {
      const facts = shown[index];
      return facts == null ? [] : [{ id, ...(JSON.parse(facts) as Omit<ProcessFacts, 'id'>) }];
    });
  };
  const unlessAway = async <Answer>(read: () => Promise<Answer>): Promise<Answer | null> => {
    try {
      return await read();
    } catch (error) {
      log.debug({ reason: (error as Error).message }, 'counts not read');
      return null;
    }
  };

  return {
    /** Adds what `tally` counts from now on, and shows the process, until the returned function is called: it adds the rest. */
    push(tally: Tally, facts: () => ProcessFacts): () => Promise<void> {
      const pushed = new Map<string, number>();
      const push = async (): Promise<void> => {
        const { id, ...shown } = facts();
        const pipeline = client.pipeline();
        const sent: [string, number][] = [];
        for (const [series, value] of tally.series()) {
          const before = pushed.get(series);
          if (before === value) continue; // one that is new is shown although it is 0
          pipeline.hincrbyfloat(countsKey, series, value - (before ?? 0));
          sent.push([series, value]);
        }
        pipeline.set(processKey(id), JSON.stringify(shown), 'PX', heardMs).sadd(idsKey, id);
        const answers = await pipeline.exec();
        for (const [index, [series, value]] of sent.entries())
          if (answers?.[index]?.[0] === null) pushed.set(series, value);
      };
      // One after the other: two at once would add the same twice.
      let last = Promise.resolve();
      const pushSafely = (): Promise<void> => {
        last = last.then(push).catch((error: Error) => log.debug({ reason: error.message }, 'counts not pushed'));
        return last;
      };
      void pushSafely();
      const timer = setInterval(() => void pushSafely(), pushEveryMs);
      return async () => {
        clearInterval(timer);
        await pushSafely();
      };
    },

    /** The sums by series, and the processes that were heard of lately; null when Redis does not answer. */
    read: (): Promise<{ counts: Map<string, number>; processes: ProcessFacts[] } | null> =>
      unlessAway(async () => {
        const [counts, processes] = await Promise.all([client.hgetall(countsKey), readProcesses()]);
        return {
          counts: new Map(Object.entries(counts).map(([series, value]) => [series, Number(value)])),
          processes,
        };
      }),

    /** The processes that were heard of lately; null when Redis does not answer. */
    processes: (): Promise<ProcessFacts[] | null> => unlessAway(readProcesses),

    close: (): Promise<void> => closeRedis(client),
  };
}
