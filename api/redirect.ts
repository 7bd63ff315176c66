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
import { originForm } from './origin-form.ts';
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
  const { lookup, rateLimits, requests } = needs;
  const end = createEnd(needs);
  const lead = createLead(needs, end);

  // No async function on its way: their promises took a tenth of a redirect's processor time.
  const leadKnown = (visit: Visit, code: KnownCode): void => {
    try {
      lead(visit, code);
    } catch (error) {
      end.refused(visit, error);
    }
  };
  const lookUp = async (visit: Visit, slug: string, known: null | undefined): Promise<void> => {
    try {
      const code = known === undefined ? await lookup.find(slug) : known;
      if (code === null) {
        await rateLimits.ofUnknown(visit.request, visit.response);
        throw unknownCode;
      }
      lead(visit, code);
    } catch (error) {
      end.refused(visit, error);
    }
  };

  return (request, response) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return false;
    const target = request.url ?? '';
    const match = shortPath.exec(target) ?? shortPath.exec(originForm(target));
    if (match === null) return false;
    const [, slugAsCame = '', query = ''] = match;
    const slug = slugAsCame.toLowerCase();
    if (isReservedSlug(slug)) return false;
    const requestId = requests.idOf(request);
    const visit = { request, response, requestId, slugAsCame, query, startedAt: performance.now() };
    const known = lookup.recall(slug);
    if (known) leadKnown(visit, known);
    else void lookUp(visit, slug, known);
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

type End = ReturnType<typeof createEnd>;

/** Each visit ends once: with an answer, and its line in the log. */
function createEnd({ requests, publicUrl, log }: Needs) {
  const answered = ({ request, response, requestId, startedAt }: Visit): void =>
    requests.answered({
      requestId,
      method: request.method ?? '',
      route: '/:slug',
      status: response.statusCode,
      startedAt,
    });
  const refused = (visit: Visit, error: unknown): void => {
    const { request, response, requestId } = visit;
    if (!(error instanceof AppError)) log.error({ err: error, requestId }, 'redirect failed');
    if (response.headersSent) response.destroy();
    else answerNowhere(request, response, error, { publicUrl, requestId });
    answered(visit);
  };
  const sent = (visit: Visit, location: string): void => {
    try {
      send(visit, location);
    } catch (error) {
      refused(visit, error);
      return;
    }
    answered(visit);
  };
  return { refused, sent };
}

function createLead({ mint, record, suspended, now }: Needs, end: End) {
  return (visit: Visit, code: KnownCode): void => {
    const { request, slugAsCame, query } = visit;
    if (suspended.has(code.tenantId)) throw codeNotInUse;
    const isActive = codeStatus(code, now()) === 'active';
    const target = isActive ? code.target : code.fallbackTarget;
    if (target === null) throw codeNotInUse;
    const location = isActive && code.forwardQuery ? withQuery(target, query) : target;
    if (request.method === 'HEAD') {
      end.sent(visit, location);
      return;
    }
    const sentTo: SentTo = isActive
      ? { version: code.version, fallbackTarget: null }
      : { version: null, fallbackTarget: target };
    void record(mint(request, code, slugAsCame, sentTo)).then(() => end.sent(visit, location));
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
