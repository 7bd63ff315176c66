import { setImmediate as turn } from 'node:timers/promises';

/** Batch work lets the process do other things after so long at the latest: a turn of its event loop costs some 20 µs. */
const sliceMs = 1;
/** It waits at most so long for single renders that never cease: it goes on, slowly. */
const patienceMs = 60;

/** Lets single renders pass batch work within a process. */
export type RightOfWay = {
  /** Runs `work`, which goes before all batch work of this process. */
  first<Result>(work: () => Promise<Result>): Promise<Result>;
  /** To be awaited between small pieces of batch work: returns at once, or when it may go on. */
  giveWay(): Promise<void>;
  /** Calls `listener` whenever something goes first. */
  onFirst(listener: () => void): void;
};

/**
 * Makes the right of way of one process. Batch work runs in slices of a few milliseconds; between two of them the process takes
 * single renders from their queue and draws them, and batch work waits until they are done.
 */
export function createRightOfWay(clock: () => number = () => performance.now()): RightOfWay {
  const leaving = new Set<() => void>();
  const listeners: (() => void)[] = [];
  let inHand = 0;
  let sliceFrom = clock();

  const untilNone = (): Promise<void> =>
    new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        leaving.delete(done);
        resolve();
      };
      const timer = setTimeout(done, patienceMs);
      leaving.add(done);
    });

  return {
    async first(work) {
      inHand++;
      for (const listener of listeners) listener();
      try {
        return await work();
      } finally {
        inHand--;
        if (inHand === 0) for (const done of leaving) done();
      }
    },
    async giveWay() {
      if (inHand === 0 && clock() - sliceFrom < sliceMs) return;
      await turn();
      if (inHand > 0) await untilNone();
      sliceFrom = clock();
    },
    onFirst: (listener) => void listeners.push(listener),
  };
}
