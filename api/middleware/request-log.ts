import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Log } from '../../shared/log.ts';
import type { Counter, Histogram, Tally } from '../../shared/tally.ts';
import type { ApiMiddleware } from '../deps.ts';

const sane = /^[\w.-]{8,128}$/;
const quiet: readonly unknown[] = ['/healthz', '/readyz'];

type Answered = { requestId: string; method: string; route: unknown; status: number; startedAt: number };

type Counted = { statuses: Map<number, Counter>; durations: Histogram };

/** Counts answers by method, route pattern and status. The series are looked up by maps of maps: no string is made on the way. */
function createRequestCounts(tally: Tally) {
  const methods = new Map<string, Map<unknown, Counted>>();
  const countedOf = (method: string, route: unknown): Counted => {
    const routes = methods.get(method) ?? new Map<unknown, Counted>();
    methods.set(method, routes);
    const labels = { method, route: typeof route === 'string' ? route : 'none' };
    const counted = {
      statuses: new Map(),
      durations: tally.histogram('qrfactory_http_request_duration_seconds', labels),
    };
    routes.set(route, counted);
    return counted;
  };
  return ({ method, route, status, startedAt }: Answered): void => {
    const counted = methods.get(method)?.get(route) ?? countedOf(method, route);
    let counter = counted.statuses.get(status);
    if (counter === undefined) {
      const labels = { method, route: typeof route === 'string' ? route : 'none', status: String(status) };
      counter = tally.counter('qrfactory_http_requests_total', labels);
      counted.statuses.set(status, counter);
    }
    counter.add();
    counted.durations.observe((performance.now() - startedAt) / 1000);
  };
}

export type RequestLog = {
  /** The caller's `Request-Id` when it is sane, else a new one. */
  idOf(request: IncomingMessage): string;
  /** Writes the line of an answered request; `startedAt` is of `performance.now()`. */
  answered(request: Answered): void;
};

/** Counts each request, and writes one line for it: method, route pattern, status and milliseconds; never the query, a key or content. */
export function createRequestLog(log: Log, tally: Tally): RequestLog {
  const countRequest = createRequestCounts(tally);
  // Unique without asking for randomness each time: this process's own part, and a count.
  const process = randomBytes(9).toString('base64url');
  let count = 0;
  return {
    idOf(request) {
      const incoming = request.headers['request-id'];
      return typeof incoming === 'string' && sane.test(incoming) ? incoming : `${process}-${++count}`;
    },
    answered(request) {
      countRequest(request);
      const { requestId, method, route, status, startedAt } = request;
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
