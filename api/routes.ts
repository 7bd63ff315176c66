import Router from '@koa/router';
import type { DefaultContext } from 'koa';
import type { ApiMiddleware, ApiState } from './deps.ts';
import type { createHealthRoutes } from './health.ts';
import type { createImageRoute } from './images.ts';
import type { createLogoRoutes } from './logos.ts';
import type { Auth } from './middleware/auth.ts';
import type { createQrRoutes } from './qr.ts';
import type { createRenderRoutes } from './renders.ts';
import type { createStartPage } from './start-page.ts';

export type Handlers = {
  auth: Auth;
  /** Security headers of JSON answers. */
  guard: ApiMiddleware;
  image: ReturnType<typeof createImageRoute>;
  qr: ReturnType<typeof createQrRoutes>;
  renders: ReturnType<typeof createRenderRoutes>;
  logos: ReturnType<typeof createLogoRoutes>;
  health: ReturnType<typeof createHealthRoutes>;
  startPage: ReturnType<typeof createStartPage>;
};

/** The whole URL table. The hottest routes stand first; every GET answers HEAD too. */
export function createRouter({ auth, guard, image, qr, renders, logos, health, startPage }: Handlers) {
  const router = new Router<ApiState, DefaultContext>();
  const read = auth.requireKey('read');
  const write = auth.requireKey('write');
  const open = auth.openToAll;

  router.get('/v1/renders/:id/image', image);
  router.post('/v1/renders', guard, write, renders.create);
  router.get('/v1/renders', guard, read, renders.list);
  router.get('/v1/renders/:id', guard, read, renders.show);
  router.delete('/v1/renders/:id', guard, write, renders.remove);

  router.get('/v1/qr', open, qr.own);
  router.get('/v1/create-qr-code', open, qr.goqr);
  router.get('/qr', open, qr.quickchart);
  router.get('/chart', open, qr.googleChart);

  router.post('/v1/logos', guard, write, logos.create);
  router.get('/v1/logos', guard, read, logos.list);
  router.get('/v1/logos/:id', guard, read, logos.show);
  router.delete('/v1/logos/:id', guard, write, logos.remove);

  router.get('/healthz', guard, health.alive);
  router.get('/readyz', guard, health.ready);
  router.get('/', guard, startPage);
  return router;
}
