import { createHmac, timingSafeEqual } from 'node:crypto';
import { AppError, type FieldError } from '../shared/errors.ts';
import type { ApiContext, ApiDeps } from './deps.ts';
import type { QuerySecrets } from './query-secrets.ts';

/** Who signed a query, and until when it is good, ms. */
export type Signed = { tenantId: string; expiresAt: number };

type Needs = { secrets: QuerySecrets; rateLimits: ApiDeps['rateLimits']; now: () => number };

/** Whether a query claims to be signed. */
export function isSigned(ctx: ApiContext): boolean {
  return /(?:^|&)sig=/.test(ctx.querystring);
}

/**
 * Makes the check of signed queries: `kid` names the secret, `exp` is the end in Unix seconds, and `sig`, the last parameter, is the
 * HMAC-SHA256 in hex, under the secret as it was shown, of path and query exactly as they are sent, up to `&sig=`.
 *
 * What was signed is what came, byte for byte: nobody has to sort or to escape anything anew. The three are taken out of the query.
 *
 * @throws AppError `forbidden` when it is not a good one, `too-many` after some of these
 */
export function createSignedQuery({ secrets, rateLimits, now }: Needs) {
  const refuse = async (ctx: ApiContext, error: AppError): Promise<never> => {
    await rateLimits.ofFailedAuth(ctx.req);
    throw error;
  };

  return async (ctx: ApiContext): Promise<Signed> => {
    const [, text = '', query = '', sig = ''] = /^([^?]*\?(.*))&sig=([^&]*)$/.exec(ctx.req.url ?? '') ?? [];
    if (!/^[0-9a-f]{64}$/i.test(sig))
      return refuse(ctx, wrong('sig', 'sig must be the last parameter, 64 hexadecimal digits'));
    const kids = valuesOf(query, 'kid');
    const exps = valuesOf(query, 'exp');
    const [kid = '', exp = ''] = [kids[0], exps[0]];
    if (kids.length !== 1 || !/^[\w-]{1,64}$/.test(kid))
      return refuse(
        ctx,
        wrong('kid', 'kid must name the signing secret, once, as POST /v1/signing-secret/rotate told it'),
      );
    if (exps.length !== 1 || !/^\d{1,11}$/.test(exp))
      return refuse(ctx, wrong('exp', 'exp must be the end of the signature, once, in whole seconds since 1970'));

    rateLimits.refuseGuess(ctx.req, kid);
    const secret = await secrets.find(kid);
    if (secret === null) return refuse(ctx, wrong('kid', 'kid names no signing secret that is in use'));
    const expected = createHmac('sha256', secret.secret).update(text).digest();
    if (!timingSafeEqual(expected, Buffer.from(sig, 'hex')))
      return refuse(ctx, wrong('sig', 'sig is not the HMAC-SHA256 of path and query, up to &sig=, under this secret'));
    rateLimits.wasGood(kid);
    const expiresAt = Number(exp) * 1000;
    if (expiresAt <= now())
      throw wrong('exp', `exp is over since ${new Date(expiresAt).toISOString()}`, 'signature_expired');
    ctx.querystring = query
      .split('&')
      .filter((pair) => !/^(?:kid|exp)=/.test(pair))
      .join('&');
    return { tenantId: secret.tenantId, expiresAt };
  };
}

function valuesOf(query: string, name: string): string[] {
  const start = `${name}=`;
  return query
    .split('&')
    .filter((pair) => pair.startsWith(start))
    .map((pair) => pair.slice(start.length));
}

function wrong(name: 'kid' | 'exp' | 'sig', detail: string, code = 'signature_invalid'): AppError {
  const field: FieldError = { in: 'query', pointer: null, name, code, detail, received: null };
  return new AppError('forbidden', code, detail, { details: [field] });
}
