import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ScanEvent } from '../shared/contract/scan-event.ts';
import { codeStatus } from '../shared/domain/code-status.ts';
import { isReservedSlug } from '../shared/domain/slug.ts';
import { AppError } from '../shared/errors.ts';
import type { Log } from '../shared/log.ts';
import type { CodeLookup } from './code-lookup.ts';
import type { Handle } from './handle.ts';
import type { KnownCode } from './known-code.ts';
import type { RateLimits } from './middleware/rate-limits.ts';
import type { RequestLog } from './middleware/request-log.ts';
import type { MintScan, SentTo } from './mint-scan.ts';
import { answerNowhere, codeNotInUse, unknownCode } from './redirect-pages.ts';
import type { SuspendedTenants } from './suspended-tenants.ts';

type Needs = {
  lookup: Pick<CodeLookup, 'recall' | 'find'>;
  /** Whose codes lead nowhere for now. */
  suspended: Pick<SuspendedTenants, 'has'>;
  mint: MintScan;
  /** Resolves when the scan is on the disk, or counted as lost. */
  record: (event: ScanEvent) => Promise<void>;
  rateLimits: Pick<RateLimits, 'ofUnknown'>;
  requests: RequestLog;
  publicUrl: string;
  log: Log;
  now: () => number;
};

const shortPath = /^\/([a-z0-9][a-z0-9-]{1,62}[a-z0-9])\/?(?:\?(.*))?$/i;

/**
 * `GET /:slug`: sends a scan where its code leads, 302, once the scan is on the disk.
 *
 * A paused, expired or archived code leads to its fallback target, else 410; an unknown one is 404. HEAD is answered alike and is
 * no scan. It stands in front of everything else, on the bare request.
 *
 * @returns a handler that leaves every other request, reserved words among them, to the next
 */
export function createRedirect(needs: Needs): Handle<boolean> {
  const { lookup, rateLimits, requests, publicUrl, log } = needs;
  const lead = createLead(needs);

  const refuse = (visit: Visit, error: unknown): void => {
    const { request, response, requestId } = visit;
    if (!(error instanceof AppError)) log.error({ err: error, requestId }, 'redirect failed');
    if (response.headersSent) response.destroy();
    else answerNowhere(request, response, error, { publicUrl, requestId });
  };
  const answer = async (visit: Visit, slug: string): Promise<void> => {
    try {
      const known = lookup.recall(slug);
      const code = known === undefined ? await lookup.find(slug) : known;
      if (code === null) {
        await rateLimits.ofUnknown(visit.request, visit.response);
        throw unknownCode;
      }
      await lead(visit, code);
    } catch (error) {
      refuse(visit, error);
    }
    const { request, response, requestId, startedAt } = visit;
    const method = request.method ?? '';
    requests.answered({ requestId, method, route: '/:slug', status: response.statusCode, startedAt });
  };

  return (request, response) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return false;
    const match = shortPath.exec(request.url ?? '');
    if (match === null) return false;
    const [, slugAsCame = '', query = ''] = match;
    const slug = slugAsCame.toLowerCase();
    if (isReservedSlug(slug)) return false;
    const requestId = requests.idOf(request);
    void answer({ request, response, requestId, slugAsCame, query, startedAt: performance.now() }, slug);
    return true;
  };
}

type Visit = {
  request: IncomingMessage;
  response: ServerResponse;
  requestId: string;
  slugAsCame: string;
  query: string;
  startedAt: number;
};

function createLead({ mint, record, suspended, now }: Needs) {
  return async (visit: Visit, code: KnownCode): Promise<void> => {
    const { request, slugAsCame, query } = visit;
    if (suspended.has(code.tenantId)) throw codeNotInUse;
    const isActive = codeStatus(code, now()) === 'active';
    const target = isActive ? code.target : code.fallbackTarget;
    if (target === null) throw codeNotInUse;
    if (request.method !== 'HEAD') {
      const sentTo: SentTo = isActive
        ? { version: code.version, fallbackTarget: null }
        : { version: null, fallbackTarget: target };
      await record(mint(request, code, slugAsCame, sentTo));
    }
    send(visit, isActive && code.forwardQuery ? withQuery(target, query) : target);
  };
}

function send({ response, requestId }: Visit, location: string): void {
  response.writeHead(302, {
    Location: asHeader(location),
    'Cache-Control': 'private, no-store',
    'Content-Length': 0,
    'X-Content-Type-Options': 'nosniff',
    'Request-Id': requestId,
  });
  response.end();
}

/** A header takes ASCII only: what else a target has goes in the spelling that a browser would send. */
function asHeader(location: string): string {
  return /^[\x21-\x7e]*$/.test(location) ? location : new URL(location).href;
}

/** Appends the query that came behind the target's own, in front of its fragment; each keeps its parameters, the target's stand first. */
function withQuery(target: string, query: string): string {
  if (query === '') return target;
  const at = target.indexOf('#');
  const [url, fragment] = at === -1 ? [target, ''] : [target.slice(0, at), target.slice(at)];
  const glue = !url.includes('?') ? '?' : /[?&]$/.test(url) ? '' : '&';
  return `${url}${glue}${query}${fragment}`;
}
