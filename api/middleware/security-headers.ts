import helmet from 'koa-helmet';
import type { ImageFormat } from '../../shared/domain/render-spec.ts';
import type { ApiContext, ApiDeps, ApiMiddleware } from '../deps.ts';

/** Sets on JSON answers what keeps a browser from treating them as anything else: always the same, so helmet is asked once. */
export function guardJson({ config }: Pick<ApiDeps, 'config'>): ApiMiddleware {
  const isHttps = config.publicUrl.startsWith('https:');
  const askHelmet = helmet({
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
  const headers: [name: string, value: string][] = [];
  const res = {
    setHeader: (name: string, value: string) => headers.push([name, value]),
    removeHeader: () => undefined,
  };
  void askHelmet({ req: {}, res } as unknown as ApiContext, async () => undefined);
  return (ctx, next) => {
    for (const [name, value] of headers) ctx.res.setHeader(name, value);
    return next();
  };
}

/** An SVG that is opened on its own runs nothing and fetches nothing; a logo inside it is a data: URI. */
const svgPolicy = "default-src 'none'; img-src data:; sandbox";

const anySiteNoBrowser = { 'X-Content-Type-Options': 'nosniff', 'Cross-Origin-Resource-Policy': 'cross-origin' };

/** Lets any site show the image and no browser run it. By hand: helmet's dozen headers would cost more than the image. */
export const imageGuards: Record<ImageFormat, Record<string, string>> = {
  png: anySiteNoBrowser,
  svg: { ...anySiteNoBrowser, 'Content-Security-Policy': svgPolicy },
};
