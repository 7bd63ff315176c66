import { AppError, unavailable } from '../../../errors.ts';
import type { Failure } from './protocol.ts';

/** Primary result codes, https://sqlite.org/rescode.html. */
const busy = 5;
const full = 13;
/** LOCKED, NOMEM, READONLY, INTERRUPT, IOERR, CORRUPT, CANTOPEN, PROTOCOL, NOTADB: the file or the machine, not the statement. */
const away = [busy, 6, 7, 8, 9, 10, 11, 14, 15, 26];

const primaryCode = ({ rawCode }: Failure): number | null => (rawCode === null ? null : rawCode & 0xff);

/** Reads what an error of libsql says; its class differs by the call that threw it. */
export function failureOf(error: unknown): Failure {
  const { message, code, rawCode } = error as { message?: unknown; code?: unknown; rawCode?: unknown };
  return {
    message: typeof message === 'string' ? message : String(error),
    code: typeof code === 'string' ? code : 'unknown',
    rawCode: typeof rawCode === 'number' ? rawCode : null,
  };
}

/** Tells that another connection holds what we need just now. */
export function isBusy(error: unknown): boolean {
  return primaryCode(failureOf(error)) === busy;
}

/** Tells that every other statement would fail likewise. */
export function isAway(error: unknown): boolean {
  return away.includes(primaryCode(failureOf(error)) ?? 0);
}

/** Makes the error that callers see: AppError `unavailable` when the file or the disk is at fault, else a plain one, for it is our bug. */
export function databaseError(failure: Failure, cause?: unknown): Error {
  const code = primaryCode(failure);
  const said = `${failure.code}: ${failure.message}`;
  if (code === full)
    return unavailable('database_full', `The database file cannot grow, its disk is full (${said})`, cause, 30);
  if (code !== null && away.includes(code))
    return unavailable('database_unavailable', `The database file cannot be used just now (${said})`, cause);
  if (failure.code === 'database_version') return new AppError('conflict', failure.code, failure.message, { cause });
  return new Error(`The database refused a statement (${said})`, { cause });
}
