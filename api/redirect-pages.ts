import type { IncomingMessage, ServerResponse } from 'node:http';
import { AppError } from '../shared/errors.ts';
import { wantsHtml } from './accept-header.ts';
import { htmlPage, pagePolicy } from './html-page.ts';
import { problemOf } from './middleware/errors.ts';

type Page = { title: string; text: string };

const pages: Record<number, Page> = {
  404: { title: 'This code leads nowhere', text: 'There is no code under this address. Was it typed in full?' },
  410: { title: 'This code is not in use any more', text: 'Whoever made it has switched it off, or its time is over.' },
  429: { title: 'Please wait a minute', text: 'Too many addresses that do not exist were tried from here.' },
  503: { title: 'Please try again in a moment', text: 'This code cannot be looked up just now.' },
};

const html = ({ title, text }: Page): string => htmlPage({ title, body: `<p>${text}</p>` });

const bodies = new Map(Object.entries(pages).map(([status, page]) => [Number(status), html(page)]));

/** There is no code under this slug. */
export const unknownCode = new AppError('not-found', 'code_not_found', 'There is no code under this short URL');

/** The code is paused, expired or archived, and has no fallback target. */
export const codeNotInUse = new AppError('gone', 'code_not_in_use', 'The code is not in use any more');

/** A code out of use is opened by phones, some of which ask for nothing in particular: they get the page too, unless they want JSON. */
function wantsPage({ status }: { status: number }, accept: string): boolean {
  return wantsHtml(accept, status === 410);
}

/**
 * Answers a short URL that leads nowhere: a small page for who asks for HTML, and of a code out of use for all who do not ask for JSON,
 * else a problem (RFC 9457). Neither is to be stored.
 *
 * @param error what is not an AppError is told as a bare 500
 */
export function answerNowhere(
  request: IncomingMessage,
  response: ServerResponse,
  error: unknown,
  at: { publicUrl: string; requestId: string },
): void {
  const instance = (request.url ?? '/').replace(/\?.*$/s, '');
  const problem = problemOf(error, { ...at, instance });
  const page = wantsPage(problem, request.headers.accept ?? '') ? bodies.get(problem.status) : undefined;
  const retryAfterS = error instanceof AppError ? error.retryAfterS : null;
  const body = Buffer.from(page ?? JSON.stringify(problem));
  response.writeHead(problem.status, {
    'Content-Type': page === undefined ? 'application/problem+json' : 'text/html; charset=utf-8',
    'Content-Length': body.length,
    'Cache-Control': 'no-store',
    'Content-Security-Policy': page === undefined ? "default-src 'none'; frame-ancestors 'none'" : pagePolicy,
    'X-Content-Type-Options': 'nosniff',
    'Request-Id': at.requestId,
    Vary: 'Accept',
    ...(retryAfterS === null ? {} : { 'Retry-After': String(retryAfterS) }),
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}
