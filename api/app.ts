import Koa, { type DefaultContext } from 'koa';
import { createAcceptLogos } from './accept-logos.ts';
import { createAcceptRenders } from './accept-renders.ts';
import type { ApiDeps, ApiState } from './deps.ts';
import type { Handle } from './handle.ts';
import { createHealthRoutes } from './health.ts';
import { createHotImage } from './hot-image.ts';
import { createImageBytes } from './image-bytes.ts';
import { createImageRoute } from './images.ts';
import { createLogoRoutes } from './logos.ts';
import { createAuth } from './middleware/auth.ts';
import { answerErrors } from './middleware/errors.ts';
import { answerNoRoute } from './middleware/no-route.ts';
import { createRequestLog, logRequests } from './middleware/request-log.ts';
import { guardJson } from './middleware/security-headers.ts';
import { createQrRoutes } from './qr.ts';
import { createRenderRows } from './render-rows.ts';
import { createRenderRoutes } from './renders.ts';
import { createRouter } from './routes.ts';
import { createServeImage } from './serve-image.ts';
import { createStartPage } from './start-page.ts';

/** Puts the HTTP API together from what it is given. Opens nothing: no port, no connection, no timer. */
export function buildApp(deps: ApiDeps): Handle {
  const { database, log, now } = deps;
  const rows = createRenderRows({ store: database.renders, now, log });
  const images = createImageBytes(deps);
  const acceptLogos = createAcceptLogos(deps);
  const acceptRenders = createAcceptRenders({ deps, rows, acceptLogos });
  const serveImage = createServeImage({ rows, images, acceptRenders });

  const router = createRouter({
    auth: createAuth(deps),
    guard: guardJson(deps),
    image: createImageRoute({ deps, rows, acceptRenders, serveImage }),
    qr: createQrRoutes({ acceptRenders, serveImage }),
    renders: createRenderRoutes({ deps, rows, images, acceptRenders, serveImage }),
    logos: createLogoRoutes({ deps, acceptLogos }),
    health: createHealthRoutes(deps),
    startPage: createStartPage(deps),
  });

  const app = new Koa<ApiState, DefaultContext>();
  app.on('error', (err: unknown) => log.error({ err }, 'answer not sent'));
  const requests = createRequestLog(log);
  app.use(logRequests(requests));
  app.use(answerErrors(deps));
  app.use(router.routes());
  app.use(answerNoRoute);

  const koa = app.callback();
  const hotImage = createHotImage({ rows, images, requests });
  return (request, response) => hotImage(request, response) || koa(request, response);
}
