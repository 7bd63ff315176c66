import type { ApiContext, ApiMiddleware } from '../deps.ts';

/** Whether the line of the URL table that a request met has this mark among its middleware. */
export function isMarked(ctx: ApiContext, mark: ApiMiddleware): boolean {
  const matched = (ctx.matched ?? []).filter(({ methods }) => methods.includes(ctx.method));
  return matched.some(({ stack }) => (stack as unknown[]).includes(mark));
}
