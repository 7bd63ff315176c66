import { Worker } from 'node:worker_threads';
import { unavailable } from '../../../errors.ts';
import type { Log } from '../../../log.ts';
import type { AnswerTo, FromThread, Request, ToThread } from './protocol.ts';
import { databaseError } from './sqlite-error.ts';

type Pending = { resolve: (value: never) => void; reject: (error: Error) => void };

/** The compiled thread: on Node 20 a thread cannot be started from TypeScript, as it would be when tests run the sources. */
const compiledThread = import.meta.url.endsWith('.ts')
  ? new URL('../../../../dist/shared/adapters/database/sqlite/database-thread.js', import.meta.url)
  : new URL('./database-thread.js', import.meta.url);

/** One run of the thread, from its start to its end. */
class ThreadRun {
  readonly #worker: Worker;
  readonly #log: Log;
  readonly #pending = new Map<number, Pending>();
  readonly ready: Promise<void>;
  #lastId = 0;
  ended = false;

  constructor(entry: URL, path: string, log: Log, onEnd: (error: Error) => void) {
    this.#log = log;
    this.#worker = new Worker(entry, { workerData: { path } });
    this.ready = new Promise((resolve, reject) => {
      this.#pending.set(0, { resolve, reject });
    });
    this.#worker.on('message', (message: FromThread) => this.#hear(message));
    const end = (error: Error): void => {
      if (this.ended) return;
      this.ended = true;
      const failed = [...this.#pending.values()];
      this.#pending.clear();
      onEnd(error);
      for (const { reject } of failed) reject(error);
    };
    this.#worker.on('error', (cause) =>
      end(unavailable('database_unavailable', 'The thread that keeps the database file died', cause)),
    );
    this.#worker.on('exit', (code) =>
      end(unavailable('database_unavailable', `The thread that keeps the database file ended (${code})`)),
    );
  }

  #hear(message: FromThread): void {
    if (message.kind === 'trouble') {
      this.#log.warn({ err: message.failure }, 'database file not checkpointed');
      return;
    }
    const id = message.kind === 'answer' ? message.id : 0;
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (message.kind === 'broken') pending?.reject(databaseError(message.failure));
    else if (message.kind === 'ready') pending?.resolve(undefined as never);
    else if ('failure' in message.answer) pending?.reject(databaseError(message.answer.failure));
    else pending?.resolve(message.answer.value as never);
  }

  async ask<Kind extends Request['kind']>(request: Extract<Request, { kind: Kind }>): Promise<AnswerTo[Kind]> {
    await this.ready;
    return new Promise<AnswerTo[Kind]>((resolve, reject) => {
      if (this.ended) {
        reject(unavailable('database_unavailable', 'The thread that keeps the database file has ended'));
        return;
      }
      this.#lastId++;
      this.#pending.set(this.#lastId, { resolve: resolve as Pending['resolve'], reject });
      this.#worker.postMessage({ id: this.#lastId, request } satisfies ToThread);
    });
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }
}

/**
 * The thread that writes to the database file. When it dies, what it had in hand fails as `unavailable` and the next
 * request starts it anew.
 */
export class DatabaseThread {
  readonly #start: () => ThreadRun;
  #run: ThreadRun | null = null;
  #closing = false;

  constructor(path: string, log: Log, entry: URL = compiledThread) {
    this.#start = () =>
      new ThreadRun(entry, path, log, (error) => {
        this.#run = null;
        if (!this.#closing) log.error({ err: error }, 'database thread ended');
      });
  }

  #running(): ThreadRun {
    this.#run ??= this.#start();
    return this.#run;
  }

  /** Answers when the file is open and migrated. */
  async ready(): Promise<void> {
    await this.#running().ready;
  }

  /** @throws AppError `unavailable` when the file or the thread fails; another error when the statement is wrong. */
  ask<Kind extends Request['kind']>(request: Extract<Request, { kind: Kind }>): Promise<AnswerTo[Kind]> {
    return this.#running().ask(request);
  }

  /** Closes the file behind everything asked before, and ends the thread. */
  async close(): Promise<void> {
    this.#closing = true;
    const run = this.#run;
    if (run === null) return;
    try {
      await run.ask({ kind: 'close' });
    } finally {
      await run.stop();
    }
  }
}
