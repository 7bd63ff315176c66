import type { OutgoingHttpHeader, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { RenderRow } from '../shared/adapters/database/database.ts';
import { rendererVersion } from '../shared/domain/identity.ts';
import { contentTypeOf } from '../shared/domain/render-spec.ts';
import { unavailable } from '../shared/errors.ts';
import type { AcceptRenders } from './accept-renders.ts';
import type { ApiContext } from './deps.ts';
import { failedRender } from './failed-render.ts';
import type { CompletedRender, ImageBytes } from './image-bytes.ts';
import { imageGuards } from './middleware/security-headers.ts';
import type { RenderRows } from './render-rows.ts';

/** How long a caller waits while purged bytes are drawn again. */
export const redrawWaitMs = 5000;

/** Whether one of the entity tags of `If-None-Match` is this one (weak comparison, RFC 9110, section 13.1.2). */
export function matchesEtag(header: string | undefined, etag: OutgoingHttpHeader | undefined): boolean {
  if (!header) return false;
  return header.split(',').some((tag) => {
    const plain = tag.trim().replace(/^W\//, '');
    return plain === etag || plain === '*';
  });
}

export function isCompleted(row: RenderRow): row is CompletedRender {
  return row.status === 'completed' && row.result !== null;
}

/** What every answer about the image says, 304 too. */
export function imageGuarantees({ spec, result }: CompletedRender, cacheControl: string): OutgoingHttpHeaders {
  return { ETag: `"${result.sha256}"`, 'Cache-Control': cacheControl, ...imageGuards[spec.format] };
}

/** What an answer with the image says of it. */
export function imageDescription({ id, spec, result }: CompletedRender): OutgoingHttpHeaders {
  return {
    'Content-Type': contentTypeOf[spec.format],
    'Content-Length': result.sizeBytes,
    'Content-Disposition': `inline; filename="${id}.${spec.format}"`,
  };
}

/** By hand: Koa's own setters cost more on this path than all else that is done. */
function setHeaders(response: ServerResponse, headers: OutgoingHttpHeaders): void {
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) response.setHeader(name, value);
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
     * Answers the image of a completed render: 304 before any work, headers alone for HEAD, else the bytes. A POST is never
     * answered 304, which is for GET and HEAD (RFC 9110, section 15.4.5).
     *
     * @returns false when the bytes are gone and an older renderer drew them: what would be drawn today has another id
     */
    async serve(ctx: ApiContext, row: CompletedRender, cacheControl: string): Promise<boolean> {
      const guarantees = imageGuarantees(row, cacheControl);
      rows.use(row);
      setHeaders(ctx.res, guarantees);
      if (ctx.method !== 'POST' && matchesEtag(ctx.req.headers['if-none-match'], guarantees.ETag)) {
        ctx.status = 304;
        return true;
      }
      if (ctx.method !== 'HEAD') {
        if (row.rendererVersion !== rendererVersion && !images.atHand(row) && (await images.read(row)) === null)
          return false;
        ctx.body = await readOrRedraw(row, ctx);
      }
      ctx.status = 200;
      setHeaders(ctx.res, imageDescription(row));
      return true;
    },

    /** The bytes for answers of another shape. */
    readOrRedraw,
  };
}
