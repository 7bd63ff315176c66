import type { NewJob } from '../shared/adapters/queues.ts';
import { createBreather } from './breather.ts';
import { countBuckets } from './count-buckets.ts';
import type { Handler, WorkDeps } from './handlers.ts';

/** Scans show in analytics about so long after they are in the ledger: meanwhile others come that are counted with them. */
const slotMs = 1000;
/** How often dirty buckets are looked for that nobody asked to count. */
const timerMs = 10_000;
/** Each time their tenant's bucket is added up from all of its codes: 10,000 codes took 13 s of a processor 200 at a time, and take 3.6 s. */
const bucketsAtATime = 5000;
/**
 * What took long is not begun again at once: counting has a tenth of the time, its pauses taken off the rest, and nobody waits over
 * half a minute for it.
 */
const restsPerRun = 9;
const longestRestMs = 30_000;
/** After this a roll-up makes way for another job, which goes on. */
const longestMs = 20_000;

type RollUpDeps = Pick<WorkDeps, 'queues' | 'log' | 'now' | 'pause' | 'ending'> & {
  database: Pick<WorkDeps['database'], 'scans' | 'codes'>;
};

/** Returns the job that counts what is marked by the end of this second, or of a later one; every process adds the same one. */
export function rollUpJob(now: number, earliest = now): NewJob {
  const slot = Math.floor(earliest / slotMs) + 1;
  return { name: 'roll-up-scans', payload: {}, jobId: `roll-up-${slot}`, delayMs: slot * slotMs - now };
}

/**
 * Adds a roll-up every 10 s, for buckets whose own roll-up was lost with Redis. The timers live in the processes, which add one
 * between them. Returns how to stop it.
 */
export function startRollingUp({ queues, log, now }: Pick<RollUpDeps, 'queues' | 'log' | 'now'>): () => void {
  const timer = setInterval(() => {
    const jobId = `roll-up-timer-${Math.floor(now() / timerMs)}`;
    queues
      .add([{ name: 'roll-up-scans', payload: {}, jobId }])
      .catch((err: unknown) => log.warn({ err }, 'no roll-up could be queued this time'));
  }, timerMs);
  return () => clearInterval(timer);
}

/**
 * Counts dirty buckets until there are none. One runs at a time in the whole deployment, for the sake of speed only. A bucket with
 * hundreds of thousands of scans, counted anew every second, would take a processor for itself: a long run makes pauses, and is
 * followed by a rest. A process that is to end leaves it to another in such a pause.
 *
 * A roll-up that fails is not tried again: its marks stand, and the timer adds the next.
 */
export function createRollUpScans({ database, queues, log, now, pause, ending }: RollUpDeps): Handler<'roll-up-scans'> {
  let restsUntil = 0;
  return async () => {
    const begun = now();
    if (begun < restsUntil && restsUntil - begun <= longestRestMs) {
      await queues.add([rollUpJob(begun, restsUntil)]);
      return { verdict: 'done' };
    }
    const until = begun + longestMs;
    const breather = createBreather({ now, pause: (ms) => pause(ms, ending), mostPausesMs: longestRestMs });
    try {
      for (;;) {
        const marks = await database.scans.dirtyBuckets(bucketsAtATime);
        if (marks.length > 0) await countBuckets({ ...database, breathe: breather.breathe }, marks);
        const workedMs = now() - begun - breather.pausedMs;
        const restMs = Math.min(workedMs * restsPerRun, longestRestMs) - breather.pausedMs;
        restsUntil = now() + Math.max(restMs, 0);
        if (marks.length < bucketsAtATime) return { verdict: 'done' };
        if (now() < until) continue;
        await queues.add([rollUpJob(now())]);
        return { verdict: 'done' };
      }
    } catch (error) {
      if (ending.aborted && (error as Error).name === 'AbortError') {
        await queues.add([rollUpJob(now())]);
        return { verdict: 'done' };
      }
      log.warn({ err: error }, 'this roll-up did not come to its end');
      return { verdict: 'failed', error: error instanceof Error ? error : new Error(String(error)) };
    }
  };
}
