import { fields } from './field.ts';
import { inBody, invalidRequest, problemsOf } from './zod-problems.ts';

const noFields = fields({}, 'left out, or {}: nothing is read here');

/** @throws AppError `invalid`, `invalid_request`, for anything but an object without fields */
export function assertNoFields(body: unknown): void {
  const parsed = noFields.safeParse(body);
  if (!parsed.success) throw invalidRequest(problemsOf(parsed.error.issues, body), inBody);
}
