import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { KeyRow } from '../../shared/adapters/database/access-store.ts';
import { anonymousTenant, includesRole, type Role } from '../../shared/domain/access.ts';
import { AppError } from '../../shared/errors.ts';
import type { ApiContext, ApiDeps, ApiMiddleware } from '../deps.ts';
import { createKeyUse } from '../key-use.ts';
import type { QuerySecrets } from '../query-secrets.ts';
import { createSignedQuery, isSigned } from '../signed-query.ts';

/** How long a key that was looked up is trusted, and one that was not found is refused, without asking again. */
const trustedForMs = 5000;

/** @param code what is wrong with the header itself; what came in it is never told */
function unauthorized(detail: string, code: string | null = null): AppError {
  const field = { in: 'header', pointer: null, name: 'Authorization', detail, received: null } as const;
  return new AppError('unauthorized', 'unauthorized', detail, {
    details: code === null ? [] : [{ ...field, code }],
    headers: { 'WWW-Authenticate': 'Bearer realm="qrfactory"' },
  });
}

/** The key of `Authorization: Bearer …`; null when the header is absent, empty when it holds none. */
function bearerKey(ctx: ApiContext): string | null {
  const header = ctx.get('Authorization');
  if (header === '') return null;
  return /^Bearer +([\x21-\x7e]{1,512})$/i.exec(header)?.[1] ?? '';
}

/** What a key is looked up by: its SHA-256, hex. */
export function keyDigest(key: string): string {
  return hash('sha256', key, 'hex');
}

export type Auth = ReturnType<typeof createAuth>;

type AuthNeeds = Pick<ApiDeps, 'database' | 'config' | 'rateLimits' | 'suspended' | 'meter' | 'now' | 'log'>;

/**
 * Knows who calls. Keys are looked up by their SHA-256, so nothing is compared that could tell by its time.
 *
 * A looked-up key is trusted for five seconds: within these one that another process revoked still works.
 */
export function createAuth(
  { database, config, rateLimits, suspended, meter, now, log }: AuthNeeds,
  { secrets }: { secrets: QuerySecrets },
) {
  const checkSignature = createSignedQuery({ secrets, rateLimits, now });
  const noteUse = createKeyUse({ store: database.keys, now, log });
  const known = new LRUCache<string, { row: KeyRow | null }>({ max: 10_000, ttl: trustedForMs });

  let forgotten = 0;
  const rowOf = async (digest: string): Promise<KeyRow | null> => {
    let entry = known.get(digest);
    if (entry === undefined) {
      const before = forgotten;
      entry = { row: await database.keys.findByHash(digest) };
      // What was read while a key was revoked may be that key, as it was.
      if (forgotten === before) known.set(digest, entry);
    }
    const { row } = entry;
    if (row === null || row.hash === digest) return row;
    // The key from before the last rotation.
    return row.previousUntil !== null && row.previousUntil > now() ? row : null;
  };
  const refuseSuspended = (tenantId: string): void => {
    if (suspended.has(tenantId))
      throw new AppError('forbidden', 'tenant_suspended', `The tenant ${tenantId} is suspended`);
  };
  const isExpired = ({ expiresAt }: KeyRow): boolean => expiresAt !== null && expiresAt <= now();
  const isLetIn = (row: KeyRow): boolean => !isExpired(row) && !suspended.has(row.tenantId);
  const refuse = async (ctx: ApiContext, error: AppError): Promise<never> => {
    await rateLimits.ofFailedAuth(ctx.req);
    throw error;
  };
  /** Knows the key that came, and counts the call against its limit; what is no good counts as a failed attempt. */
  const find = async (ctx: ApiContext, key: string): Promise<KeyRow> => {
    const digest = keyDigest(key);
    rateLimits.refuseGuess(ctx.req, digest);
    if (key === '')
      return refuse(
        ctx,
        unauthorized('The Authorization header must be Bearer and an API key', 'invalid_authorization'),
      );
    const row = await rowOf(digest);
    if (row === null) return refuse(ctx, unauthorized('The API key is not known'));
    if (isExpired(row)) return refuse(ctx, unauthorized('The API key has expired'));
    rateLimits.wasGood(digest);
    await rateLimits.ofKey(ctx.res, row.id);
    refuseSuspended(row.tenantId);
    noteUse(row);
    return row;
  };

  /** A key that cannot be looked up now is as good as it was. */
  const isGood = async (digest: string): Promise<boolean> => {
    const row = await rowOf(digest).catch(() => 'unknown' as const);
    return row === 'unknown' || (row !== null && isLetIn(row));
  };

  const enter = (ctx: ApiContext, row: KeyRow | null, tenantId = row?.tenantId ?? anonymousTenant): void => {
    ctx.state.key = row;
    ctx.state.tenantId = tenantId;
    meter.count(tenantId, 'calls');
  };

  return {
    /** Forgets what was looked up of a key: to be called when it was revoked or rotated here. */
    forget(keyId: string): void {
      forgotten++;
      for (const [digest, { row }] of known.entries()) if (row?.id === keyId) known.delete(digest);
    },

    /** Lets in whoever has a key of this role or a stronger one. */
    requireKey(role: Role): ApiMiddleware {
      return async (ctx, next) => {
        const key = bearerKey(ctx);
        if (key === null) throw unauthorized('An API key is needed: Authorization: Bearer qrf_…');
        const row = await find(ctx, key);
        if (!includesRole(row.role, role))
          throw new AppError('forbidden', 'forbidden', `This needs the role ${role}; the key has ${row.role}`);
        enter(ctx, row);
        ctx.state.isStillGood = () => isGood(keyDigest(key));
        await next();
      };
    },

    /** The operator's key of this digest as it stands now (or did within five seconds); null when it is gone or no operator's. */
    async findOperator(digest: string): Promise<KeyRow | null> {
      const row = await rowOf(digest);
      if (row?.role !== 'operator' || !isLetIn(row)) return null;
      noteUse(row);
      return row;
    },

    /** Lets everyone in unless OPEN_QR is false; a key or a signature that comes along must be a good one. */
    openToAll: (async (ctx, next) => {
      const key = bearerKey(ctx);
      if (key === null) await rateLimits.ofAddress(ctx.req, ctx.res);
      if (key === null && isSigned(ctx)) {
        const signed = await checkSignature(ctx);
        refuseSuspended(signed.tenantId);
        enter(ctx, null, signed.tenantId);
        ctx.state.goodUntil = signed.expiresAt;
        return next();
      }
      if (key === null && !config.openQr)
        throw unauthorized('This instance answers only with Authorization: Bearer qrf_…, or to a signed query');
      enter(ctx, key === null ? null : await find(ctx, key));
      await next();
    }) satisfies ApiMiddleware,
  };
}
