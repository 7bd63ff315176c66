import { randomBytes } from 'node:crypto';
import type { ApiDeps, ApiMiddleware } from '../deps.ts';

const sane = /^[\w.-]{8,128}$/;

/**
 * Gives each request an id (the caller's `Request-Id` when it is sane) and writes one line when it is answered.
 *
 * The line has method, route pattern, status and milliseconds; never the query, a key or content.
 */
export function logRequests({ log }: Pick<ApiDeps, 'log'>): ApiMiddleware {
  // Unique without asking for randomness each time: this process's own part, and a count.
  const process = randomBytes(9).toString('base64url');
  let count = 0;
  return async (ctx, next) => {
    const incoming = ctx.req.headers['request-id'];
    const requestId = typeof incoming === 'string' && sane.test(incoming) ? incoming : `${process}-${++count}`;
    ctx.state.requestId = requestId;
    ctx.res.setHeader('Request-Id', requestId);
    const start = performance.now();
    await next();
    const route = ctx._matchedRoute ?? null;
    const line = {
      requestId,
      method: ctx.method,
      route,
      status: ctx.status,
      ms: Math.round((performance.now() - start) * 10) / 10,
    };
    if (route === '/healthz' || route === '/readyz') log.debug(line, 'request');
    else log.info(line, 'request');
  };
}
