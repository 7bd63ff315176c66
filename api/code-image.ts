import { imageParameters, parseImageQuery } from '../shared/contract/image-query.ts';
import { unavailable } from '../shared/errors.ts';
import { chooseImageFormat } from './accept-header.ts';
import type { AcceptRenders } from './accept-renders.ts';
import { symbolSpec } from './code-symbol.ts';
import type { ApiContext, ApiDeps } from './deps.ts';
import { hasEnded } from './ended-waiters.ts';
import { failedRender } from './failed-render.ts';
import { findOwnCode } from './find-own-code.ts';
import { inTermsOfQuery, readQuery } from './query.ts';
import { isCompleted, type ServeImage } from './serve-image.ts';

/** How long the caller waits for the drawing. */
const waitMs = 10_000;

type Needs = { deps: Pick<ApiDeps, 'database'>; acceptRenders: AcceptRenders; serveImage: ServeImage };

/** `GET /v1/codes/:id/image`: the code's symbol, its image options overridden by the query; a render like any other. */
export function createCodeImageRoute({ deps, acceptRenders, serveImage }: Needs) {
  return async (ctx: ApiContext): Promise<void> => {
    const query = readQuery(ctx);
    const row = await findOwnCode(deps.database.codes, ctx);
    const options = parseImageQuery(query, row.imageOptions);
    if (options.format === undefined) {
      ctx.vary('Accept');
      options.format = chooseImageFormat(ctx.get('Accept'));
    }
    const inOtherWords = (error: unknown): never => {
      throw inTermsOfQuery(error, imageParameters, query);
    };
    const spec = symbolSpec(row, options);
    const render = await acceptRenders.prepare(row.tenantId, spec, ctx.res).catch(inOtherWords);
    const drawn = await acceptRenders.acceptAndWait(render, waitMs, ctx.res).catch(inOtherWords);
    if (!hasEnded(drawn)) throw unavailable('image_not_ready', 'The image is not drawn yet; ask again', undefined, 2);
    if (!isCompleted(drawn)) throw inTermsOfQuery(failedRender(drawn), imageParameters, query);
    // What it looks like may be changed at any time.
    await serveImage.serve(ctx, drawn, 'private, no-cache');
  };
}
