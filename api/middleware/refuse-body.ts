import { assertNoFields } from '../../shared/contract/no-fields.ts';
import type { ApiMiddleware } from '../deps.ts';
import { isMarked } from './is-marked.ts';
import { readOptionalJson } from './read-json.ts';

/** Says in the URL table that a route reads its body; on every other one that changes something, what a body says is refused. */
export const readsBody: ApiMiddleware = (_ctx, next) => next();

/**
 * Lets a request that changes something through without a body or with one that says nothing (`{}`, null), where the route reads none.
 *
 * @throws AppError `invalid` that names every field; for a body that is no JSON those of `readJson`
 */
export function createRefuseUnreadBody(limitBytes: number): ApiMiddleware {
  return async (ctx, next) => {
    const changes = ctx.method !== 'GET' && ctx.method !== 'HEAD';
    if (changes && !isMarked(ctx, readsBody)) assertNoFields((await readOptionalJson(ctx, limitBytes)) ?? {});
    await next();
  };
}
