import { retryBusy, SqliteFile } from './file.ts';

/** Whoever is next in line looks often, for only one process is; the others may nap longer. */
const nextNapMs = 0.1;
const othersNapMs = 0.5;

/** A lock that every process can hold for a while, and that the kernel frees when its holder dies. */
function openLock(path: string): SqliteFile {
  const lock = new SqliteFile(path);
  /* Each transaction would write to an empty file; with a table in it a lock is a few system calls. */
  retryBusy(() => lock.exec('create table if not exists lock (empty integer) strict'));
  return lock;
}

const take = (lock: SqliteFile, napMs: number): void => retryBusy(() => lock.exec('begin immediate'), napMs);
const give = (lock: SqliteFile): void => lock.exec('rollback');

/**
 * Lets the writers of all processes go one after the other, in turns that are fair.
 *
 * With SQLite's own lock a busy process takes it again before the others wake from their naps, and they starve. Here one
 * must be next in line before it is one's turn, and whoever had the turn cannot be next while another one is.
 */
export class Turns {
  readonly #next: SqliteFile;
  readonly #turn: SqliteFile;

  constructor(path: string) {
    this.#next = openLock(`${path}-next`);
    this.#turn = openLock(`${path}-turn`);
  }

  /** Runs `action` while no other process is in a turn. @throws `SQLITE_BUSY` when the turn does not come in time. */
  take<Result>(action: () => Result): Result {
    take(this.#next, othersNapMs);
    try {
      take(this.#turn, nextNapMs);
    } finally {
      give(this.#next);
    }
    try {
      return action();
    } finally {
      give(this.#turn);
    }
  }

  close(): void {
    this.#next.close();
    this.#turn.close();
  }
}
