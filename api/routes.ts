import Router from '@koa/router';
import type { DefaultContext, Next } from 'koa';
import type { Role } from '../shared/domain/access.ts';
import type { createAnalyticsRoutes } from './analytics.ts';
import type { createAuditRoute } from './audit.ts';
import type { createBatchArchiveRoute } from './batch-archive.ts';
import type { createBatchEventsRoute } from './batch-events.ts';
import type { createBatchImageRoute } from './batch-image.ts';
import type { createBatchRoutes } from './batches.ts';
import type { createBoardRoutes } from './board-access.ts';
import type { createRotateCallbackSecret } from './callback-secret.ts';
import type { createCodeImageRoute } from './code-image.ts';
import type { createCodeRoutes } from './codes.ts';
import type { createDeliveryRoutes } from './deliveries.ts';
import type { ApiContext, ApiMiddleware, ApiState } from './deps.ts';
import type { createDocs } from './docs.ts';
import type { createHealthRoutes } from './health.ts';
import type { createImageRoute } from './images.ts';
import type { createKeyRoutes } from './keys.ts';
import type { createLogoRoutes } from './logos.ts';
import { matchFixedPathsOnce } from './match-fixed-paths-once.ts';
import type { createMetricsRoute } from './metrics.ts';
import type { Auth } from './middleware/auth.ts';
import { readsBody } from './middleware/refuse-body.ts';
import { readsQuery, refuseUnreadQuery } from './middleware/refuse-query.ts';
import type { createProblemPages } from './problem-pages.ts';
import type { createQrRoutes } from './qr.ts';
import type { createRenderRoutes } from './renders.ts';
import type { createScanRoutes } from './scans.ts';
import type { createRotateSigningSecret } from './signing-secret.ts';
import type { createStartPage } from './start-page.ts';
import type { createTenantRoutes } from './tenants.ts';
import type { createUsageRoute } from './usage.ts';
import type { createWebhookRoutes } from './webhooks.ts';

export type Handlers = {
  auth: Auth;
  /** Puts changes on record. */
  audit: ApiMiddleware;
  /** Refuses what a body says where none is read. */
  refuseUnreadBody: ApiMiddleware;
  /** Security headers of JSON answers. */
  guard: ApiMiddleware;
  image: ReturnType<typeof createImageRoute>;
  qr: ReturnType<typeof createQrRoutes>;
  renders: ReturnType<typeof createRenderRoutes>;
  logos: ReturnType<typeof createLogoRoutes>;
  codes: ReturnType<typeof createCodeRoutes>;
  codeImage: ReturnType<typeof createCodeImageRoute>;
  analytics: ReturnType<typeof createAnalyticsRoutes>;
  scans: ReturnType<typeof createScanRoutes>;
  keys: ReturnType<typeof createKeyRoutes>;
  tenants: ReturnType<typeof createTenantRoutes>;
  batches: ReturnType<typeof createBatchRoutes>;
  batchImage: ReturnType<typeof createBatchImageRoute>;
  batchArchive: ReturnType<typeof createBatchArchiveRoute>;
  batchEvents: ReturnType<typeof createBatchEventsRoute>;
  webhooks: ReturnType<typeof createWebhookRoutes>;
  deliveries: ReturnType<typeof createDeliveryRoutes>;
  rotateCallbackSecret: ReturnType<typeof createRotateCallbackSecret>;
  usage: ReturnType<typeof createUsageRoute>;
  auditRoute: ReturnType<typeof createAuditRoute>;
  rotateSigningSecret: ReturnType<typeof createRotateSigningSecret>;
  board: ReturnType<typeof createBoardRoutes>;
  health: ReturnType<typeof createHealthRoutes>;
  metrics: ReturnType<typeof createMetricsRoute>;
  startPage: ReturnType<typeof createStartPage>;
  docs: ReturnType<typeof createDocs>;
  problems: ReturnType<typeof createProblemPages>;
};

/**
 * The whole URL table. The hottest routes stand first; every GET answers HEAD too. A route with a key that reads its query or its
 * body says so by `query` or `body`; the others refuse what they would not read. Paths are case-sensitive.
 */
