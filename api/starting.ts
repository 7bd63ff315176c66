import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Queues } from '../shared/adapters/queues.ts';
import { unavailable } from '../shared/errors.ts';
import type { Handle } from './handle.ts';
import { problemOf } from './middleware/errors.ts';
import type { RequestLog } from './middleware/request-log.ts';

type Needs = {
  queues: Pick<Queues, 'state'>;
  /** Which of the stores are connected by now. */
  isThere: () => { database: boolean; objectStore: boolean };
  publicUrl: string;
  requests: RequestLog;
};

const retryAfterS = 2;

/**
 * Answers while the stores are still waited for: `/healthz` is well, `/readyz` names what is away, all else is 503.
 */
export function answerStarting({ queues, isThere, publicUrl, requests }: Needs): Handle {
  return (request, response) => {
    const instance = (request.url ?? '/').replace(/\?.*$/s, '');
    if (instance === '/healthz') return send(request, response, 200, { status: 'ok' });
    if (instance === '/readyz') {
      const there = { ...isThere(), queue: queues.state().reachable };
      const stores = Object.entries(there).map(([store, isThere]) => [store, isThere ? 'ok' : 'unavailable']);
      const checks = { ...Object.fromEntries(stores), workers: 'unknown', journal: 'ok' };
      return send(request, response, 503, { status: 'unavailable', checks });
    }
    const requestId = requests.idOf(request);
    const error = unavailable(
      'starting',
      'What this needs is not connected yet: try again shortly',
      undefined,
      retryAfterS,
    );
    return send(request, response, 503, problemOf(error, { publicUrl, instance, requestId }), requestId);
  };
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  body: object,
  requestId?: string,
): void {
  const bytes = Buffer.from(JSON.stringify(body));
  response.writeHead(status, {
    'Content-Type': requestId === undefined ? 'application/json; charset=utf-8' : 'application/problem+json',
    'Content-Length': bytes.length,
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    ...(requestId === undefined ? {} : { 'Request-Id': requestId }),
    ...(status === 503 ? { 'Retry-After': String(retryAfterS) } : {}),
  });
  response.end(request.method === 'HEAD' ? undefined : bytes);
}
