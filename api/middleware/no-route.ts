import { isReservedSlug } from '../../shared/domain/slug.ts';
import { AppError } from '../../shared/errors.ts';
import type { ApiDeps, ApiMiddleware } from '../deps.ts';
import { answerNowhere, unknownCode } from '../redirect-pages.ts';

/** A path of one step, where somebody may have meant a short URL. */
const oneStep = /^\/([^/]+)\/?$/;

/**
 * Answers what no route took: OPTIONS of a known path with what it allows, another method with 405 and the same, an
 * unknown path with 404; a browser that asks for what may be a mistyped short URL gets the small page.
 */
export function answerNoRoute({ config }: Pick<ApiDeps, 'config'>): ApiMiddleware {
  return (ctx) => {
    const isRead = ctx.method === 'GET' || ctx.method === 'HEAD';
    const step = oneStep.exec(ctx.path)?.[1] ?? null;
    const methods = new Set((ctx.matched ?? []).flatMap((layer) => layer.methods));
    // The redirect stands in front of the router, and takes these two.
    if (!isRead && step !== null && /^[a-z0-9-]{3,64}$/i.test(step) && !isReservedSlug(step.toLowerCase()))
      for (const method of ['GET', 'HEAD']) methods.add(method);
    if (methods.size === 0) {
      if (!isRead || step === null || !/\btext\/html\b/i.test(ctx.get('Accept')))
        throw new AppError('not-found', 'not_found', 'There is nothing under this path');
      ctx.respond = false;
      answerNowhere(ctx.req, ctx.res, unknownCode, { publicUrl: config.publicUrl, requestId: ctx.state.requestId });
      return;
    }
    const allow = [...methods, 'OPTIONS'].sort().join(', ');
    if (ctx.method === 'OPTIONS') {
      ctx.status = 204;
      ctx.set('Allow', allow);
      return;
    }
    throw new AppError('method', 'method_not_allowed', `${ctx.method} is not allowed here; ${allow} are`, {
      headers: { Allow: allow },
    });
  };
}
