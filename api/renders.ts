import { hash } from 'node:crypto';
import type { RenderRow } from '../shared/adapters/database/database.ts';
import { createReceiverRule } from '../shared/adapters/outbound-addresses.ts';
import { parseListQuery, writeCursor } from '../shared/contract/lists.ts';
import { type RequestedSpec, readRenderRequest } from '../shared/contract/render-request.ts';
import { imagePath, renderAnswer } from '../shared/contract/show-render.ts';
import { takeCallbackUrl } from '../shared/contract/webhook-request.ts';
import { inBody } from '../shared/contract/zod-problems.ts';
import { decideWait, parsePrefer, type Wait } from '../shared/domain/prefer.ts';
import type { ImageFormat, Warning } from '../shared/domain/render-spec.ts';
import { AppError } from '../shared/errors.ts';
import { newId } from '../shared/new-id.ts';
import { chooseAnswer } from './accept-header.ts';
import type { AcceptRenders, PreparedRender } from './accept-renders.ts';
import { cutPage } from './cut-page.ts';
import type { ApiContext, ApiDeps } from './deps.ts';
import { hasEnded } from './ended-waiters.ts';
import { failedRender } from './failed-render.ts';
import type { ImageBytes } from './image-bytes.ts';
import { linkToNext } from './list-links.ts';
import { idempotently } from './middleware/idempotency.ts';
import { readJsonWithLogo } from './middleware/read-json.ts';
import { onlyWhatCame } from './only-what-came.ts';
import { readQuery } from './query.ts';
import type { RenderRows } from './render-rows.ts';
import { isCompleted, type ServeImage } from './serve-image.ts';

type Needs = {
  deps: ApiDeps;
  rows: RenderRows;
  images: ImageBytes;
  acceptRenders: AcceptRenders;
  serveImage: ServeImage;
};

const inRenderBody = { ...inBody, besides: ['callbackUrl'] };

/** How long a POST that wants the bytes waits when it does not say how long. */
const imageWaitMs = 10_000;

/** What a POST asked for besides its spec. */
type Wish = { answer: 'json' | ImageFormat; wait: Wait };

