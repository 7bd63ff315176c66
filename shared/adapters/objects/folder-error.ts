import { type AppError, unavailable } from '../../errors.ts';

/** Answers null for a file that is not there. */
export async function unlessMissing<Found>(finding: Promise<Found>): Promise<Found | null> {
  try {
    return await finding;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Does `act`, and throws what the file system throws as an AppError that says what could not be done. */
export async function reaching<Result>(what: string, act: () => Promise<Result>): Promise<Result> {
  try {
    return await act();
  } catch (error) {
    throw folderError(what, error);
  }
}

/** Translates what the file system threw: `storage_full`, else `storage_unavailable`. */
export function folderError(what: string, cause: unknown): AppError {
  const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return unavailable('storage_full', `Could not ${what}: no space is left (${code})`, cause, 30);
  return unavailable('storage_unavailable', `Could not ${what} in the folder of objects (${code})`, cause);
}
