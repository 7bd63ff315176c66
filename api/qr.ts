import { parseRenderQuery } from '../shared/contract/render-query.ts';
import type { RequestedSpec } from '../shared/contract/render-request.ts';
import { unavailable } from '../shared/errors.ts';
import { chooseImageFormat } from './accept-header.ts';
import type { AcceptRenders } from './accept-renders.ts';
import type { ApiContext } from './deps.ts';
import { hasEnded } from './ended-waiters.ts';
import { failedRender } from './failed-render.ts';
import type { CompletedRender } from './image-bytes.ts';
import { readGoogleChart } from './peers/google-chart.ts';
import { readGoqr } from './peers/goqr.ts';
import { readQuickchart } from './peers/quickchart.ts';
import { inTermsOfQuery, type ParameterNames, type Query, readQuery, type Spell } from './query.ts';
import { isCompleted, matchesEtag, type ServeImage } from './serve-image.ts';

/** How long a one-call image waits for its drawing. */
const waitMs = 10_000;

/** One way to write a spec as a query. */
export type QueryDialect = {
  read: (ctx: ApiContext) => { query: Query; spec: RequestedSpec; asBase64?: boolean };
  /** How the dialect names the spec's fields, by JSON pointer; fields without an entry go by their own name. */
  names: ParameterNames | ((query: Query) => ParameterNames);
  spell?: Spell;
};

type Needs = { acceptRenders: AcceptRenders; serveImage: ServeImage; now: () => number };

/** `GET /v1/qr` and its relatives: a query in, the image out, made for `<img src>`. */
export function createQrRoutes({ acceptRenders, serveImage, now }: Needs) {
  const own: QueryDialect = {
    names: ({ data }) => ({
      ...(data === undefined ? {} : { '/content': 'data' }),
      '/logo/ratio': 'logoRatio',
      '/logo': 'logoId',
    }),
    read(ctx) {
      const query = readQuery(ctx);
      const { spec, formatGiven } = parseRenderQuery(query);
      if (!formatGiven) {
        ctx.vary('Accept');
        spec.format = chooseImageFormat(ctx.get('Accept'));
      }
      return { query, spec };
    },
  };

  const route = ({ read, names, spell }: QueryDialect) => {
    return async (ctx: ApiContext): Promise<void> => {
      const { query, spec, asBase64 } = read(ctx);
      const { tenantId, key, goodUntil = Number.POSITIVE_INFINITY } = ctx.state;
      const inItsTerms = (error: unknown): unknown =>
        inTermsOfQuery(error, typeof names === 'function' ? names(query) : names, query, spell);
      const inOtherWords = (error: unknown): never => {
        throw inItsTerms(error);
      };
      const render = await acceptRenders.prepare(tenantId, spec, ctx.res).catch(inOtherWords);
      const row = await acceptRenders.acceptAndWait(render, waitMs, ctx.res).catch(inOtherWords);
      if (!hasEnded(row)) throw unavailable('image_not_ready', 'The image is not drawn yet; ask again', undefined, 2);
      if (!isCompleted(row)) throw inItsTerms(failedRender(row));
      // Nobody may keep an image for longer than its signature is good.
      const maxAgeS = Math.max(Math.min(86_400, Math.floor((goodUntil - now()) / 1000)), 0);
      const cacheControl = `${key === null ? 'public' : 'private'}, max-age=${maxAgeS}`;
      if (asBase64) await serveBase64(ctx, row, cacheControl);
      else await serveImage.serve(ctx, row, cacheControl);
    };
  };

  /** QuickChart's `format=base64`: the PNG as text, without a `data:` prefix. */
  const serveBase64 = async (ctx: ApiContext, row: CompletedRender, cacheControl: string): Promise<void> => {
    const etag = `"${row.result.sha256}-base64"`;
    ctx.set('ETag', etag);
    ctx.set('Cache-Control', cacheControl);
    ctx.set('X-Content-Type-Options', 'nosniff');
    ctx.set('Cross-Origin-Resource-Policy', 'cross-origin');
    if (matchesEtag(ctx.get('If-None-Match'), etag)) {
      ctx.status = 304;
      return;
    }
    const bytes = await serveImage.readOrRedraw(row, ctx);
    ctx.set('Content-Type', 'text/plain; charset=utf-8');
    ctx.body = bytes.toString('base64');
  };

  return {
    own: route(own),
    goqr: route(readGoqr),
    quickchart: route(readQuickchart),
    googleChart: route(readGoogleChart),
  };
}
