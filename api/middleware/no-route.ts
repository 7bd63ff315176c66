import { AppError } from '../../shared/errors.ts';
import type { ApiMiddleware } from '../deps.ts';

/**
 * Answers what no route took: OPTIONS of a known path with what it allows, another method with 405 and the same, an
 * unknown path with 404.
 */
export const answerNoRoute: ApiMiddleware = (ctx) => {
  const methods = new Set((ctx.matched ?? []).flatMap((layer) => layer.methods));
  if (methods.size === 0) throw new AppError('not-found', 'not_found', 'There is nothing under this path');
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
