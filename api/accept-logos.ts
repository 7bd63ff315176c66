import { hash, randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { LRUCache } from 'lru-cache';
import type { LogoRow, NewLogo } from '../shared/adapters/database/database.ts';
import type { RequestedLogo } from '../shared/contract/render-request.ts';
import { logoId } from '../shared/domain/identity.ts';
import { inspectLogo, kindOfLogoRefusal } from '../shared/domain/inspect-logo.ts';
import { logoTypeOf } from '../shared/domain/logo-type.ts';
import { logoKey } from '../shared/domain/object-key.ts';
import type { LogoFacts } from '../shared/domain/render-spec.ts';
import { AppError, unavailable } from '../shared/errors.ts';
import type { ApiDeps } from './deps.ts';
import { EndedWaiters, hasEnded } from './ended-waiters.ts';

/** How long a logo's check by a worker is waited for at most. */
export const checkWaitMs = 10_000;
const trustedForMs = 5000;

/** A logo as a render needs it; `refusal` is set when it was deleted. */
export type ResolvedLogo = { id: string; facts: LogoFacts; refusal: AppError | null };

/** A logo that came, by what its file says. */
export type DescribedLogo = Omit<NewLogo, 'jobId'> & { bytes: Buffer; facts: LogoFacts };

/** Who waits, and how long at most. */
export type Waiting = { response: ServerResponse; waitMs: number };

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

  /**
   * Describes a logo by what its file says, nothing decoded; what it is declared to be counts for nothing.
   *
   * @throws AppError of `inspectLogo`
   */
  const describe = (tenantId: string, bytes: Buffer): DescribedLogo => {
    const { contentType, facts } = inspectLogo(bytes, { maxPixels: config.limits.logoPixels });
    const sha256 = hash('sha256', bytes, 'hex');
    const id = logoId(config.secretKey, tenantId, sha256);
    return { id, tenantId, contentType, sizeBytes: bytes.length, sha256, bytes, facts };
  };

  const startCheck = async ({ bytes, facts: _, ...logo }: DescribedLogo): Promise<LogoRow> => {
    queues.assertAcceptsWork();
    checked.delete(logo.id);
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

  /** The row at the end of its check, or as it stands when the time is up. */
  const follow = async (id: string, start: () => Promise<LogoRow>, { response, waitMs }: Waiting): Promise<LogoRow> => {
    const waiter = waiters.open(id);
    try {
      const row = await start();
      if (hasEnded(row)) return row;
      const end = await waiter.ended(row, Math.min(waitMs, checkWaitMs), response);
      return end ?? (await database.logos.find(id)) ?? row;
    } finally {
      waiter.close();
    }
  };

  const findUsable = async (id: string): Promise<LogoRow | null> => {
    const row = await find(id);
    return row?.status === 'completed' && row.deletedAt === null ? row : null;
  };

  const resolveById = async (tenantId: string, id: string, waiting: Waiting): Promise<ResolvedLogo> => {
    const found = await find(id);
    if (found?.tenantId !== tenantId) throw unknownLogo(id);
    const reread = async () => (await database.logos.find(id)) ?? found;
    const row = hasEnded(found) ? found : await follow(id, reread, waiting);
    return { id, facts: factsOf(row), refusal: row.deletedAt === null ? null : unknownLogo(id) };
  };

  const resolveInline = async (tenantId: string, bytes: Buffer, waiting: Waiting): Promise<ResolvedLogo> => {
    const logo = describe(tenantId, bytes);
    const { id, facts } = logo;
    const row = (await findUsable(id)) ?? (await follow(id, () => startCheck(logo), waiting));
    // By what its header says a render is planned without the check; whether the picture is whole shows when it is drawn.
    return { id, facts: hasEnded(row) ? factsOf(row) : facts, refusal: null };
  };

  return {
    describe,
    find,
    forget: (id: string): void => void checked.delete(id),

    /** Whether this logo is there already, checked. */
    isKnown: async (id: string): Promise<boolean> => (await findUsable(id)) !== null,

    /** Stores a logo and waits for its check. @throws AppError what the check found, `unavailable` when it is not ended in time */
    async upload(logo: DescribedLogo, response: ServerResponse): Promise<LogoRow> {
      const waiting = { response, waitMs: checkWaitMs };
      return completedOrThrow((await findUsable(logo.id)) ?? (await follow(logo.id, () => startCheck(logo), waiting)));
    },

    /**
     * Finds or makes the logo of a render. An inline one is waited for at most `waitMs`, and then taken by its header's word.
     *
     * @throws AppError `invalid` at `/logo/id` or `/logo/data`; `unavailable` for one by id whose check is not ended in time
     */
    async resolve(tenantId: string, logo: RequestedLogo, waiting: Waiting): Promise<ResolvedLogo> {
      if ('id' in logo) return resolveById(tenantId, logo.id, waiting);
      try {
        return await resolveInline(tenantId, logo.bytes, waiting);
      } catch (error) {
        throw asInlineLogo(error, logo.bytes);
      }
    },
  };
}

function factsOf(row: LogoRow): LogoFacts {
  const { result } = completedOrThrow(row);
  if (result === null) throw new Error(`The logo ${row.id} is completed without a result`);
  return result;
}

function completedOrThrow(row: LogoRow): LogoRow {
  if (row.status === 'completed') return row;
  if (!hasEnded(row))
    throw unavailable('logo_check_pending', 'The logo is stored and will be checked; ask again', undefined, 2);
  const { code, detail } = row.error ?? { code: 'logo_unchecked', detail: 'The check of the logo was cancelled' };
  throw new AppError(kindOfLogoRefusal(code), code, detail);
}

function unknownLogo(id: string): AppError {
  const detail = 'There is no logo with this id; upload it with POST /v1/logos';
  return new AppError('invalid', 'invalid_request', detail, {
    details: [{ in: 'body', pointer: '/logo/id', name: null, code: 'unknown_logo', detail, received: id }],
  });
}

/** Tells what is wrong with an inline logo at the field that it came in, and what it was. */
function asInlineLogo(error: unknown, bytes: Buffer): unknown {
  if (!(error instanceof AppError) || error.kind === 'unavailable') return error;
  const { code, message } = error;
  const received = error.details[0]?.received ?? `${logoTypeOf(bytes)}, ${bytes.length} bytes`;
  const details = [{ in: 'body', pointer: '/logo/data', name: null, code, detail: message, received } as const];
  return error.kind === 'too-large'
    ? new AppError('too-large', code, message, { details, cause: error })
    : new AppError('invalid', 'invalid_request', message, { details, cause: error });
}
