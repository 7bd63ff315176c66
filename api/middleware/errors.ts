import type { Problem } from '../../shared/contract/problem.ts';
import { problemSlug } from '../../shared/contract/problems/problem-codes.ts';
import { AppError, type ErrorKind } from '../../shared/errors.ts';
import type { ApiDeps, ApiMiddleware } from '../deps.ts';

const answers: Record<ErrorKind, { status: number; title: string }> = {
  malformed: { status: 400, title: 'The request cannot be read' },
  invalid: { status: 422, title: 'The request is not valid' },
  unauthorized: { status: 401, title: 'A valid API key is needed' },
  forbidden: { status: 403, title: 'The API key or signature does not allow this' },
  'not-found': { status: 404, title: 'There is nothing here' },
  method: { status: 405, title: 'The method is not allowed here' },
  timeout: { status: 408, title: 'The request took too long to arrive' },
  conflict: { status: 409, title: 'The resource is not in a state for this' },
  gone: { status: 410, title: 'The resource is gone' },
  precondition: { status: 412, title: 'The resource has changed' },
  'too-large': { status: 413, title: 'The request is too large' },
  'media-type': { status: 415, title: 'The media type is not accepted' },
  range: { status: 416, title: 'The range is not there' },
  'too-many': { status: 429, title: 'Too many requests' },
  unavailable: { status: 503, title: 'Not available for now' },
};

const internal = { status: 500, title: 'Something went wrong here' };

/** Headers of an answer that was being made when the error came. */
const leftovers = [
  ...['ETag', 'Location', 'Content-Location', 'Content-Disposition', 'Content-Length'],
  ...['Preference-Applied', 'Link'],
];

/** Returns the problem (RFC 9457) that an error is told as; what is not an AppError stays a bare 500. */
export function problemOf(error: unknown, at: { publicUrl: string; instance: string; requestId: string }): Problem {
  const known = error instanceof AppError ? error : null;
  const { status, title } = known ? answers[known.kind] : internal;
  const code = known?.code ?? 'internal_error';
  return {
    type: `${at.publicUrl}/problems/${problemSlug(code)}`,
    title,
    status,
    detail: known?.message ?? 'The error is in our log under this requestId',
    instance: at.instance,
    code,
    requestId: at.requestId,
    errors: known?.details.map(({ nearest: _, ...told }) => told) ?? [],
  };
}

/**
 * Translates whatever is thrown further down into `application/problem+json`, never to be stored.
 *
 * An unknown error is logged with its cause and told as a bare 500; something away (503) is logged as a warning.
 */
export function answerErrors({ config, log }: Pick<ApiDeps, 'config' | 'log'>): ApiMiddleware {
  return async (ctx, next) => {
    try {
      await next();
    } catch (error) {
      const { requestId } = ctx.state;
      if (!(error instanceof AppError)) log.error({ err: error, requestId }, 'request failed');
      else if (error.kind === 'unavailable') log.warn({ err: error, requestId }, 'request refused for now');

      const problem = problemOf(error, { publicUrl: config.publicUrl, instance: ctx.path, requestId });
      for (const name of leftovers) ctx.remove(name);
      // Who may read it depends on the origin all the same.
      if (/\borigin\b/i.test(String(ctx.response.get('Vary')))) ctx.set('Vary', 'Origin');
      else ctx.remove('Vary');
      ctx.status = problem.status;
      ctx.set('Cache-Control', 'no-store');
      ctx.set('X-Content-Type-Options', 'nosniff');
      ctx.set('Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'");
      if (error instanceof AppError) {
        if (error.retryAfterS !== null) ctx.set('Retry-After', String(error.retryAfterS));
        for (const [name, value] of Object.entries(error.headers)) ctx.set(name, value);
      }
      ctx.body = JSON.stringify(problem);
      ctx.set('Content-Type', 'application/problem+json');
    }
  };
}