/** The routes of `/v1/renders` but for the image. */
export function createRenderRoutes({ deps, rows, images, acceptRenders, serveImage }: Needs) {
  const { config, database, queues, log } = deps;
  const { publicUrl, limits } = config;
  const mayCall = createReceiverRule(config.webhooks.outboundAllow);

  const readWish = (ctx: ApiContext): Wish => {
    const answer = chooseAnswer(ctx.get('Accept'));
    const defaultMs = answer === 'json' ? config.wait.defaultMs : imageWaitMs;
    return { answer, wait: decideWait(parsePrefer(ctx.get('Prefer')), { defaultMs, maxMs: config.wait.maxMs }) };
  };

  const readRequest = async (ctx: ApiContext, { answer }: Wish) => {
    const value = await readJsonWithLogo(ctx, limits, (body) => body);
    const { callbackUrl, rest, problems } = takeCallbackUrl(value, mayCall);
    const { spec, formatGiven } = readRenderRequest(rest, limits, inRenderBody, problems);
    // The body's format beats Accept, which chooses where it names none.
    if (!formatGiven && answer === 'svg') spec.format = 'svg';
    return { value, spec, callbackUrl };
  };

  const answerRow = async (ctx: ApiContext, row: RenderRow, wish: Wish, of?: PreparedRender): Promise<void> => {
    if (wish.wait.applied !== null && (wish.wait.applied !== 'respond-async' || !hasEnded(row)))
      ctx.set('Preference-Applied', wish.wait.applied);
    if (wish.answer !== 'json' && hasEnded(row)) {
      if (!isCompleted(row)) throw failedRender(row);
      ctx.set('Content-Location', `${publicUrl}${imagePath(row.id)}`);
      await serveImage.serve(ctx, row, 'private, no-cache');
      return;
    }
    const location = `${publicUrl}/v1/renders/${row.id}`;
    if (hasEnded(row)) ctx.set('Content-Location', location);
    else {
      ctx.status = 202;
      ctx.set('Location', location);
      ctx.set('Retry-After', '1');
    }
    const more: { encodedText?: string; warnings?: Warning[] } = of
      ? { encodedText: of.plan.encodedText, warnings: of.plan.warnings }
      : {};
    ctx.set('Cache-Control', 'private, no-store');
    ctx.body = renderAnswer(row, { publicUrl, ...more });
  };

  const findOwn = async (ctx: ApiContext): Promise<RenderRow> => {
    const row = await database.renders.find(ctx.params.id ?? '');
    if (row?.tenantId !== ctx.state.tenantId) throw notFound();
    return row;
  };

  return {
    async create(ctx: ApiContext): Promise<void> {
      const wish = readWish(ctx);
      const { value, spec, callbackUrl } = await readRequest(ctx, wish);
      const until = performance.now() + wish.wait.waitMs;
      const waitMs = (): number => Math.max(0, until - performance.now());
      const render = await acceptRenders
        .prepare(ctx.state.tenantId, spec, ctx.res, waitMs())
        .catch((error: unknown) => {
          throw onlyWhatCame(error, value);
        });
      const fields = callbackUrl === null ? fingerprinted(spec) : { spec: fingerprinted(spec), callbackUrl };
      // The delivery's id is reserved with the render's: an accepted POST is told once.
      const resourceId = callbackUrl === null ? render.id : `${render.id} ${newId('msg')}`;
      await idempotently(
        deps,
        ctx,
        { route: 'POST /v1/renders', fields, resourceId },
        {
          first: async (reserved) => {
            const callbackId = reserved.split(' ')[1];
            const { requestId } = ctx.state;
            const callback =
              callbackUrl === null || !callbackId ? null : { id: callbackId, url: callbackUrl, requestId };
            const row = await acceptRenders.acceptAndWait(render, waitMs(), ctx.res, callback);
            await answerRow(ctx, row, wish, render);
          },
          again: async (reserved) => {
            const [id = ''] = reserved.split(' ');
            const row = await rows.find(id);
            if (row === null)
              throw new AppError('gone', 'render_gone', 'The render that this request made was deleted');
            const same = id === render.id ? render : undefined;
            await answerRow(ctx, await acceptRenders.wait(row, waitMs(), ctx.res), wish, same);
          },
        },
      );
    },

    async list(ctx: ApiContext): Promise<void> {
      const query = readQuery(ctx);
      const page = parseListQuery(query, { withStatus: true, list: 'renders' });
      const found = await database.renders.list(ctx.state.tenantId, { ...page, limit: page.limit + 1 });
      const { rows, last } = cutPage(found, page.limit);
      const nextCursor = last && writeCursor(last, { list: 'renders', order: page.order });
      if (nextCursor !== null) ctx.set('Link', linkToNext(`${publicUrl}/v1/renders`, query, nextCursor));
      ctx.set('Cache-Control', 'private, no-store');
      ctx.body = { data: rows.map((row) => renderAnswer(row, { publicUrl })), nextCursor };
    },

    async show(ctx: ApiContext): Promise<void> {
      const row = await findOwn(ctx);
      if (!hasEnded(row)) ctx.set('Retry-After', '1');
      ctx.set('Cache-Control', 'private, no-store');
      ctx.body = renderAnswer(row, { publicUrl });
    },

    /**
     * Bytes, row, bytes. A crash after the first step leaves a render that would be drawn again, and no bytes without an owner.
     * A worker that stores its bytes between the first two steps still finds the row, so they go in the third; one that stores
     * them later finds no row, and removes them itself.
     */
    async remove(ctx: ApiContext): Promise<void> {
      const row = await findOwn(ctx);
      await images.remove(row);
      if (!(await database.renders.remove(row.tenantId, row.id))) throw notFound();
      rows.forget(row.id);
      // So that a cache in front of us that is purged next gets a 404 from every process.
      await queues.announceEnded([row.id]).catch((err: unknown) => log.warn({ err }, 'deletion not told to others'));
      await images.remove(row).catch((err: unknown) => log.warn({ err, renderId: row.id }, 'image not removed'));
      ctx.status = 204;
    },
  };
}

function notFound(): AppError {
  return new AppError('not-found', 'not_found', 'There is no render with this id');
}

/** What makes two requests the same: their fields, and an inline logo's sha256. */
function fingerprinted(spec: RequestedSpec): unknown {
  const { logo } = spec;
  if (logo === null || 'id' in logo) return spec;
  return { ...spec, logo: { sha256: hash('sha256', logo.bytes, 'hex'), ratio: logo.ratio } };
}
