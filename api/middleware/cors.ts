import cors from '@koa/cors';
import type { ApiContext, ApiDeps, ApiMiddleware } from '../deps.ts';

/** What scripts of other sites may read of an answer, besides what every script may. */
const exposed = [
  ...['Request-Id', 'RateLimit-Policy', 'RateLimit', 'Retry-After', 'Location', 'Content-Location', 'Link', 'ETag'],
  ...['Preference-Applied', 'Idempotency-Replayed', 'Content-Disposition', 'Content-Range', 'Accept-Ranges', 'Allow'],
];
const accepted = [
  ...['Authorization', 'Content-Type', 'Accept', 'Idempotency-Key', 'Prefer', 'If-Match', 'If-None-Match'],
  ...['Range', 'If-Range', 'Last-Event-ID', 'Request-Id'],
];
const dayS = '86400';

/** An open image is for every site once any site may ask: its answer is one for all, so that caches can keep it, whatever `Vary` says. */
export const imageForAnySite = { 'Access-Control-Allow-Origin': '*' };
const openImage = /^\/(?:v1\/(?:renders\/[^/]+\/image|qr|create-qr-code\/?)|qr|chart)$/;

/**
 * Lets scripts of the configured origins (`*`: of any) call the API, with keys and without cookies. Pages for operators stay closed.
 * Without an origin nothing is added to any answer.
 */
export function allowOrigins({ config }: Pick<ApiDeps, 'config'>): ApiMiddleware {
  const { corsOrigins } = config;
  if (corsOrigins.length === 0) return (_ctx, next) => next();
  const isForAll = corsOrigins.includes('*');
  return cors({
    origin: (ctx) => {
      if (ctx.path.startsWith('/admin/')) return '';
      if (isForAll || openImage.test(ctx.path)) return '*';
      return corsOrigins.includes(ctx.get('Origin')) ? ctx.get('Origin') : '';
    },
    allowMethods: ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE'],
    allowHeaders: accepted,
    exposeHeaders: exposed,
    maxAge: dayS,
  }) as unknown as (ctx: ApiContext, next: () => Promise<unknown>) => unknown;
}
