/** So much is done without a pause: short work ends as early as it can. */
const spellMs = 100;
/** Pauses are so many times as long as what was done before. */
const pausesPerSpell = 8;
const longestPauseMs = 2000;

/** `mostPausesMs`: in all; the rest is done without. A `pause` that rejects ends the work. */
type Needs = { now: () => number; pause: (ms: number) => Promise<void>; mostPausesMs: number };

/** Lets a long piece of work that nobody waits for leave most of the processor, and of the disk, to others all the time. */
export type Breather = {
  /** To be awaited between small pieces: returns at once, or after a pause that all lanes of the work make together. */
  breathe(): Promise<void>;
  /** How long all pauses were, ms. */
  readonly pausedMs: number;
};

export function createBreather({ now, pause, mostPausesMs }: Needs): Breather {
  let since = now();
  let pausedMs = 0;
  let pausing: Promise<void> | null = null;

  const pauseFor = async (ms: number): Promise<void> => {
    const begun = now();
    await pause(ms);
    since = now();
    pausedMs += since - begun;
    pausing = null;
  };

  return {
    async breathe() {
      const workedMs = now() - since;
      if (pausing === null && (workedMs < spellMs || pausedMs >= mostPausesMs)) return;
      pausing ??= pauseFor(Math.min(workedMs * pausesPerSpell, longestPauseMs, mostPausesMs - pausedMs));
      await pausing;
    },
    get pausedMs() {
      return pausedMs;
    },
  };
}
