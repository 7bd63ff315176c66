import type { LogoRow } from '../shared/adapters/database/database.ts';
import { parseListQuery, writeCursor } from '../shared/contract/lists.ts';
import type { LogoAnswer } from '../shared/contract/logo-answer.ts';
import { AppError } from '../shared/errors.ts';
import type { AcceptLogos } from './accept-logos.ts';
import { cutPage } from './cut-page.ts';
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
      const { bytes, pointer } = await readUpload(ctx, {
        fileBytes: limits.logoBytes,
        bodyBytes: limits.logoBodyBytes,
      });
      const logo = await pointedAt(pointer, () => acceptLogos.describe(ctx.state.tenantId, bytes));
      const { id, sha256 } = logo;
      // Whether it was there is reserved with its id: the same request is answered with the same status again.
      const resourceId = (await acceptLogos.isKnown(id)) ? `${id} ${known}` : id;
      const request = { route: 'POST /v1/logos', fields: { file: sha256 }, resourceId };
      await idempotently(deps, ctx, request, {
        first: async (reserved) => {
          const row = await pointedAt(pointer, () => acceptLogos.upload(logo, ctx.res));
          answer(ctx, row, statusOf(reserved));
        },
        again: async (reserved) => {
          const [made = ''] = reserved.split(' ');
          const row = await database.logos.find(made);
          if (row === null || row.deletedAt !== null)
            throw new AppError('gone', 'logo_gone', 'The logo that this request made was deleted');
          answer(ctx, row, statusOf(reserved));
        },
      });
    },

    async list(ctx: ApiContext): Promise<void> {
      const query = readQuery(ctx);
      const page = parseListQuery(query, { withStatus: false, list: 'logos' });
      const found = await database.logos.list(ctx.state.tenantId, { ...page, limit: page.limit + 1 });
      const { rows, last } = cutPage(found, page.limit);
      const nextCursor = last && writeCursor(last, { list: 'logos', order: page.order });
      if (nextCursor !== null) ctx.set('Link', linkToNext(`${publicUrl}/v1/logos`, query, nextCursor));
      ctx.set('Cache-Control', 'private, no-store');
      ctx.body = { data: rows.map(logoAnswer), nextCursor };
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

/** Marks the reserved id of a logo that was there before. */
const known = 'known';

function statusOf(reserved: string): 200 | 201 {
  return reserved.endsWith(` ${known}`) ? 200 : 201;
}

/** Tells what is wrong with a logo where it stands in the upload: `/file` of a form, or the body itself. */
async function pointedAt<Result>(pointer: string, work: () => Result | Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof AppError) || error.kind === 'unavailable') throw error;
    const { kind, code, message } = error;
    const received = error.details[0]?.received ?? null;
    const details = [{ in: 'body', pointer, name: null, code, detail: message, received } as const];
    throw new AppError(kind, code, message, { details, cause: error });
  }
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
