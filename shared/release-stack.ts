export type Release = () => void | Promise<void>;

/**
 * Collects how to let go of each acquired resource and releases them in reverse order.
 *
 * Every release runs, even when one before it throws; the failures come back together as an AggregateError.
 */
export class ReleaseStack {
  readonly #releases: { name: string; release: Release }[] = [];
  #running: Promise<void> | null = null;

  /** Remembers `release` under `name`; returns nothing, so that it can stand right behind the acquisition. */
  defer(name: string, release: Release): void {
    this.#releases.push({ name, release });
  }

  /**
   * Releases everything, last acquired first, and what is deferred meanwhile. Callers that come while it runs share its end;
   * a later call finds nothing left to do.
   */
  release(): Promise<void> {
    this.#running ??= this.#releaseAll().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  async #releaseAll(): Promise<void> {
    const failures: Error[] = [];
    for (let entry = this.#releases.pop(); entry; entry = this.#releases.pop()) {
      try {
        await entry.release();
      } catch (cause) {
        failures.push(new Error(`Could not release ${entry.name}`, { cause }));
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, 'Some resources could not be released');
  }
}
