import { parentPort, workerData } from 'node:worker_threads';
import type { AnswerTo, FromThread, Request, Settled, ToThread } from './protocol.ts';
import { failureOf } from './sqlite-error.ts';
import { SqliteWriter } from './writer.ts';

/** The thread of a process that writes to the database file and does its long reads: libsql's calls block whoever makes them. */

const port = parentPort;
if (port === null) throw new Error('database-thread is the entry of a worker thread, not of a process');
const say = (message: FromThread): void => port.postMessage(message);

function open(path: string): SqliteWriter | null {
  try {
    return new SqliteWriter(path, (failure) => say({ kind: 'trouble', failure }));
  } catch (error) {
    say({ kind: 'broken', failure: failureOf(error) });
    return null;
  }
}

function answer(writer: SqliteWriter, request: Request): Settled<AnswerTo[Request['kind']]> {
  try {
    if (request.kind === 'write') return { value: writer.write(request.calls) };
    if (request.kind === 'read') return { value: writer.read(request.sql, request.parameters) };
    if (request.kind === 'read-each') return { value: writer.readEach(request.sql, request.parameters) };
    if (request.kind === 'fold')
      return { value: writer.fold(request.sql, request.parameters, request.fold, request.range) };
    writer.close();
    return { value: null };
  } catch (error) {
    return { failure: failureOf(error) };
  }
}

const writer = open((workerData as { path: string }).path);
if (writer !== null) {
  port.on('message', ({ id, request }: ToThread) => {
    say({ kind: 'answer', id, answer: answer(writer, request) });
    if (request.kind === 'close') port.close();
  });
  say({ kind: 'ready' });
}
