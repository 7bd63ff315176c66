import type { AppError, WorkError } from '../errors.ts';
import { inBody, invalidRequest } from './zod-problems.ts';

/** Returns why a row failed, by the first thing that is wrong with it; its field is named by a pointer to the column's field. */
export function rowErrorOf({ code, message, details }: AppError): WorkError {
  const [first] = details;
  if (first === undefined) return { code, detail: message, pointer: null };
  const pointer =
    first.pointer === null ? (first.name === null ? null : `/${first.name}`) : columnPointer(first.pointer);
  return { code: first.code, detail: details.map(({ detail }) => detail).join(' '), pointer };
}

/** A spec's fields lie deeper than the columns that they came from. */
function columnPointer(pointer: string): string {
  const named = pointer.replace('/logo/id', '/logoId').replace('/logo/ratio', '/logoRatio').replace('/content/', '/');
  return named === '/content' ? '/data' : named;
}

/** Returns the error of a column's cell: `accepted` says what it must be. */
export function wrongColumn(
  field: string,
  problem: { code: string; accepted: string; nearest?: string | null },
  received: string | undefined,
): AppError {
  return invalidRequest([{ path: [field], received, ...problem }], { ...inBody, in: 'csv' });
}

/** Returns the error of a cell that must be there and is not, or is empty. */
export function missingColumn(field: string, accepted: string): AppError {
  return wrongColumn(field, { code: 'required', accepted }, undefined);
}
