import type { ServerResponse } from 'node:http';
import type { ToldEnd, WorkStatus } from '../shared/adapters/database/database.ts';
import type { Queues } from '../shared/adapters/queues.ts';
import type { WorkError } from '../shared/errors.ts';
import type { Log } from '../shared/log.ts';

type Work = {
  id: string;
  status: WorkStatus;
  jobId: string;
  result: unknown;
  error: WorkError | null;
  completedAt: number | null;
};

/** Whether work has ended, well or not. */
export function hasEnded({ status }: { status: WorkStatus }): boolean {
  return status !== 'queued' && status !== 'running';
}

export type Waiter<Row> = {
  /**
   * Waits for the end of a row that was open, at most `timeoutMs` and only as long as the caller's connection is open; null when
   * there was none.
   */
  ended(open: Row, timeoutMs: number, response: ServerResponse): Promise<Row | null>;
  /** Stops listening. Every waiter must be closed. */
  close(): void;
};

type Listening<Row> = {
  /** The row as its owner saw it; null while it is being accepted. */
  open: Row | null;
  /** An end that was told meanwhile. */
  told: ToldEnd | null;
  row: Row | null;
  wake: ((row: Row | null) => void) | null;
};

/**
 * Tells whoever waits here that a piece of work has ended, wherever it was done.
 *
 * A waiter is opened before the work is accepted, so that no end can slip through in between. A message that says how the row's
 * own job ended it is as good as the row; the rows of all others that ended together are read together. A lost message costs no
 * more than the wait: whoever's time is up re-reads its row itself.
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
    from.queues.onEnded((ids, ends) => void this.#read(this.#tell(ids, ends)));
    from.hurry.addEventListener('abort', () => this.#wakeAll(), { once: true });
  }

  /** How many wait. */
  get size(): number {
    let size = 0;
    for (const listening of this.#waiting.values()) size += listening.size;
    return size;
  }

  open(id: string): Waiter<Row> {
    const mine: Listening<Row> = { open: null, told: null, row: null, wake: null };
    const others = this.#waiting.get(id);
    if (others) others.add(mine);
    else this.#waiting.set(id, new Set([mine]));
    return {
      ended: (row, timeoutMs, response) => {
        mine.open = row;
        if (mine.told !== null && !this.#take(mine, mine.told)) void this.#read([id]);
        return this.#ended(mine, timeoutMs, response);
      },
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

  /** Gives told ends to those who wait for them; answers the ids that must be read for the others. */
  #tell(ids: string[], ends: ToldEnd[]): string[] {
    const told = new Map(ends.map((end) => [end.id, end]));
    return ids.filter((id) => {
      const end = told.get(id);
      const waiting = [...(this.#waiting.get(id) ?? [])];
      return waiting.filter((listening) => end === undefined || !this.#take(listening, end)).length > 0;
    });
  }

  /** Takes how a row's own job ended it; false when another job carries the row by now: then only the row can tell. */
  #take(listening: Listening<Row>, end: ToldEnd): boolean {
    const { open } = listening;
    if (open === null) {
      listening.told = end;
      return true;
    }
    if (open.jobId !== end.jobId) return false;
    const { at: completedAt, result, error } = end;
    this.#wake(listening, { ...open, status: error === null ? 'completed' : 'failed', result, error, completedAt });
    return true;
  }

  async #read(ids: string[]): Promise<void> {
    if (ids.length === 0) return;
    try {
      for (const row of await this.#findMany(ids)) {
        if (hasEnded(row)) for (const listening of this.#waiting.get(row.id) ?? []) this.#wake(listening, row);
      }
    } catch (err) {
      this.#log.warn({ err }, 'rows of ended work not read; their waiters read them when their time is up');
    }
  }

  #wake(listening: Listening<Row>, row: Row): void {
    listening.row = row;
    listening.wake?.(row);
  }

  #wakeAll(): void {
    this.#hurried = true;
    for (const all of this.#waiting.values()) for (const listening of all) listening.wake?.(listening.row);
  }
}
