import { hash, randomUUID } from 'node:crypto';
import type { IdempotencyRow } from '../../shared/adapters/database/database.ts';
import { canonicalJson } from '../../shared/domain/identity.ts';
import { AppError, shortened } from '../../shared/errors.ts';
import { createSeal } from '../../shared/seal.ts';
import type { ApiContext, ApiDeps } from '../deps.ts';

/** After this a request that was never answered may be taken over by the next that has its key. */
const leaseMs = 60_000;
const keptMs = 24 * 60 * 60 * 1000;

/**
 * Reads `Idempotency-Key`, bare or quoted (a string of RFC 9651); null when it is absent.
 *
 * @throws AppError `invalid` when it is not one of 1…255 printable ASCII characters
 */
export function readIdempotencyKey(ctx: ApiContext): string | null {
  const header = ctx.get('Idempotency-Key').trim();
  if (header === '' && ctx.req.headers['idempotency-key'] === undefined) return null;
  const quoted = /^"((?:[^"\\]|\\["\\])*)"$/.exec(header)?.[1]?.replace(/\\(["\\])/g, '$1');
  // What begins as a string and goes on as something else was meant otherwise than it would be read.
  const key = quoted ?? (header.startsWith('"') ? '' : header);
  const isOne = (ctx.req.headersDistinct['idempotency-key']?.length ?? 0) <= 1;
  if (isOne && /^[\x20-\x7e]{1,255}$/.test(key)) return key;
  const detail = 'Idempotency-Key must be one key of 1 to 255 printable ASCII characters, bare or in quotes';
  throw new AppError('invalid', 'invalid_request', detail, {
    details: [
      {
        in: 'header',
        pointer: null,
        name: 'Idempotency-Key',
        code: 'invalid_key',
        detail,
        received: shortened(header),
      },
    ],
  });
}

type Request = {
  /** As in the URL table, `POST /v1/renders`: part of the scope. */
  route: string;
  /** The request's parsed fields, a file by its sha256: what makes it the same request. */
  fields: unknown;
  /** The id of what it would make. */
  resourceId: string;
};

type Answers = {
  /**
   * Makes the resource under the id given: the request's, or the one that a first request reserved and died with. A secret that
   * the answer holds is given to `keepSecret`, so that it can be answered again.
   */
  first: (resourceId: string, keepSecret: (secret: string) => void) => Promise<void>;
  /** Answers with the resource that the first request made, as it stands now, and the secret that its answer held. */
  again: (resourceId: string, secret: string | null) => Promise<void>;
};

/**
 * Does the work of a POST once for each `Idempotency-Key`, however often and however parallel it comes.
 *
 * A refusal made nothing and releases the key. After any other error, which may have come behind a write, the next equal request goes on
 * under the id that is reserved. Without the header every request is a first one.
 *
 * @throws AppError `conflict` while the first request is not yet answered, `invalid` when the request is another one
 */
export async function idempotently(
  { config, database, log, now }: Pick<ApiDeps, 'config' | 'database' | 'log' | 'now'>,
  ctx: ApiContext,
  request: Request,
  answers: Answers,
): Promise<void> {
  const key = readIdempotencyKey(ctx);
  if (key === null) return answers.first(request.resourceId, () => undefined);

  const { tenantId, requestId } = ctx.state;
  const scope = `${tenantId} ${request.route} ${key}`;
  const fingerprint = hash('sha256', canonicalJson(request.fields), 'hex');
  const { resourceId } = request;
  const held = { scope, holder: randomUUID() };
  const times = { leaseUntil: now() + leaseMs, expiresAt: now() + keptMs };
  const claim = { ...held, tenantId, fingerprint, resourceId, ...times };
  const { won, row } = await database.idempotency.claim(claim, now());
  if (row.fingerprint !== fingerprint) throw otherRequest(key);
  if (!won) {
    if (row.answeredAt === null) throw stillAtIt(row, now());
    ctx.set('Idempotency-Replayed', 'true');
    return answers.again(row.resourceId, openSecret(config.secretKey, row));
  }
  let sealedSecret: string | null = null;
  try {
    await answers.first(row.resourceId, (secret) => {
      sealedSecret = createSeal(config.secretKey).close(secret, scope);
    });
  } catch (error) {
    const { idempotency } = database;
    await (isRefusal(error) ? idempotency.release(held) : idempotency.abandon(held, now())).catch((err: unknown) => {
      // The lease runs out by itself; the caller's own error matters more.
      log.warn({ err, requestId }, 'idempotency claim not released');
    });
    throw error;
  }
  await database.idempotency.answered(held, now(), sealedSecret).catch((err: unknown) => {
    // The work is done. Until the lease runs out a retry is told to wait; then it finds what was made, by the same id.
    log.warn({ err, requestId }, 'idempotency claim not marked as answered');
  });
}

function isRefusal(error: unknown): boolean {
  return error instanceof AppError && error.kind !== 'unavailable';
}

function openSecret(secretKey: string, { sealedSecret, scope }: IdempotencyRow): string | null {
  return sealedSecret === null ? null : createSeal(secretKey).open(sealedSecret, scope);
}

function otherRequest(key: string): AppError {
  const detail = 'This Idempotency-Key was used for another request; use a new key for a new request';
  return new AppError('invalid', 'idempotency_key_reused', detail, {
    details: [
      { in: 'header', pointer: null, name: 'Idempotency-Key', code: 'reused', detail, received: shortened(key) },
    ],
  });
}

function stillAtIt(row: IdempotencyRow, now: number): AppError {
  const message = 'The first request with this Idempotency-Key is not answered yet';
  const retryAfterS = row.leaseUntil > now ? 1 : 0;
  return new AppError('conflict', 'idempotency_in_progress', message, { retryAfterS });
}
