import type { JsonSchema } from '../../shared/contract/parameters.ts';

type Header = { description: string; schema: JsonSchema };

const text: JsonSchema = { type: 'string' };
const count: JsonSchema = { type: 'integer', minimum: 0 };

/** Headers of answers. */
export const answerHeaders = {
  'Request-Id': {
    description: 'What the log knows this request by; the one that came, where it is sane.',
    schema: text,
  },
  'Cache-Control': { description: 'Who may keep the answer, and how long.', schema: text },
  ETag: {
    description: 'The strong entity tag, for If-None-Match and If-Match.',
    schema: { type: 'string', pattern: '^"' },
  },
  Location: { description: 'Where the resource stands.', schema: { type: 'string', format: 'uri' } },
  'Content-Location': { description: 'Where the answer can be read again.', schema: { type: 'string', format: 'uri' } },
  'Retry-After': { description: 'After how many seconds it makes sense to ask again.', schema: count },
  Link: { description: 'The next page (RFC 8288, rel="next"), or whom to credit.', schema: text },
  'Preference-Applied': { description: 'Which preference of Prefer was followed (RFC 7240).', schema: text },
  'Idempotency-Replayed': {
    description: 'The first request with this Idempotency-Key was answered already; nothing was made again.',
    schema: { type: 'string', enum: ['true'] },
  },
  'Content-Disposition': { description: 'Under which name it is saved.', schema: text },
  'Accept-Ranges': { description: 'Ranges of bytes can be asked for.', schema: text },
  'Content-Range': { description: 'Which bytes these are, and of how many.', schema: text },
  'RateLimit-Policy': {
    description: 'How many calls are accepted, `q`, in how many seconds, `w` (IETF draft).',
    schema: text,
  },
  RateLimit: { description: 'How many calls are left, `r`, for how many seconds, `t` (IETF draft).', schema: text },
  'WWW-Authenticate': { description: 'How to authenticate.', schema: text },
  Allow: { description: 'The methods of this path.', schema: text },
  Vary: { description: 'On which headers the answer depends.', schema: text },
} as const satisfies Record<string, Header>;

export type HeaderName = keyof typeof answerHeaders;

type RequestHeader = Header & { example?: string };

/** Headers of requests; `Accept`, `Content-Type` and `Authorization` are told by OpenAPI elsewhere. */
export const requestHeaders = {
  'Idempotency-Key': {
    description:
      'One for each thing to be made: whatever comes again with it within a day is answered with the same thing.',
    schema: { type: 'string', minLength: 1, maxLength: 255, pattern: '^[ -~]+$' },
    example: 'order-1042',
  },
  Prefer: {
    description: '`wait=10` waits so many seconds for the end, `respond-async` not at all (RFC 7240).',
    schema: text,
    example: 'wait=10',
  },
  'If-Match': {
    description:
      'In its quotes, or *. Changes nothing when somebody changed the code since it had this ETag; scans are no change.',
    schema: text,
  },
  'If-None-Match': { description: 'Answers 304 when the ETag is still the same.', schema: text },
  Range: { description: 'Which bytes are wanted, as in bytes=0-1023.', schema: text },
  'If-Range': { description: 'Answers all of it when the ETag is another one by now.', schema: text },
  'Last-Event-ID': { description: 'The last event that the listener knows.', schema: text },
} as const satisfies Record<string, RequestHeader>;

export type RequestHeaderName = keyof typeof requestHeaders;
