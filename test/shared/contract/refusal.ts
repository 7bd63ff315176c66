import { AppError, type FieldError } from '../../../shared/errors.ts';

/** Returns the error that a check throws; it must be the one for wrong fields. */
export function refusal(check: () => unknown): AppError {
  try {
    check();
  } catch (error) {
    if (error instanceof AppError && error.kind === 'invalid' && error.code === 'invalid_request') return error;
    throw error;
  }
  throw new Error('it was accepted');
}

/** `/size out_of_range` for each wrong field, in the order of their names. */
export function codesOf(error: AppError): string[] {
  return error.details.map((detail: FieldError) => `${detail.pointer ?? detail.name} ${detail.code}`).sort();
}
