import type { LogoRow } from '../shared/adapters/database/database.ts';
import { parseListQuery, writeCursor } from '../shared/contract/lists.ts';
import type { LogoAnswer } from '../shared/contract/logo-answer.ts';
import { AppError } from '../shared/errors.ts';
import type { AcceptLogos } from './accept-logos.ts';
import type { ApiContext, ApiDeps } from './deps.ts';
import { linkToNext } from './list-links.ts';
import { idempotently } from './middleware/idempotency.ts';
import { readUpload } from './middleware/read-upload.ts';
import { readQuery } from './query.ts';

/** The routes of `/v1/logos`. */
export function createLogoRoutes({ deps, acceptLogos }: { deps: ApiDeps; acceptLogos: AcceptLogos }) {
  const { database, now, config } = deps;
  const { limits, publicUrl } = config;
  const urlOf = (id: string): string => `${publicUrl}/v1/logos/${id}`;

  const answer = (ctx: ApiContext, row: LogoRow, status: 200 | 201): void => {
    ctx.status = status;
    ctx.set(status === 201 ? 'Location' : 'Content-Location', urlOf(row.id));
    ctx.set('Cache-Control', 'private, no-store');
    ctx.body = logoAnswer(row);
  };

  /** A logo whose check has not ended well is nobody's yet. */
  const findOwn = async (ctx: ApiContext, id: string): Promise<LogoRow> => {
    const row = await database.logos.find(id);
    if (row?.tenantId !== ctx.state.tenantId || row.status !== 'completed' || row.deletedAt !== null) throw notFound();
    return row;
  };

  return {
    async create(ctx: ApiContext): Promise<void> {
      const bytes = await readUpload(ctx, { fileBytes: limits.logoBytes, bodyBytes: limits.logoBodyBytes });
      const { tenantId } = ctx.state;
      const { id, sha256 } = acceptLogos.describe(tenantId, bytes);
      await idempotently(
        deps,
        ctx,
        { route: 'POST /v1/logos', fields: { file: sha256 }, resourceId: id },
        {
          first: async () => {
            const { row, created } = await acceptLogos.upload(tenantId, bytes, ctx.res);
            answer(ctx, row, created ? 201 : 200);
          },
          again: async (made) => answer(ctx, await findOwn(ctx, made), 201),
        },
      );
    },

    async list(ctx: ApiContext): Promise<void> {
      const query = readQuery(ctx);
      const page = parseListQuery(query, { withStatus: false });
      const found = await database.logos.list(ctx.state.tenantId, page);
      const last = found.at(-1);
      const nextCursor = last && found.length === page.limit ? writeCursor(last) : null;
      if (nextCursor !== null) ctx.set('Link', linkToNext(`${publicUrl}/v1/logos`, query, nextCursor));
      ctx.set('Cache-Control', 'private, no-store');
      ctx.body = { data: found.map(logoAnswer), nextCursor };
    },

    async show(ctx: ApiContext): Promise<void> {
      answer(ctx, await findOwn(ctx, ctx.params.id ?? ''), 200);
    },

    async remove(ctx: ApiContext): Promise<void> {
      const id = ctx.params.id ?? '';
      acceptLogos.forget(id);
      if (!(await database.logos.remove(ctx.state.tenantId, id, now()))) throw notFound();
      ctx.status = 204;
    },
  };
}

function logoAnswer({ id, contentType, result, sizeBytes, sha256, createdAt }: LogoRow): LogoAnswer {
  if (result === null) throw new Error(`The logo ${id} is completed without a result`);
  return {
    object: 'logo',
    id,
    contentType,
    width: result.widthPx,
    height: result.heightPx,
    sizeBytes,
    sha256,
    createdAt: new Date(createdAt).toISOString(),
  };
}

function notFound(): AppError {
  return new AppError('not-found', 'not_found', 'There is no logo with this id');
}
