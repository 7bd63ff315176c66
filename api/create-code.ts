import { hash, randomBytes } from 'node:crypto';
import type { CodeRow } from '../shared/adapters/database/code-store.ts';
import type { RequestedCode } from '../shared/contract/code-request.ts';
import { codeId } from '../shared/domain/identity.ts';
import { bytesPerSlug, slugFrom } from '../shared/domain/slug.ts';
import { AppError, unavailable } from '../shared/errors.ts';
import type { AcceptRenders } from './accept-renders.ts';
import { newCodeRow } from './code-rows.ts';
import { settleOptions } from './code-symbol.ts';
import type { ApiContext, ApiDeps } from './deps.ts';
import { readIdempotencyKey } from './middleware/idempotency.ts';

/** Of 850 thousand million random slugs one that is taken is rare; this many in a row are a fault. */
const mostTries = 10;

function randomSlug(): string {
  for (;;) {
    const slug = slugFrom(randomBytes(bytesPerSlug));
    if (slug !== null) return slug;
  }
}

/** What makes two requests the same: their fields, and an inline logo's sha256. */
export function fingerprinted(requested: RequestedCode): unknown {
  const { logo } = requested.imageOptions;
  if (logo === undefined || 'id' in logo) return requested;
  const shown = { sha256: hash('sha256', logo.bytes, 'hex'), ratio: logo.ratio };
  return { ...requested, imageOptions: { ...requested.imageOptions, logo: shown } };
}

type Needs = { deps: ApiDeps; acceptRenders: AcceptRenders };

/** A new code's way in: id, slug, its symbol checked, one durable insert. */
export function createCreateCode({ deps, acceptRenders }: Needs) {
  const { config, database, now, meter, codeMade } = deps;

  const insert = async (row: CodeRow): Promise<CodeRow | null> => {
    const [outcome] = await database.codes.insert([row]);
    if (outcome === 'slug-taken') return null;
    if (outcome !== 'exists') meter.count(row.tenantId, 'codes');
    // The same request came before, and nobody learnt what became of it.
    const made = outcome === 'exists' ? await database.codes.find(row.id) : row;
    if (made === null) throw new Error(`The code ${row.id} exists and is not found`);
    codeMade(made);
    return made;
  };

  return {
    /** Returns the id of the code that this request makes; the same one each time that it comes with one Idempotency-Key. */
    idOf(ctx: ApiContext, requested: RequestedCode): string {
      const key = readIdempotencyKey(ctx);
      if (key === null) return `cod_${randomBytes(18).toString('base64url')}`;
      return codeId(config.secretKey, ctx.state.tenantId, key, fingerprinted(requested));
    },

    /**
     * Makes the code; durable when it returns.
     *
     * @throws AppError `conflict` when its own slug is taken, `invalid` when readers could not read its symbol
     */
    async create(ctx: ApiContext, id: string, requested: RequestedCode, keyId: string): Promise<CodeRow> {
      const { tenantId } = ctx.state;
      const shortOrigin = config.shortUrl;
      let options = requested.imageOptions;
      for (let tries = 0; tries < mostTries; tries++) {
        const slug = requested.slug ?? randomSlug();
        const imageOptions = await settleOptions(acceptRenders, ctx, { shortOrigin, slug }, options);
        const row = newCodeRow({ id, tenantId, slug, shortOrigin, imageOptions, requested }, { keyId, now: now() });
        const made = await insert(row);
        if (made) return made;
        if (requested.slug !== null) throw slugTaken(requested.slug);
        options = imageOptions;
      }
      throw unavailable('no_free_slug', 'No slug was found that is free; try again');
    },
  };
}

function slugTaken(slug: string): AppError {
  const detail = `The slug ${slug} is taken; slugs are given once, and never again after a code was archived`;
  return new AppError('conflict', 'slug_taken', detail, {
    details: [{ in: 'body', pointer: '/slug', name: null, code: 'slug_taken', detail, received: slug }],
  });
}
