import { imagePath } from '../shared/contract/show-render.ts';
import { AppError } from '../shared/errors.ts';
import type { AcceptRenders } from './accept-renders.ts';
import type { ApiContext, ApiDeps } from './deps.ts';
import { hasEnded } from './ended-waiters.ts';
import { failedRender } from './failed-render.ts';
import type { RenderRows } from './render-rows.ts';
import { isCompleted, redrawWaitMs, type ServeImage } from './serve-image.ts';

type Needs = {
  deps: Pick<ApiDeps, 'config' | 'rateLimits'>;
  rows: RenderRows;
  acceptRenders: AcceptRenders;
  serveImage: ServeImage;
};

/** One id never serves two byte sequences, so whoever has the bytes may keep them. */
export const forEver = 'public, max-age=31536000, immutable';

/** `GET /v1/renders/:id/image`: no key needed, the unguessable id is the capability. */
export function createImageRoute({ deps, rows, acceptRenders, serveImage }: Needs) {
  return async (ctx: ApiContext): Promise<void> => {
    const id = ctx.params.id ?? '';
    const found = await rows.find(id);
    if (found === null) await deps.rateLimits.ofUnknown(ctx.req, ctx.res);
    if (found === null) throw new AppError('not-found', 'not_found', 'There is no render with this id');
    // On a queue for the second time: most likely its bytes were gone, and another caller has it drawn again just now.
    const isAgain = !hasEnded(found) && found.queuedAt > found.createdAt;
    const row = isAgain ? await acceptRenders.wait(found, redrawWaitMs, ctx.res) : found;
    if (!hasEnded(row))
      throw new AppError('conflict', 'render_not_ready', 'The render is not completed yet', { retryAfterS: 1 });
    if (!isCompleted(row)) throw failedRender(row);
    if (await serveImage.serve(ctx, row, forEver)) return;

    const { tenantId, spec } = row;
    const today = await acceptRenders.prepareAgain(tenantId, spec, ctx.res);
    await acceptRenders.acceptAndWait(today, 0, ctx.res);
    for (const name of ['ETag', 'Content-Security-Policy']) ctx.remove(name);
    ctx.body = null;
    ctx.status = 302;
    ctx.set('Cache-Control', 'no-store');
    ctx.set('Location', `${deps.config.publicUrl}${imagePath(today.id)}`);
  };
}
