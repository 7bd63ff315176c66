import helmet from 'koa-helmet';
import { AppError } from '../shared/errors.ts';
import { createBoard } from './board.ts';
import { answerSignInPage, answerSignOutPage } from './board-pages.ts';
import { createBoardSession } from './board-session.ts';
import type { ApiDeps, ApiMiddleware } from './deps.ts';
import { type Auth, keyDigest } from './middleware/auth.ts';
import { readBody } from './middleware/read-body.ts';

const mount = '/admin/queues';
const formBytes = 4096;

/**
 * `/admin/queues`: Bull Board, for operators only. A browser signs in with an operator's key and gets a cookie; `Authorization:
 * Bearer` works as everywhere. With a cookie alone nothing changes unless a page of ours asks for it.
 */
export function createBoardRoutes(
  deps: Pick<ApiDeps, 'config' | 'database' | 'boardQueues' | 'queues' | 'now' | 'log' | 'rateLimits'>,
  { auth }: { auth: Auth },
) {
  const { log, rateLimits } = deps;
  const base = new URL(deps.config.publicUrl).pathname.replace(/\/$/, '') + mount;
  const signInPath = `${base}/sign-in`;
  const session = createBoardSession(deps, { path: base });
  const requireOperator = auth.requireKey('operator');

  const refuseStrangers: ApiMiddleware = (ctx, next) => {
    if (ctx.method === 'GET' || ctx.method === 'HEAD' || session.isFromHere(ctx)) return next();
    throw new AppError(
      'forbidden',
      'foreign_origin',
      'This can be asked for only from a page of this host: see Origin',
    );
  };

  return {
    guard: guardPages(deps),
    refuseStrangers,

    /** Lets operators in; a browser that is none is led to the form. */
    enter: (async (ctx, next) => {
      if (ctx.get('Authorization') !== '') return requireOperator(ctx, next);
      const digest = await session.keyDigest(ctx);
      const key = digest === null ? null : await auth.findOperator(digest);
      if (key !== null) {
        ctx.state.key = key;
        ctx.state.tenantId = key.tenantId;
        return refuseStrangers(ctx, next);
      }
      // A program that follows redirects would take the form's 200 for the board.
      const isBrowser = /\btext\/html\b/i.test(ctx.get('Accept'));
      if (ctx.method !== 'GET' || !isBrowser || ctx.path.startsWith(`${mount}/api/`)) return requireOperator(ctx, next);
      ctx.set('Cache-Control', 'no-store');
      ctx.redirect(signInPath);
    }) satisfies ApiMiddleware,

    show: createBoard(deps, { mount, base }),

    signInPage: ((ctx) => answerSignInPage(ctx, signInPath, null)) satisfies ApiMiddleware,

    signIn: (async (ctx) => {
      const form = new URLSearchParams((await readBody(ctx, formBytes)).toString('utf8'));
      const digest = keyDigest(form.get('key')?.trim() ?? '');
      rateLimits.refuseGuess(ctx.req, digest);
      const key = await auth.findOperator(digest);
      if (key === null) {
        await rateLimits.ofFailedAuth(ctx.req);
        ctx.status = 401;
        return answerSignInPage(ctx, signInPath, 'This is not the key of an operator.');
      }
      session.begin(ctx, digest);
      log.info({ requestId: ctx.state.requestId, keyId: key.id }, 'operator signed in to the board');
      ctx.redirect(base);
      ctx.status = 303;
    }) satisfies ApiMiddleware,

    signOutPage: ((ctx) => answerSignOutPage(ctx, `${base}/sign-out`, base)) satisfies ApiMiddleware,

    signOut: (async (ctx) => {
      await session.end(ctx);
      ctx.redirect(signInPath);
      ctx.status = 303;
    }) satisfies ApiMiddleware,
  };
}

/** Everything from this host only. The page of Bull Board brings a style of its own and asks for an outside font, which stays out. */
function guardPages({ config }: Pick<ApiDeps, 'config'>): ApiMiddleware {
  const own = ["'self'"];
  const headers = helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: own,
        styleSrc: [...own, "'unsafe-inline'"],
        imgSrc: [...own, 'data:'],
        fontSrc: own,
        connectSrc: own,
        formAction: own,
        baseUri: own,
        frameAncestors: ["'none'"],
      },
    },
    strictTransportSecurity: config.publicUrl.startsWith('https:'),
    // With no-referrer browsers would send `Origin: null` with our own forms.
    referrerPolicy: { policy: 'same-origin' },
    xXssProtection: false,
  }) as ApiMiddleware;
  return async (ctx, next) => {
    ctx.set('Cache-Control', 'no-store');
    await headers(ctx, next);
  };
}
