import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Log } from '../../shared/log.ts';
import type { ApiMiddleware } from '../deps.ts';

const sane = /^[\w.-]{8,128}$/;
const quiet: readonly unknown[] = ['/healthz', '/readyz'];

type Answered = { requestId: string; method: string; route: unknown; status: number; startedAt: number };

export type RequestLog = {
  /** The caller's `Request-Id` when it is sane, else a new one. */
  idOf(request: IncomingMessage): string;
  /** Writes the line of an answered request; `startedAt` is of `performance.now()`. */
  answered(request: Answered): void;
};

/** Writes one line for each request: method, route pattern, status and milliseconds; never the query, a key or content. */
export function createRequestLog(log: Log): RequestLog {
  // Unique without asking for randomness each time: this process's own part, and a count.
  const process = randomBytes(9).toString('base64url');
  let count = 0;
  return {
    idOf(request) {
      const incoming = request.headers['request-id'];
      return typeof incoming === 'string' && sane.test(incoming) ? incoming : `${process}-${++count}`;
    },
    answered({ requestId, method, route, status, startedAt }) {
      const level = quiet.includes(route) ? 'debug' : 'info';
      if (!log.isLevelEnabled(level)) return;
      const ms = Math.round((performance.now() - startedAt) * 10) / 10;
      log[level]({ requestId, method, route, status, ms }, 'request');
    },
  };
}

/** Gives each request its id and writes its line when it is answered. */
export function logRequests(requests: RequestLog): ApiMiddleware {
  return async (ctx, next) => {
    const requestId = requests.idOf(ctx.req);
    ctx.state.requestId = requestId;
    ctx.res.setHeader('Request-Id', requestId);
    const startedAt = performance.now();
    await next();
    const { method, status } = ctx;
    requests.answered({ requestId, method, route: ctx._matchedRoute ?? null, status, startedAt });
  };
}
