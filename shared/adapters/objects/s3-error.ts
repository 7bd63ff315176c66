import { AppError, unavailable } from '../../errors.ts';

/** Answers null for an object that is not there. */
export async function unlessMissing<Found>(finding: Promise<Found>): Promise<Found | null> {
  try {
    return await finding;
  } catch (error) {
    if (codeOf(error) === 'NoSuchKey' || codeOf(error) === 'NotFound') return null;
    throw error;
  }
}

/** A connection that breaks later than this was not a stale one. */
const staleMs = 1000;

/** Acts, and once more when a kept connection turns out to have been closed by the server meanwhile. Everything here is idempotent. */
export async function reaching<Result>(what: string, act: () => Promise<Result>): Promise<Result> {
  const startedAt = performance.now();
  try {
    return await act().catch((error) => {
      if (codeOf(error) === 'ECONNRESET' && performance.now() - startedAt < staleMs) return act();
      throw error;
    });
  } catch (error) {
    throw s3Error(what, error);
  }
}

/** The code of an error, of S3 or of the network. */
export function codeOf(error: unknown): string | null {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : null;
}

/** Translates what the client threw: `storage_full`, else `storage_unavailable`. */
export function s3Error(what: string, cause: unknown): AppError {
  if (cause instanceof AppError) return cause;
  const code = codeOf(cause);
  const reason = cause instanceof Error ? cause.message : String(cause);
  if (code === 'XMinioStorageFull' || code === 'QuotaExceeded' || code === 'InsufficientStorage')
    return unavailable('storage_full', `Could not ${what}: the object store is full (${code})`, cause, 30);
  return unavailable('storage_unavailable', `Could not ${what} in the object store: ${code ?? reason}`, cause);
}
