import type { ServerResponse } from 'node:http';
import type { WorkStatus } from '../shared/adapters/database/database.ts';
import type { Queues } from '../shared/adapters/queues.ts';
import type { Log } from '../shared/log.ts';

type Work = { id: string; status: WorkStatus };

/** Whether work has ended, well or not. */
export function hasEnded({ status }: { status: WorkStatus }): boolean {
  return status !== 'queued' && status !== 'running';
}

export type Waiter<Row> = {
  /**
   * Waits for the end at most `timeoutMs`, and only as long as the caller's connection is open; null when there was none.
   */
  ended(timeoutMs: number, response: ServerResponse): Promise<Row | null>;
  /** Stops listening. Every waiter must be closed. */
  close(): void;
};

type Listening<Row> = { row: Row | null; wake: ((row: Row | null) => void) | null };

/**
 * Tells whoever waits here that a piece of work has ended, wherever it was done.
 *
 * A waiter is opened before the work is accepted, so that no end can slip through in between. The rows of all that ended
 * together are read together. A lost message costs no more than the wait: whoever's time is up re-reads its row itself.
 */
export class EndedWaiters<Row extends Work> {
  readonly #waiting = new Map<string, Set<Listening<Row>>>();
  readonly #findMany: (ids: string[]) => Promise<Row[]>;
  readonly #log: Log;
  #hurried = false;

  constructor(from: {
    queues: Pick<Queues, 'onEnded'>;
    findMany: (ids: string[]) => Promise<Row[]>;
    hurry: AbortSignal;
    log: Log;
  }) {
    this.#findMany = from.findMany;
    this.#log = from.log;
    from.queues.onEnded((ids) => void this.#tell(ids));
    from.hurry.addEventListener('abort', () => this.#wakeAll(), { once: true });
  }

  /** How many wait. */
  get size(): number {
    let size = 0;
    for (const listening of this.#waiting.values()) size += listening.size;
    return size;
  }

  open(id: string): Waiter<Row> {
    const mine: Listening<Row> = { row: null, wake: null };
    const others = this.#waiting.get(id);
    if (others) others.add(mine);
    else this.#waiting.set(id, new Set([mine]));
    return {
      ended: (timeoutMs, response) => this.#ended(mine, timeoutMs, response),
      close: () => {
        const all = this.#waiting.get(id);
        if (all?.delete(mine) && all.size === 0) this.#waiting.delete(id);
      },
    };
  }

  #ended(mine: Listening<Row>, timeoutMs: number, response: ServerResponse): Promise<Row | null> {
    if (mine.row !== null || timeoutMs <= 0 || this.#hurried || response.closed) return Promise.resolve(mine.row);
    return new Promise((resolve) => {
      const wake = (row: Row | null): void => {
        clearTimeout(timer);
        response.off('close', gone);
        mine.wake = null;
        resolve(row);
      };
      const gone = (): void => wake(null);
      const timer = setTimeout(gone, timeoutMs);
      response.once('close', gone);
      mine.wake = wake;
    });
  }

  async #tell(ids: string[]): Promise<void> {
    const here = ids.filter((id) => this.#waiting.has(id));
    if (here.length === 0) return;
    try {
      for (const row of await this.#findMany(here)) this.#deliver(row);
    } catch (err) {
      this.#log.warn({ err }, 'rows of ended work not read; their waiters read them when their time is up');
    }
  }

  #deliver(row: Row): void {
    if (!hasEnded(row)) return;
    for (const listening of this.#waiting.get(row.id) ?? []) {
      listening.row = row;
      listening.wake?.(row);
    }
  }

  #wakeAll(): void {
    this.#hurried = true;
    for (const all of this.#waiting.values()) for (const listening of all) listening.wake?.(listening.row);
  }
}
