import { unavailable } from '../../errors.ts';

/** Knows the calls that are under way, so that closing can wait for them; refuses new ones once closing began. */
export class CallsInHand {
  readonly #calls = new Set<Promise<unknown>>();
  #closing = false;

  /** @throws AppError `unavailable` once closing began. */
  assertOpen(): void {
    if (this.#closing) throw unavailable('database_unavailable', 'The database connection of this process is closed');
  }

  /** Runs `call` and remembers it until it settles. */
  async run<Result>(call: () => Promise<Result>): Promise<Result> {
    this.assertOpen();
    const running = call();
    this.#calls.add(running);
    try {
      return await running;
    } finally {
      this.#calls.delete(running);
    }
  }

  /** Refuses new calls from now on and waits for those in hand, however they end. */
  async finish(): Promise<void> {
    this.#closing = true;
    await Promise.allSettled(this.#calls);
  }
}
