import type { Log } from '../shared/log.ts';

const shortestRestMs = 500;
const longestRestMs = 5000;

/** A step in the delivery of scans that rests when it fails, half a second doubling to five, and tells the log of the first failure only. */
export class RestingStep {
  readonly #name: string;
  readonly #run: () => Promise<void>;
  readonly #log: Log;
  #restMs = 0;
  #restsUntil = 0;

  constructor(name: string, run: () => Promise<void>, log: Log) {
    this.#name = name;
    this.#run = run;
    this.#log = log;
  }

  /** Whether the last attempt failed. */
  get hasFailed(): boolean {
    return this.#restMs > 0;
  }

  /** Ends a rest: the next attempt runs at once. */
  wake(): void {
    this.#restsUntil = 0;
  }

  /** Runs the step unless it rests; never throws. */
  async attempt(): Promise<void> {
    if (performance.now() < this.#restsUntil) return;
    const name = this.#name;
    try {
      await this.#run();
      if (this.hasFailed) this.#log.info({ name }, 'scans are delivered again');
      this.#restMs = 0;
    } catch (err) {
      if (!this.hasFailed) this.#log.warn({ err, name }, 'scans cannot be delivered for now and stay in the journal');
      this.#restMs = Math.min(Math.max(this.#restMs * 2, shortestRestMs), longestRestMs);
      this.#restsUntil = performance.now() + this.#restMs;
    }
  }
}
