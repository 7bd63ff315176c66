import { isJsonObject } from '../shared/domain/merge-patch.ts';
import { AppError } from '../shared/errors.ts';

/** Leaves out of an error about a spec's fields what nobody sent: a default is not what was received. */
export function onlyWhatCame(error: unknown, given: unknown): unknown {
  if (!(error instanceof AppError)) return error;
  const { kind, code, message, headers, retryAfterS, cause } = error;
  const details = error.details.map((detail) =>
    detail.pointer === null || hasValue(given, detail.pointer) ? detail : { ...detail, received: null },
  );
  return new AppError(kind, code, message, {
    details,
    headers,
    cause,
    ...(retryAfterS === null ? {} : { retryAfterS }),
  });
}

function hasValue(given: unknown, pointer: string): boolean {
  const value = pointer
    .split('/')
    .slice(1)
    .reduce<unknown>((at, name) => (isJsonObject(at) ? at[name] : undefined), given);
  return value !== undefined && value !== null;
}
