import helmet from 'koa-helmet';
import type { ImageFormat } from '../../shared/domain/render-spec.ts';
import type { ApiDeps, ApiMiddleware } from '../deps.ts';

/** Sets on JSON answers what keeps a browser from treating them as anything else. */
export function guardJson({ config }: Pick<ApiDeps, 'config'>): ApiMiddleware {
  const isHttps = config.publicUrl.startsWith('https:');
  return helmet({
    contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
    // Over http browsers ignore these, the second not in silence.
    strictTransportSecurity: isHttps,
    crossOriginOpenerPolicy: isHttps,
    xXssProtection: false,
    xDownloadOptions: false,
    xPermittedCrossDomainPolicies: false,
    xDnsPrefetchControl: false,
    originAgentCluster: false,
  }) as ApiMiddleware;
}

/** An SVG that is opened on its own runs nothing and fetches nothing; a logo inside it is a data: URI. */
const svgPolicy = "default-src 'none'; img-src data:; sandbox";

const anySiteNoBrowser = { 'X-Content-Type-Options': 'nosniff', 'Cross-Origin-Resource-Policy': 'cross-origin' };

/** Lets any site show the image and no browser run it. By hand: helmet's dozen headers would cost more than the image. */
export const imageGuards: Record<ImageFormat, Record<string, string>> = {
  png: anySiteNoBrowser,
  svg: { ...anySiteNoBrowser, 'Content-Security-Policy': svgPolicy },
};
