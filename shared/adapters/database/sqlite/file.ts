import Libsql from 'libsql';
import type { SqlValue } from './columns.ts';
import { migrations } from './schema.ts';
import { isBusy } from './sqlite-error.ts';

type Prepared = Libsql.Statement<[SqlValue[]]>;

/** `list` is prepared apart: behind an `all` that found nothing, libsql 0.5's `get` of the same statement finds nothing either. */
type Entry = { statement: Prepared; raw: Prepared | null; list: Prepared | null };

const patienceMs = 10_000;
const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** Blocks this thread, as libsql's own calls do. */
function sleep(ms: number): void {
  Atomics.wait(sleeper, 0, 0, ms);
}

/**
 * Tries `action` until it finds nobody in its way, for at most ten seconds, with naps of `napMs` in between.
 *
 * @throws the last `SQLITE_BUSY`, and any other error at once.
 */
export function retryBusy<Result>(action: () => Result, napMs = 0.5): Result {
  const until = performance.now() + patienceMs;
  for (;;) {
    try {
      return action();
    } catch (error) {
      if (!isBusy(error) || performance.now() > until) throw error;
      sleep(napMs);
    }
  }
}

/** One connection to a database file, with its statements prepared once. It never waits by itself: see retryBusy. */
export class SqliteFile {
  readonly #file: Libsql.Database;
  readonly #prepared = new Map<string, Entry>();

  constructor(path: string) {
    this.#file = new Libsql(path, { timeout: 0 });
  }

  #statement(sql: string): Entry {
    const known = this.#prepared.get(sql);
    if (known) return known;
    const statement = this.#file.prepare<[SqlValue[]]>(sql);
    const list = statement.reader ? this.#file.prepare<[SqlValue[]]>(sql).raw() : null;
    const entry = { statement, raw: statement.reader ? statement.raw() : null, list };
    this.#prepared.set(sql, entry);
    return entry;
  }

  exec(sql: string): void {
    this.#file.exec(sql);
  }

  /** Answers how many rows changed. */
  run(sql: string, parameters: SqlValue[]): number {
    return this.#statement(sql).statement.run(parameters).changes;
  }

  /** Answers the first row's values. */
  get(sql: string, parameters: SqlValue[]): SqlValue[] | null {
    return (this.#statement(sql).raw?.get(parameters) as SqlValue[] | undefined) ?? null;
  }

  all(sql: string, parameters: SqlValue[]): SqlValue[][] {
    return (this.#statement(sql).list?.all(parameters) as SqlValue[][] | undefined) ?? [];
  }

  /** Runs `action` in one write transaction; when it throws nothing of it stays. */
  transaction<Result>(action: () => Result): Result {
    retryBusy(() => this.exec('begin immediate'));
    try {
      const result = action();
      this.exec('commit');
      return result;
    } catch (error) {
      /* A full disk or an I/O error may have rolled back already. */
      if (this.#file.inTransaction) this.exec('rollback');
      throw error;
    }
  }

  /** libsql lets go of the file itself when the statements, which cannot be closed, are collected as garbage. */
  close(): void {
    this.#prepared.clear();
    this.#file.close();
  }
}

/**
 * Brings the file's tables to the latest version.
 *
 * @throws an error with code `database_version` when a newer QRFactory wrote the file.
 */
export function migrate(file: SqliteFile): void {
  file.transaction(() => {
    const version = Number(file.get('pragma user_version', [])?.[0]);
    if (version > migrations.length) {
      const message = `The database file has version ${version}; this QRFactory knows versions up to ${migrations.length}. Start the newer one, or give it another DATA_DIR.`;
      throw Object.assign(new Error(message), { code: 'database_version' });
    }
    for (const migration of migrations.slice(version)) file.exec(migration);
    if (version < migrations.length) file.exec(`pragma user_version = ${migrations.length}`);
  });
}
