import { hash, randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { LRUCache } from 'lru-cache';
import type { LogoRow, NewLogo } from '../shared/adapters/database/database.ts';
import type { RequestedLogo } from '../shared/contract/render-request.ts';
import { logoId } from '../shared/domain/identity.ts';
import { logoTypeOf } from '../shared/domain/logo-type.ts';
import { logoKey } from '../shared/domain/object-key.ts';
import type { LogoFacts } from '../shared/domain/render-spec.ts';
import { AppError, type ErrorKind, unavailable } from '../shared/errors.ts';
import type { ApiDeps } from './deps.ts';
import { EndedWaiters, hasEnded } from './ended-waiters.ts';

/** How long an upload waits for the worker's check. */
const checkWaitMs = 10_000;
const trustedForMs = 5000;

/** A logo as a render needs it; `refusal` is set when it was deleted. */
export type ResolvedLogo = { id: string; facts: LogoFacts; refusal: AppError | null };

export type AcceptLogos = ReturnType<typeof createAcceptLogos>;

/** A logo's way in, whether uploaded or inline: bytes stored durably, row, job; a worker decodes it once. */
export function createAcceptLogos(deps: ApiDeps) {
  const { config, database, queues, objects, log, now } = deps;
  const waiters = new EndedWaiters<LogoRow>({ ...deps, findMany: (ids) => database.logos.findMany(ids) });
  const checked = new LRUCache<string, LogoRow>({ max: 2000, ttl: trustedForMs });

  const find = async (id: string): Promise<LogoRow | null> => {
    const known = checked.get(id);
    if (known) return known;
    const row = await database.logos.find(id);
    if (row?.status === 'completed') checked.set(id, row);
    return row;
  };

  /** Describes the upload by its first bytes; what it declares itself to be counts for nothing. */
  const describe = (tenantId: string, bytes: Buffer): Omit<NewLogo, 'jobId'> => {
    const contentType = logoTypeOf(bytes);
    if (contentType === null)
      throw new AppError(
        'media-type',
        'logo_type',
        'The logo must be a PNG, JPEG or WebP image; by its first bytes it is none',
      );
    const sha256 = hash('sha256', bytes, 'hex');
    return { id: logoId(config.secretKey, tenantId, sha256), tenantId, contentType, sizeBytes: bytes.length, sha256 };
  };

  const startCheck = async (logo: Omit<NewLogo, 'jobId'>, bytes: Buffer): Promise<LogoRow> => {
    queues.assertAcceptsWork();
    await objects.put(logoKey(logo.id), bytes, { contentType: logo.contentType, durable: true });
    const jobId = `l-${randomUUID()}`;
    const [accepted] = await database.logos.accept([{ ...logo, jobId }], now());
    if (!accepted) throw new Error('The database answered no row for a logo');
    if (accepted.started) {
      try {
        await queues.add([{ name: 'check-logo', payload: { logoId: logo.id }, jobId }]);
      } catch (err) {
        // The row is durable: the sweeper finds it without a live job and enqueues it.
        log.warn({ err, jobId }, 'job not enqueued; the sweeper will');
      }
    }
    return accepted.row;
  };

  const settled = async (
    id: string,
    start: () => Promise<LogoRow | null>,
    response: ServerResponse,
  ): Promise<LogoRow> => {
    const waiter = waiters.open(id);
    try {
      const row = await start();
      if (row && hasEnded(row)) return completedOrThrow(row);
      const end = (await waiter.ended(checkWaitMs, response)) ?? (await database.logos.find(id));
      if (end && hasEnded(end)) return completedOrThrow(end);
      throw unavailable('logo_check_pending', 'The logo is stored and will be checked; ask again', undefined, 2);
    } finally {
      waiter.close();
    }
  };

  /** Stores and checks a logo; `created` is false when it was there already. */
  const upload = async (
    tenantId: string,
    bytes: Buffer,
    response: ServerResponse,
  ): Promise<{ row: LogoRow; created: boolean }> => {
    const logo = describe(tenantId, bytes);
    const there = await find(logo.id);
    if (there?.status === 'completed' && there.deletedAt === null) return { row: there, created: false };
    checked.delete(logo.id);
    return { row: await settled(logo.id, () => startCheck(logo, bytes), response), created: true };
  };

  const resolveById = async (tenantId: string, id: string, response: ServerResponse): Promise<ResolvedLogo> => {
    let row = await find(id);
    if (row?.tenantId !== tenantId) throw unknownLogo(id);
    if (!hasEnded(row)) row = await settled(id, () => database.logos.find(id), response);
    return { id, facts: factsOf(row), refusal: row.deletedAt === null ? null : unknownLogo(id) };
  };

  return {
    describe,
    upload,
    find,
    forget: (id: string): void => void checked.delete(id),

    /** Finds or makes the logo of a render. @throws AppError `invalid` at `/logo/id` or `/logo/data` */
    async resolve(tenantId: string, logo: RequestedLogo, response: ServerResponse): Promise<ResolvedLogo> {
      if ('id' in logo) return resolveById(tenantId, logo.id, response);
      try {
        const { row } = await upload(tenantId, logo.bytes, response);
        return { id: row.id, facts: factsOf(row), refusal: null };
      } catch (error) {
        throw asInlineLogo(error);
      }
    },
  };
}

function factsOf(row: LogoRow): LogoFacts {
  const { result } = completedOrThrow(row);
  if (result === null) throw new Error(`The logo ${row.id} is completed without a result`);
  return result;
}

/** The kinds of a failed check by its code; whatever else a file has wrong makes it invalid. */
const checkKinds: Record<string, ErrorKind> = { logo_too_many_pixels: 'too-large', logo_type: 'media-type' };

function completedOrThrow(row: LogoRow): LogoRow {
  if (row.status === 'completed') return row;
  const { code, detail } = row.error ?? { code: 'logo_unchecked', detail: 'The check of the logo was cancelled' };
  throw new AppError(checkKinds[code] ?? 'invalid', code, detail);
}

function unknownLogo(id: string): AppError {
  const detail = 'There is no logo with this id; upload it with POST /v1/logos, or send its bytes as logo.data';
  return new AppError('invalid', 'invalid_request', detail, {
    details: [{ in: 'body', pointer: '/logo/id', name: null, code: 'unknown_logo', detail, received: id }],
  });
}

/** Tells what is wrong with an inline logo at the field that it came in. */
function asInlineLogo(error: unknown): unknown {
  if (!(error instanceof AppError) || error.kind === 'unavailable') return error;
  const { code, message } = error;
  const kind = error.kind === 'too-large' ? 'too-large' : 'invalid';
  return new AppError(kind, code, message, {
    details: [{ in: 'body', pointer: '/logo/data', name: null, code, detail: message, received: null }],
    cause: error,
  });
}
