/** What kind of mistake an error is; each of the two translators (HTTP answers, job verdicts) decides by it. */
export type ErrorKind =
  | 'malformed'
  | 'invalid'
  | 'unauthorized'
  | 'forbidden'
  | 'not-found'
  | 'method'
  | 'timeout'
  | 'conflict'
  | 'gone'
  | 'precondition'
  | 'too-large'
  | 'media-type'
  | 'range'
  | 'too-many'
  | 'unavailable';

/** One field that is wrong: where it stands, what came and what is accepted. */
export type FieldError = {
  in: 'body' | 'query' | 'path' | 'header' | 'csv';
  /** JSON pointer (RFC 6901) in bodies, else null. */
  pointer: string | null;
  /** Parameter, header or column name elsewhere, else null. */
  name: string | null;
  code: string;
  detail: string;
  /** What came, shortened; null when it is a secret or was absent. */
  received: string | null;
  /** Values that work, by the field's pointer, where the detail names some: for who calls fields otherwise. Not told. */
  nearest?: readonly Nearest[];
};

/** A value that a field could have. */
export type Nearest = { pointer: string; value: string | number };

/** Why a render, row or delivery failed, as it is stored and shown. */
export type WorkError = { code: string; detail: string; pointer: string | null };

type AppErrorOptions = {
  details?: FieldError[];
  retryAfterS?: number;
  headers?: Record<string, string>;
  cause?: unknown;
};

/** The one error type that our own code throws on purpose; anything else is a bug or a vendor's error. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly kind: ErrorKind;
  /** Stable, snake_case, documented: `invalid_request`, `not_found` … */
  readonly code: string;
  readonly details: FieldError[];
  readonly retryAfterS: number | null;
  readonly headers: Record<string, string>;

  constructor(kind: ErrorKind, code: string, message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.kind = kind;
    this.code = code;
    this.details = options.details ?? [];
    this.retryAfterS = options.retryAfterS ?? null;
    this.headers = options.headers ?? {};
  }
}

/** Says that something we need (a store, the queue) is away for now; the caller may try again. */
export function unavailable(code: string, message: string, cause?: unknown, retryAfterS = 1): AppError {
  return new AppError('unavailable', code, message, { cause, retryAfterS });
}

/** Shortens what came to 80 characters so that it can be shown in an error. */
export function shortened(received: unknown): string | null {
  if (received === undefined) return null;
  // A number that is too large to be one, 1e400, is Infinity here, and would be null in JSON.
  const isJson = typeof received !== 'string' && typeof received !== 'number';
  const text = isJson ? (JSON.stringify(received) ?? String(received)) : String(received);
  return text.length <= 80 ? text : `${text.slice(0, 79).replace(/[\ud800-\udbff]$/, '')}…`;
}
