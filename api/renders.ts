import { hash } from 'node:crypto';
import type { RenderRow } from '../shared/adapters/database/database.ts';
import { parseListQuery, writeCursor } from '../shared/contract/lists.ts';
import { parseRenderRequest, type RequestedSpec } from '../shared/contract/render-request.ts';
import { decideWait, parsePrefer, type Wait } from '../shared/domain/prefer.ts';
import type { ImageFormat, Warning } from '../shared/domain/render-spec.ts';
import { AppError } from '../shared/errors.ts';
import { chooseAnswer } from './accept-header.ts';
import { type AcceptRenders, failedRender, type PreparedRender } from './accept-renders.ts';
import type { ApiContext, ApiDeps } from './deps.ts';
import { hasEnded } from './ended-waiters.ts';
import type { ImageBytes } from './image-bytes.ts';
import { linkToNext } from './list-links.ts';
import { idempotently } from './middleware/idempotency.ts';
import { bodyTooLarge } from './middleware/read-body.ts';
import { readJson } from './middleware/read-json.ts';
import { readQuery } from './query.ts';
import type { RenderRows } from './render-rows.ts';
import { renderAnswer } from './render-view.ts';
import { isCompleted, type ServeImage } from './serve-image.ts';

type Needs = {
  deps: ApiDeps;
  rows: RenderRows;
  images: ImageBytes;
  acceptRenders: AcceptRenders;
  serveImage: ServeImage;
};

/** How long a POST that wants the bytes waits when it does not say how long. */
const imageWaitMs = 10_000;

/** What a POST asked for besides its spec. */
type Wish = { answer: 'json' | ImageFormat; wait: Wait };

/** The routes of `/v1/renders` but for the image. */
export function createRenderRoutes({ deps, rows, images, acceptRenders, serveImage }: Needs) {
  const { config, database } = deps;
  const { publicUrl, limits } = config;

  const readWish = (ctx: ApiContext): Wish => {
    const answer = chooseAnswer(ctx.get('Accept'));
    const defaultMs = answer === 'json' ? config.wait.defaultMs : imageWaitMs;
    return { answer, wait: decideWait(parsePrefer(ctx.get('Prefer')), { defaultMs, maxMs: config.wait.maxMs }) };
  };

  const readSpec = async (ctx: ApiContext, { answer }: Wish): Promise<RequestedSpec> => {
    const { value, sizeBytes } = await readJson(ctx, limits.logoBodyBytes);
    const { spec, formatGiven } = parseRenderRequest(value, limits);
    // The body's format beats Accept, which chooses where it names none.
    if (!formatGiven && answer === 'svg') spec.format = 'svg';
    const carriesLogo = spec.logo !== null && 'bytes' in spec.logo;
    if (!carriesLogo && sizeBytes > limits.bodyBytes) throw bodyTooLarge(limits.bodyBytes);
    return spec;
  };

  const answerRow = async (ctx: ApiContext, row: RenderRow, wish: Wish, of?: PreparedRender): Promise<void> => {
    if (wish.wait.applied !== null && (wish.wait.applied !== 'respond-async' || !hasEnded(row)))
      ctx.set('Preference-Applied', wish.wait.applied);
    if (wish.answer !== 'json' && hasEnded(row)) {
      if (!isCompleted(row)) throw failedRender(row);
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
      const spec = await readSpec(ctx, wish);
      const render = await acceptRenders.prepare(ctx.state.tenantId, spec, ctx.res);
      const request = { route: 'POST /v1/renders', fields: fingerprinted(spec), resourceId: render.id };
      await idempotently(deps, ctx, request, {
        first: async () => {
          const row = await acceptRenders.acceptAndWait(render, wish.wait.waitMs, ctx.res);
          await answerRow(ctx, row, wish, render);
        },
        again: async (id) => {
          const row = await rows.find(id);
          if (row === null) throw notFound();
          const same = id === render.id ? render : undefined;
          await answerRow(ctx, await acceptRenders.wait(row, wish.wait.waitMs, ctx.res), wish, same);
        },
      });
    },

    async list(ctx: ApiContext): Promise<void> {
      const query = readQuery(ctx);
      const page = parseListQuery(query, { withStatus: true });
      const found = await database.renders.list(ctx.state.tenantId, page);
      const last = found.at(-1);
      const nextCursor = last && found.length === page.limit ? writeCursor(last) : null;
      if (nextCursor !== null) ctx.set('Link', linkToNext(`${publicUrl}/v1/renders`, query, nextCursor));
      ctx.set('Cache-Control', 'private, no-store');
      ctx.body = { data: found.map((row) => renderAnswer(row, { publicUrl })), nextCursor };
    },

    async show(ctx: ApiContext): Promise<void> {
      const row = await findOwn(ctx);
      if (!hasEnded(row)) ctx.set('Retry-After', '1');
      ctx.set('Cache-Control', 'private, no-store');
      ctx.body = renderAnswer(row, { publicUrl });
    },

    /** Bytes first: a crash in between leaves a render that would be drawn again, and no bytes without an owner. */
    async remove(ctx: ApiContext): Promise<void> {
      const row = await findOwn(ctx);
      await images.remove(row);
      rows.forget(row.id);
      if (!(await database.renders.remove(row.tenantId, row.id))) throw notFound();
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
