import { AppError, type FieldError, shortened } from '../../shared/errors.ts';
import type { ApiContext, ApiMiddleware } from '../deps.ts';
import { readQuery } from '../query.ts';
import { isMarked } from './is-marked.ts';

/** Says in the URL table that a route reads its query; on every other one a query is refused. */
export const readsQuery: ApiMiddleware = (_ctx, next) => next();

/** @throws AppError `invalid` that names every parameter, where the route does not read its query */
export const refuseUnreadQuery: ApiMiddleware = (ctx, next) => {
  if (ctx.querystring !== '' && !isMarked(ctx, readsQuery)) refuseQuery(ctx);
  return next();
};

/** @throws AppError `invalid` that names every parameter, where one came */
export function refuseQuery(ctx: ApiContext): void {
  const details = Object.keys(readQuery(ctx)).map((name): FieldError => {
    const shown = shortened(name) ?? '';
    const detail = `${shown} is not known here; no query parameter is accepted`;
    return { in: 'query', pointer: null, name: shown, code: 'unknown_field', detail, received: null };
  });
  if (details.length === 0) return;
  throw new AppError('invalid', 'invalid_request', details.map(({ detail }) => detail).join('; '), { details });
}