export function createRouter({
  auth,
  audit,
  refuseUnreadBody,
  guard,
  image,
  qr,
  renders,
  logos,
  codes,
  codeImage,
  analytics,
  scans,
  keys,
  tenants,
  batches,
  batchImage,
  batchArchive,
  batchEvents,
  webhooks,
  deliveries,
  rotateCallbackSecret,
  usage,
  auditRoute,
  rotateSigningSecret,
  board,
  health,
  metrics,
  startPage,
  docs,
  problems,
}: Handlers) {
  const router = new Router<ApiState, DefaultContext>({ sensitive: true });
  matchFixedPathsOnce(router);
  const withKey = (role: Role): ApiMiddleware => {
    const requireKey = auth.requireKey(role);
    const record = (ctx: ApiContext, next: Next) => async (): Promise<unknown> => audit(ctx, next);
    return (ctx, next) =>
      requireKey(ctx, async () => refuseUnreadQuery(ctx, async () => refuseUnreadBody(ctx, record(ctx, next))));
  };
  const read = withKey('read');
  const write = withKey('write');
  const admin = withKey('admin');
  const operator = withKey('operator');
  const open = auth.openToAll;
  const query = readsQuery;
  const body = readsBody;

  router.get('/v1/renders/:id/image', image);
  router.post('/v1/renders', guard, write, body, renders.create);
  router.get('/v1/renders', guard, read, query, renders.list);
  router.get('/v1/renders/:id', guard, read, renders.show);
  router.delete('/v1/renders/:id', guard, write, renders.remove);

  router.get('/v1/qr', open, qr.own);
  router.get('/v1/create-qr-code', open, qr.goqr);
  router.get('/qr', open, qr.quickchart);
  router.get('/chart', open, qr.googleChart);

  router.post('/v1/logos', guard, write, body, logos.create);
  router.get('/v1/logos', guard, read, query, logos.list);
  router.get('/v1/logos/:id', guard, read, logos.show);
  router.delete('/v1/logos/:id', guard, write, logos.remove);

  router.post('/v1/batches', guard, write, query, body, batches.create);
  router.get('/v1/batches', guard, read, query, batches.list);
  router.get('/v1/batches/:id', guard, read, batches.show);
  router.get('/v1/batches/:id/rows', guard, read, query, batches.rows);
  router.get('/v1/batches/:id/rows/:row/image', guard, read, batchImage);
  router.get('/v1/batches/:id/archive', guard, read, query, batchArchive);
  router.get('/v1/batches/:id/events', guard, read, batchEvents);
  router.post('/v1/batches/:id/cancel', guard, write, batches.cancel);
  router.post('/v1/batches/:id/retry', guard, write, batches.retry);

  router.post('/v1/codes', guard, write, body, codes.create);
  router.get('/v1/codes', guard, read, query, codes.list);
  router.get('/v1/codes/:id', guard, read, codes.show);
  router.patch('/v1/codes/:id', guard, write, body, codes.change);
  router.delete('/v1/codes/:id', guard, write, codes.remove);
  router.post('/v1/codes/:id/restore', guard, write, codes.restore);
  router.get('/v1/codes/:id/history', guard, read, query, codes.history);
  router.post('/v1/codes/:id/rollback', guard, write, body, codes.rollback);
  router.get('/v1/codes/:id/image', read, query, codeImage);
  router.get('/v1/codes/:id/analytics', guard, read, query, analytics.ofCode);
  router.get('/v1/codes/:id/scans', guard, read, query, scans.list);
  router.get('/v1/analytics', guard, read, query, analytics.overCodes);

  router.post('/v1/webhooks', guard, write, body, webhooks.create);
  router.get('/v1/webhooks', guard, read, query, webhooks.list);
  router.get('/v1/webhooks/:id', guard, read, webhooks.show);
  router.patch('/v1/webhooks/:id', guard, write, body, webhooks.change);
  router.delete('/v1/webhooks/:id', guard, write, webhooks.remove);
  router.post('/v1/webhooks/:id/rotate-secret', guard, write, webhooks.rotateSecret);
  router.post('/v1/webhooks/:id/test', guard, write, deliveries.test);
  router.get('/v1/webhooks/:id/deliveries', guard, read, query, deliveries.list);
  router.post('/v1/webhooks/:id/deliveries/:deliveryId/redeliver', guard, write, deliveries.redeliver);
  router.get('/v1/callback-deliveries', guard, read, query, deliveries.listOfCallbacks);
  router.post('/v1/callback-deliveries/:id/redeliver', guard, write, deliveries.redeliverCallback);
  router.post('/v1/callback-secret/rotate', guard, write, rotateCallbackSecret);
  router.post('/v1/signing-secret/rotate', guard, write, rotateSigningSecret);

  router.get('/v1/audit', guard, admin, query, auditRoute);

  router.get('/admin/queues/sign-in', board.guard, board.signInPage);
  router.post('/admin/queues/sign-in', board.guard, board.refuseStrangers, board.signIn);
  router.get('/admin/queues/sign-out', board.guard, board.signOutPage);
  router.post('/admin/queues/sign-out', board.guard, board.refuseStrangers, board.signOut);
  for (const method of ['get', 'post', 'put', 'patch'] as const)
    router[method]('/admin/queues{/*path}', board.guard, board.enter, board.show);

  router.post('/v1/keys', guard, admin, body, keys.create);
  router.get('/v1/keys', guard, admin, query, keys.list);
  router.get('/v1/keys/:id', guard, admin, keys.show);
  router.delete('/v1/keys/:id', guard, admin, keys.remove);
  router.post('/v1/keys/:id/rotate', guard, admin, body, keys.rotate);
  router.get('/v1/me', guard, read, tenants.me);
  router.get('/v1/usage', guard, read, query, usage);
  router.post('/v1/tenants', guard, operator, body, tenants.create);
  router.get('/v1/tenants', guard, operator, query, tenants.list);
  router.get('/v1/tenants/:id', guard, operator, tenants.show);
  router.patch('/v1/tenants/:id', guard, operator, body, tenants.change);

  router.get('/healthz', guard, health.alive);
  router.get('/readyz', guard, health.ready);
  router.get('/metrics', guard, metrics.allow, refuseUnreadQuery, metrics.show);
  router.get('/', guard, startPage);
  router.get('/openapi.json', guard, docs.document);
  router.get('/docs', guard, docs.page);
  router.get('/docs/:file', guard, docs.file);
  router.get('/problems', guard, problems.list);
  router.get('/problems/:code', guard, problems.show);
  return router;
}
