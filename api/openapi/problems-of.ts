import { problemCodes } from '../../shared/contract/problems/problem-codes.ts';
import type { Operation } from './operation.ts';

/** What may befall every request before or while it is answered. */
const always = [
  'malformed_request',
  'malformed_url',
  'request_timeout',
  'headers_too_large',
  'internal_error',
  'starting',
];

/** What else follows from where a request is let in and what it carries; what takes no body checks that none came, or one that says nothing. */
function implied(method: string, { access, query, headers = [], body }: Operation): string[] {
  const types = method === 'GET' ? [] : Object.keys(body ?? { 'application/json': null });
  const isKeyed = access !== 'none';
  return [
    ...(isKeyed
      ? ['too_many_requests', 'unauthorized', 'database_unavailable', 'invalid_request', 'malformed_query']
      : []),
    ...(isKeyed && access !== 'open' ? ['forbidden'] : []),
    ...(isKeyed ? ['tenant_suspended'] : []),
    ...(access === 'open' ? ['signature_invalid', 'signature_expired'] : []),
    ...(query ? ['invalid_request', 'malformed_query'] : []),
    ...(headers.includes('Idempotency-Key')
      ? ['idempotency_in_progress', 'idempotency_key_reused', 'database_full']
      : []),
    ...(types.length > 0
      ? ['body_too_large', 'incomplete_body', 'unsupported_media_type', 'unsupported_content_encoding']
      : []),
    ...(types.includes('application/json')
      ? ['malformed_json', 'invalid_utf8', 'duplicate_key', 'invalid_request']
      : []),
    ...(types.includes('multipart/form-data') ? ['malformed_multipart'] : []),
  ];
}

/**
 * Returns the codes of the problems that an operation may answer, by their status, in order.
 *
 * @param line its line in the URL table
 * @throws Error for a code that no list has, or that is no code of problems
 */
export function problemsOf(line: string, operation: Operation): Map<number, string[]> {
  const [method = ''] = line.split(' ');
  const given = operation.problems ?? [];
  const pairs = [...always, ...implied(method, operation), ...given].map((problem): readonly [string, number] => {
    if (typeof problem !== 'string') return problem;
    const status = problemCodes[problem]?.status ?? null;
    if (status === null) throw new Error(`${operation.id}: ${problem} is no code of a problem`);
    return [problem, status];
  });
  const byStatus = new Map<number, string[]>();
  for (const [code, status] of pairs.sort((a, b) => a[1] - b[1] || (a[0] < b[0] ? -1 : 1))) {
    const codes = byStatus.get(status) ?? [];
    if (!codes.includes(code)) byStatus.set(status, [...codes, code]);
  }
  return byStatus;
}

const away = [
  'quota_exceeded',
  'queue_unavailable',
  'queue_full',
  'storage_unavailable',
  'storage_full',
  'database_full',
];

/** What may be wrong with work that was accepted and failed, where its bytes are asked for. */
const failures = [
  ...['render_failed', 'render_crashed', 'render_cancelled', 'logo_not_found', 'logo_crashed', 'logo_failed'],
  ...['logo_unchecked', 'logo_damaged', 'logo_animated', 'logo_trailing_data'],
];

/** Problems of an operation that puts a render to work. */
export const drawingProblems = [...away, 'logo_check_pending'];

/** Problems of an operation that answers an image. */
export const imageProblems = [
  ...drawingProblems,
  ...failures,
  ['storage_unavailable', 422] as const,
  ['invalid_request', 422] as const,
];

/** Problems of an operation that stores something. */
export const storingProblems = away;
