import { chmod, mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { unavailable } from '../../../errors.ts';
import { groupCommit } from '../../../group-commit.ts';
import type { Log } from '../../../log.ts';
import { CallsInHand } from '../calls-in-hand.ts';
import type { SqlValue } from './columns.ts';
import { SqliteFile } from './file.ts';
import { databaseFileName } from './file-name.ts';
import type { FoldName, FoldRange, FoldResults } from './folds.ts';
import type { Call, Settled, Write, WriteResult } from './protocol.ts';
import { databaseError, failureOf, isBusy } from './sqlite-error.ts';
import { type Statement, settingStatements } from './statements.ts';
import { DatabaseThread } from './thread.ts';

/** Calls that share one transaction at most. */
const maxGroup = 64;
const pingTimeoutMs = 3000;

/**
 * A process's way to the database file: point look-ups at once on this thread (about 5 µs), everything else through the
 * database thread. All writes of the process that arrive while one transaction is under way share the next.
 */
export class SqliteConnection {
  readonly #thread: DatabaseThread;
  readonly #reader: SqliteFile;
  readonly #inHand = new CallsInHand();
  readonly #write: (call: Call) => Promise<Settled<WriteResult[]>>;

  constructor(thread: DatabaseThread, reader: SqliteFile) {
    this.#thread = thread;
    this.#reader = reader;
    this.#write = groupCommit((calls) => thread.ask({ kind: 'write', calls }), { maxGroup });
  }

  /** Runs the statement once for each set of parameters (see Write for `more`); durable when it returns unless it need not be. */
  async write(
    { sql }: Statement,
    parameters: SqlValue[][],
    more: Pick<Write, 'otherwise' | 'read' | 'undurable'> = {},
  ): Promise<WriteResult> {
    const [result] = await this.writeAll([{ sql, parameters, ...more }]);
    return result as WriteResult;
  }

  /** Runs several statements in this order, all in one transaction; durable when it returns. */
  writeAll(writes: Write[]): Promise<WriteResult[]> {
    return this.#inHand.run(async () => {
      if (writes.every(({ parameters }) => parameters.length === 0))
        return writes.map(() => ({ changes: [], rows: [] }));
      const settled = await this.#write(writes);
      if ('failure' in settled) throw databaseError(settled.failure);
      return settled.value;
    });
  }

  /** Reads many rows, off this thread. */
  list({ sql }: Statement, parameters: SqlValue[]): Promise<SqlValue[][]> {
    return this.#inHand.run(() => this.#thread.ask({ kind: 'read', sql, parameters }));
  }

  /** Reads once for each set of parameters, in one go; answers what all of them found. */
  listEach({ sql }: Statement, parameters: SqlValue[][]): Promise<SqlValue[][]> {
    return this.#inHand.run(() => this.#thread.ask({ kind: 'read-each', sql, parameters }));
  }

  /** Adds up many rows, off this thread. */
  fold<Name extends FoldName>(
    { sql }: Statement,
    parameters: SqlValue[][],
    { fold, range }: { fold: Name; range: FoldRange },
  ): Promise<FoldResults[Name]> {
    const asked = this.#inHand.run(() => this.#thread.ask({ kind: 'fold', sql, parameters, fold, range }));
    return asked as Promise<FoldResults[Name]>;
  }

  /** Looks one row up; sees everything that was committed before, here or in another process. */
  async find(statement: Statement, key: string): Promise<SqlValue[] | null> {
    this.#inHand.assertOpen();
    try {
      return this.#reader.get(statement.sql, [key]);
    } catch (error) {
      /* Another process repairs or closes the file just now: wait for it where waiting blocks nobody. */
      if (isBusy(error)) return (await this.list(statement, [key]))[0] ?? null;
      throw databaseError(failureOf(error), error);
    }
  }

  /** Looks several rows up likewise, in any order, by a statement that takes their keys as JSON and answers the rows as JSON. */
  async findEach(statement: Statement, keys: string[]): Promise<SqlValue[][]> {
    const found = await this.find(statement, JSON.stringify(keys));
    return JSON.parse((found?.[0] as string | undefined) ?? '[]') as SqlValue[][];
  }

  /** @throws AppError `unavailable` when the thread cannot read the file, or not within three seconds. */
  async ping(): Promise<void> {
    const late = new AbortController();
    const tooLate = sleep(pingTimeoutMs, undefined, { signal: late.signal }).then(() => {
      throw unavailable('database_unavailable', `The database thread did not answer within ${pingTimeoutMs} ms`);
    });
    try {
      await Promise.race([this.list(settingStatements.find, ['']), tooLate]);
    } finally {
      tooLate.catch(() => undefined);
      late.abort();
    }
  }

  async close(): Promise<void> {
    await this.#inHand.finish();
    try {
      await this.#thread.close();
    } finally {
      this.#reader.close();
    }
  }
}

/**
 * Makes the file readable by its owner only: it has targets, and the salts of visitors. SQLite gives what it puts beside a database
 * that database's mode; what an earlier version left there is changed.
 */
async function closeToOthers(path: string): Promise<void> {
  await (await open(path, 'a', 0o600)).close();
  for (const file of [path, `${path}-wal`, `${path}-shm`]) await chmod(file, 0o600).catch(() => undefined); // Not there, or another's: who may open it is settled then.
}

/** Opens, makes and migrates `qrfactory.db` in `folder`. */
export async function openSqlite(folder: string, log: Log): Promise<SqliteConnection> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, databaseFileName);
  await closeToOthers(path);
  const thread = new DatabaseThread(path, log);
  await thread.ready();
  try {
    const reader = new SqliteFile(path);
    reader.exec('pragma query_only = on');
    return new SqliteConnection(thread, reader);
  } catch (error) {
    await thread.close();
    throw databaseError(failureOf(error), error);
  }
}
