import Koa, { type DefaultContext } from 'koa';
import { createAcceptLogos } from './accept-logos.ts';
import { createAcceptRenders } from './accept-renders.ts';
import { createAnalyticsRoutes } from './analytics.ts';
import { createAuditRoute } from './audit.ts';
import { createBatchArchiveRoute } from './batch-archive.ts';
import { createBatchEventsRoute } from './batch-events.ts';
import { createBatchImageRoute } from './batch-image.ts';
import { createBatchRoutes } from './batches.ts';
import { createBoardRoutes } from './board-access.ts';
import { createRotateCallbackSecret } from './callback-secret.ts';
import { createCodeImageRoute } from './code-image.ts';
import { createCodeRoutes } from './codes.ts';
import { createDeliveryRoutes } from './deliveries.ts';
import type { ApiDeps, ApiState } from './deps.ts';
import { createDocs } from './docs.ts';
import type { Handle } from './handle.ts';
import { createHealthRoutes } from './health.ts';
import { createHotImage } from './hot-image.ts';
import { createImageBytes } from './image-bytes.ts';
import { createImageRoute } from './images.ts';
import { createKeyRoutes } from './keys.ts';
import { createLogoRoutes } from './logos.ts';
import { createMetricsRoute } from './metrics.ts';
import { createAudit } from './middleware/audit.ts';
import { createAuth } from './middleware/auth.ts';
import { allowOrigins, imageForAnySite } from './middleware/cors.ts';
import { answerErrors } from './middleware/errors.ts';
import { answerNoRoute } from './middleware/no-route.ts';
import { createRefuseUnreadBody } from './middleware/refuse-body.ts';
import { createRequestLog, logRequests } from './middleware/request-log.ts';
import { guardJson } from './middleware/security-headers.ts';
import { createProblemPages } from './problem-pages.ts';
import { createQrRoutes } from './qr.ts';
import { createQuerySecrets } from './query-secrets.ts';
import { createRenderRows } from './render-rows.ts';
import { createRenderRoutes } from './renders.ts';
import { createRouter } from './routes.ts';
import { createScanRoutes } from './scans.ts';
import { createServeImage } from './serve-image.ts';
import { createRotateSigningSecret } from './signing-secret.ts';
import { createStartPage } from './start-page.ts';
import { createTenantRoutes } from './tenants.ts';
import { createUsageRoute } from './usage.ts';
import { createWebhookRoutes } from './webhooks.ts';

/** Puts the HTTP API together from what it is given. Opens nothing: no port, no connection, no timer. */
export function buildApp(deps: ApiDeps): Handle {
  const { database, queues, log, now } = deps;
  const rows = createRenderRows({ store: database.renders, queues, now, log });
  const images = createImageBytes(deps);
  const acceptLogos = createAcceptLogos(deps);
  const acceptRenders = createAcceptRenders({ deps, rows, acceptLogos });
  const serveImage = createServeImage({ rows, images, acceptRenders });

  const secrets = createQuerySecrets({ database, secretKey: deps.config.secretKey, now });
  const auth = createAuth(deps, { secrets });
  const router = createRouter({
    auth,
    audit: createAudit(deps),
    refuseUnreadBody: createRefuseUnreadBody(deps.config.limits.bodyBytes),
    guard: guardJson(deps),
    image: createImageRoute({ deps, rows, acceptRenders, serveImage }),
    qr: createQrRoutes({ acceptRenders, serveImage, now }),
    renders: createRenderRoutes({ deps, rows, images, acceptRenders, serveImage }),
    logos: createLogoRoutes({ deps, acceptLogos }),
    codes: createCodeRoutes({ deps, acceptRenders }),
    codeImage: createCodeImageRoute({ deps, acceptRenders, serveImage }),
    analytics: createAnalyticsRoutes(deps),
    scans: createScanRoutes(deps),
    keys: createKeyRoutes(deps, { auth }),
    tenants: createTenantRoutes(deps),
    batches: createBatchRoutes(deps),
    batchImage: createBatchImageRoute(deps),
    batchArchive: createBatchArchiveRoute(deps),
    batchEvents: createBatchEventsRoute(deps),
    webhooks: createWebhookRoutes(deps),
    deliveries: createDeliveryRoutes(deps),
    rotateCallbackSecret: createRotateCallbackSecret(deps),
    usage: createUsageRoute(deps),
    auditRoute: createAuditRoute(deps),
    rotateSigningSecret: createRotateSigningSecret(deps, { secrets }),
    board: createBoardRoutes(deps, { auth }),
    health: createHealthRoutes(deps),
    metrics: createMetricsRoute(deps, { auth }),
    startPage: createStartPage(deps),
    docs: createDocs(deps),
    problems: createProblemPages(deps),
  });

  const app = new Koa<ApiState, DefaultContext>();
  app.on('error', (err: NodeJS.ErrnoException) => {
    // A client that went away while an export was written to it.
    if (err.code === 'ERR_STREAM_PREMATURE_CLOSE') log.debug({ err }, 'answer not taken');
    else log.error({ err }, 'answer not sent');
  });
  const requests = createRequestLog(log, deps.tally);
  app.use(logRequests(requests));
  app.use(allowOrigins(deps));
  app.use(answerErrors(deps));
  app.use(router.routes());
  app.use(answerNoRoute(deps));

  const koa = app.callback();
  const hotImage = createHotImage({
    rows,
    images,
    requests,
    more: deps.config.corsOrigins.length > 0 ? imageForAnySite : {},
  });
  return (request, response) => hotImage(request, response) || koa(request, response);
}
