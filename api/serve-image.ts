import type { RenderRow } from '../shared/adapters/database/database.ts';
import { rendererVersion } from '../shared/domain/identity.ts';
import { contentTypeOf } from '../shared/domain/render-spec.ts';
import { unavailable } from '../shared/errors.ts';
import type { AcceptRenders } from './accept-renders.ts';
import { failedRender } from './accept-renders.ts';
import type { ApiContext } from './deps.ts';
import type { CompletedRender, ImageBytes } from './image-bytes.ts';
import { guardImage } from './middleware/security-headers.ts';
import type { RenderRows } from './render-rows.ts';

/** How long a caller waits while purged bytes are drawn again. */
export const redrawWaitMs = 5000;

/** Whether one of the entity tags of `If-None-Match` is this one (weak comparison, RFC 9110, section 13.1.2). */
export function matchesEtag(header: string, etag: string): boolean {
  if (header === '') return false;
  return header.split(',').some((tag) => {
    const plain = tag.trim().replace(/^W\//, '');
    return plain === etag || plain === '*';
  });
}

export function isCompleted(row: RenderRow): row is CompletedRender {
  return row.status === 'completed' && row.result !== null;
}

export type ServeImage = ReturnType<typeof createServeImage>;

type Needs = { rows: RenderRows; images: ImageBytes; acceptRenders: AcceptRenders };

/** How the bytes of completed renders are answered, on every route that gives them. */
export function createServeImage({ rows, images, acceptRenders }: Needs) {
  const readOrRedraw = async (row: CompletedRender, ctx: ApiContext): Promise<Buffer> => {
    const bytes = images.atHand(row) ?? (await images.read(row));
    if (bytes !== null) return bytes;
    const drawn = await acceptRenders.redraw(row, redrawWaitMs, ctx.res);
    if (drawn.status === 'failed') throw failedRender(drawn);
    const again = isCompleted(drawn) ? await images.read(drawn) : null;
    if (again === null) throw unavailable('image_not_ready', 'The image is being drawn again; ask again', undefined, 2);
    return again;
  };

  return {
    /**
     * Answers the image of a completed render: 304 before any work, headers alone for HEAD, else the bytes.
     *
     * @returns false when the bytes are gone and an older renderer drew them: what would be drawn today has another id
     */
    async serve(ctx: ApiContext, row: CompletedRender, cacheControl: string): Promise<boolean> {
      const { format } = row.spec;
      // The hottest path there is: Koa's own setters cost more here than all else that is done.
      const { res } = ctx;
      const etag = `"${row.result.sha256}"`;
      rows.use(row);
      res.setHeader('ETag', etag);
      res.setHeader('Cache-Control', cacheControl);
      guardImage(ctx, format);
      if (matchesEtag(ctx.req.headers['if-none-match'] ?? '', etag)) {
        ctx.status = 304;
        return true;
      }
      res.setHeader('Content-Type', contentTypeOf[format]);
      if (ctx.method !== 'HEAD') {
        if (row.rendererVersion !== rendererVersion && !images.atHand(row) && (await images.read(row)) === null)
          return false;
        ctx.body = await readOrRedraw(row, ctx);
      }
      ctx.status = 200;
      res.setHeader('Content-Disposition', `inline; filename="${row.id}.${format}"`);
      if (ctx.method === 'HEAD') ctx.length = row.result.sizeBytes;
      return true;
    },

    /** The bytes for answers of another shape. */
    readOrRedraw,
  };
}
