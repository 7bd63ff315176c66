import mongoose from 'mongoose';
import { unavailable } from '../../../errors.ts';

const { MongoError, MongoServerError, MongoBulkWriteError } = mongoose.mongo;

const duplicateKey = 11000;
const outOfDiskSpace = 14031;

/**
 * Server errors that say "not now": no primary, stepping down, shutting down, interrupted, out of time, write concern not
 * met. https://github.com/mongodb/mongo/blob/master/src/mongo/base/error_codes.yml
 */
const transientCodes = new Set([
  6, 7, 24, 50, 64, 89, 91, 100, 112, 133, 134, 189, 202, 262, 317, 358, 384, 462, 9001, 10058, 10107, 11600, 11601,
  11602, 13388, 13435, 13436,
]);

/** Tells that a document with this key is there already. */
export function isDuplicateKey(error: unknown): boolean {
  return error instanceof MongoServerError && error.code === duplicateKey;
}

/** Answers which operations of an unordered bulk write met a document that is there already; throws any other error on. */
export function duplicatesOf(error: unknown): Set<number> {
  if (!(error instanceof MongoBulkWriteError)) throw error;
  const writeErrors = [error.writeErrors].flat();
  const concern = error.result.getWriteConcernError();
  if (concern) throw unavailable('database_unavailable', `MongoDB did not confirm a write: ${concern.errmsg}`, error);
  const other = writeErrors.find(({ code }) => code !== duplicateKey);
  if (other || writeErrors.length === 0) throw error;
  return new Set(writeErrors.map(({ index }) => index));
}

/** A wrong URL or argument: trying again changes nothing. */
function isMistake(error: Error): boolean {
  return error instanceof mongoose.mongo.MongoParseError || error instanceof mongoose.mongo.MongoInvalidArgumentError;
}

/** The driver lets some errors of its sockets through as they are, EPIPE for one. */
function isSocketError(error: unknown): error is Error {
  const { code } = error as NodeJS.ErrnoException;
  return error instanceof Error && typeof code === 'string' && /^(E[A-Z0-9]+|ERR_(STREAM|SOCKET)_[A-Z_]+)$/.test(code);
}

const away = (error: Error): Error =>
  unavailable('database_unavailable', `MongoDB does not answer: ${error.message}`, error);

/** Makes the error that callers see: AppError `unavailable` when MongoDB is away or unable, any other error as it is. */
export function databaseError(error: unknown): unknown {
  if (isSocketError(error)) return away(error);
  if (!(error instanceof MongoError) || isMistake(error)) return error;
  /* A bulk write wraps what went wrong below it, a cut connection for instance. */
  if (error instanceof MongoBulkWriteError && (error.errorResponse as unknown) instanceof MongoError)
    return databaseError(error.errorResponse);
  if (!(error instanceof MongoServerError)) return away(error);
  if (error.code === outOfDiskSpace)
    return unavailable('database_full', `MongoDB's disk is full: ${error.message}`, error, 30);
  const transient =
    transientCodes.has(Number(error.code)) ||
    error.hasErrorLabel('RetryableWriteError') ||
    error instanceof mongoose.mongo.MongoWriteConcernError;
  return transient
    ? unavailable('database_unavailable', `MongoDB cannot do this just now: ${error.message}`, error)
    : error;
}
