import type { SqlValue } from './columns.ts';
import { migrate, retryBusy, SqliteFile } from './file.ts';
import { type FoldName, type FoldRange, type FoldResults, folds } from './folds.ts';
import type { Call, Failure, Settled, Write, WriteResult } from './protocol.ts';
import { failureOf, isAway } from './sqlite-error.ts';
import { Turns } from './turns.ts';

/** Rows, or pages of long ones, that this process changes between two checkpoints: a few megabytes of write-ahead log. */
const rowsPerCheckpoint = 1000;
const pageBytes = 4096;
const checkpoint = 'pragma wal_checkpoint(passive)';

/**
 * The writing side of the file, for one thread of each process.
 *
 * Writers of all processes take turns, and checkpoints run within a turn. Left to itself SQLite lets one process checkpoint
 * while another writes, and the SQLite inside libsql (3.45) has the WAL-reset bug (https://sqlite.org/wal.html#walresetbug):
 * a write at the wrong moment of a checkpoint can be lost. So nothing is checkpointed automatically, nor beside a writer.
 */
export class SqliteWriter {
  readonly #turns: Turns;
  readonly #file: SqliteFile;
  readonly #onTrouble: (failure: Failure) => void;
  #rowsSinceCheckpoint = 0;
  #synchronous = '';

  /** Opens, and makes if missing, the file at `path`; `onTrouble` hears what went wrong without failing a call. */
  constructor(path: string, onTrouble: (failure: Failure) => void) {
    this.#onTrouble = onTrouble;
    this.#turns = new Turns(path);
    this.#file = new SqliteFile(path);
    this.#turns.take(() => {
      retryBusy(() => this.#file.all('pragma journal_mode = wal', []));
      this.#synchronise(true);
      this.#file.exec('pragma wal_autocheckpoint = 0');
      this.#file.all(checkpoint, []);
      migrate(this.#file);
    });
  }

  /** Failing makes the log longer, nothing else: what was written is durable already, and the next write tries again. */
  #checkpointWhenDue(): void {
    if (this.#rowsSinceCheckpoint < rowsPerCheckpoint) return;
    try {
      this.#file.all(checkpoint, []);
      this.#rowsSinceCheckpoint = 0;
    } catch (error) {
      this.#onTrouble(failureOf(error));
    }
  }

  /** Between transactions: whether a commit waits for the disk. Without waiting it is as atomic, and the next that waits syncs it too. */
  #synchronise(durable: boolean): void {
    const wanted = durable ? 'full' : 'normal';
    if (this.#synchronous === wanted) return;
    this.#file.exec(`pragma synchronous = ${wanted}`);
    this.#synchronous = wanted;
  }

  #run({ sql, parameters, otherwise, read }: Write): WriteResult {
    const result: WriteResult = { changes: [], rows: [] };
    for (const values of parameters) {
      const changes = this.#file.run(sql, values);
      const more = changes === 0 && otherwise !== undefined ? this.#file.run(otherwise, values) : 0;
      const reads = read !== undefined && (read.when === 'always' || changes === 0);
      result.changes.push(changes);
      result.rows.push(reads ? this.#file.get(read.sql, [values[0] as SqlValue]) : null);
      if (changes + more > 0) this.#rowsSinceCheckpoint += changes + more + pagesOf(values);
    }
    return result;
  }

  #commit(calls: Call[]): WriteResult[][] {
    return this.#turns.take(() => {
      this.#synchronise(calls.some((writes) => writes.some(({ undurable }) => undurable !== true)));
      const results = this.#file.transaction(() => calls.map((call) => call.map((write) => this.#run(write))));
      this.#checkpointWhenDue();
      return results;
    });
  }

  /** Does all in one transaction, durable unless none of them needs it; when one of them fails, each in its own, so that it fails alone. */
  write(calls: Call[]): Settled<WriteResult[]>[] {
    try {
      return this.#commit(calls).map((value) => ({ value }));
    } catch (error) {
      if (calls.length === 1 || isAway(error)) return calls.map(() => ({ failure: failureOf(error) }));
      return calls.flatMap((call) => this.write([call]));
    }
  }

  read(sql: string, parameters: SqlValue[]): SqlValue[][] {
    return retryBusy(() => this.#file.all(sql, parameters));
  }

  readEach(sql: string, parameters: SqlValue[][]): SqlValue[][] {
    return parameters.flatMap((values) => this.read(sql, values));
  }

  /** Adds up what `sql` finds, a set of parameters at a time. */
  fold(sql: string, parameters: SqlValue[][], name: FoldName, range: FoldRange): FoldResults[FoldName] {
    const { add, result } = folds[name](range);
    for (const values of parameters) for (const row of this.read(sql, values)) add(row);
    return result();
  }

  close(): void {
    this.#file.close();
    this.#turns.close();
  }
}

function pagesOf(values: SqlValue[]): number {
  let length = 0;
  for (const value of values) if (typeof value === 'string') length += value.length;
  return Math.floor(length / pageBytes);
}
