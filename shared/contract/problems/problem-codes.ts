import { accessCodes } from './access-codes.ts';
import type { CodeEntry } from './code-entry.ts';
import { fieldCodes } from './field-codes.ts';
import { requestCodes } from './request-codes.ts';
import { stateCodes } from './state-codes.ts';
import { workCodes } from './work-codes.ts';

/** Every code that an error may carry: of problems, of their `errors`, of failed work, and of warnings. Stable once released. */
export const problemCodes: Readonly<Record<string, CodeEntry>> = {
  ...requestCodes,
  ...accessCodes,
  ...stateCodes,
  ...fieldCodes,
  ...workCodes,
};

/** Says of codes of one parameter, `invalid_limit` or `unsupported_format`, what all of their kind mean. */
const parameterCodes: Readonly<Record<'invalid' | 'unsupported', CodeEntry>> = {
  invalid: {
    status: null,
    meaning: 'The parameter, field or header of this name is not what is accepted.',
    remedy: 'Send what the detail says is accepted.',
  },
  unsupported: {
    status: null,
    meaning: 'The service that this path stands in for knows this value; it is not drawn here.',
    remedy: 'Send one of the values that the detail names, or use GET /v1/qr.',
  },
};

/** Returns the entry of a code, or of its kind; null for a word that is no code. */
export function findCode(code: string): CodeEntry | null {
  if (Object.hasOwn(problemCodes, code)) return problemCodes[code] ?? null;
  const kind = /^(invalid|unsupported)_[a-z][\w-]{0,40}$/i.exec(code)?.[1];
  return kind === 'invalid' || kind === 'unsupported' ? parameterCodes[kind] : null;
}

/** Returns the last part of a code's page, `/problems/…`. */
export function problemSlug(code: string): string {
  return code.replaceAll('_', '-');
}
