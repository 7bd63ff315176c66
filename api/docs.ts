import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { AppError } from '../shared/errors.ts';
import type { ApiContext, ApiDeps } from './deps.ts';
import { openApiDocument } from './openapi/document.ts';
import { matchesEtag } from './serve-image.ts';

type File = { type: string; bytes: Buffer; etag: string };

/** What the page needs of swagger-ui-dist; nothing else of that folder is served. */
const packaged: Readonly<Record<string, string>> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'favicon-32x32.png': 'image/png',
};

/** The page's own script. */
const startScript = `window.addEventListener('load', () => {
  const { document } = window;
  window.ui = SwaggerUIBundle({
    url: document.querySelector('meta[name=openapi]').content,
    dom_id: '#reference',
    deepLinking: true,
    defaultModelsExpandDepth: 0,
    docExpansion: 'list',
    validatorUrl: null,
    persistAuthorization: false,
  });
});
`;

const file = (type: string, bytes: Buffer): File => ({ type, bytes, etag: `"${hash('sha256', bytes, 'hex')}"` });

/** `/openapi.json` and `/docs`: the API's document, and the reference that shows it. Nothing of it comes from another host. */
export function createDocs({ config }: Pick<ApiDeps, 'config'>) {
  const { publicUrl } = config;
  // Behind a path of another server, PUBLIC_URL has that path.
  const base = new URL(publicUrl).pathname.replace(/\/$/, '');
  const folder = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
  const files = new Map<string, Promise<File>>([
    ['start.js', Promise.resolve(file('text/javascript; charset=utf-8', Buffer.from(startScript)))],
  ]);
  let made: File | null = null;

  const read = (name: string): Promise<File> | undefined => {
    const type = Object.hasOwn(packaged, name) ? packaged[name] : undefined;
    if (!files.has(name) && type !== undefined)
      files.set(
        name,
        readFile(join(folder, name)).then((bytes) => file(type, bytes)),
      );
    return files.get(name);
  };

  const answer = (ctx: ApiContext, { type, bytes, etag }: File): void => {
    ctx.set('Cache-Control', 'public, no-cache');
    ctx.set('ETag', etag);
    if (matchesEtag(ctx.req.headers['if-none-match'], etag)) {
      ctx.status = 304;
      return;
    }
    ctx.set('Content-Type', type);
    ctx.body = bytes;
  };

  return {
    document(ctx: ApiContext): void {
      made ??= file('application/json', Buffer.from(JSON.stringify(openApiDocument(publicUrl))));
      answer(ctx, made);
    },

    page(ctx: ApiContext): void {
      ctx.set('Content-Security-Policy', policyFor(publicUrl));
      ctx.set('Cache-Control', 'public, no-cache');
      ctx.type = 'html';
      ctx.body = page(base);
    },

    async file(ctx: ApiContext): Promise<void> {
      const found = await read(ctx.params.file ?? '');
      if (found === undefined) throw new AppError('not-found', 'not_found', 'The reference has no such file');
      answer(ctx, found);
    },
  };
}

/** Its own scripts and styles, pictures within them, and calls of this API. */
function policyFor(publicUrl: string): string {
  const { origin } = new URL(publicUrl);
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    `connect-src 'self' ${origin}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

function page(base: string): string {
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
    `<title>QRFactory API</title><meta name="openapi" content="${base}/openapi.json">`,
    `<link rel="icon" href="${base}/docs/favicon-32x32.png"><link rel="stylesheet" href="${base}/docs/swagger-ui.css">`,
    `<script src="${base}/docs/swagger-ui-bundle.js" defer></script><script src="${base}/docs/start.js" defer></script></head>`,
    `<body><div id="reference"></div></body></html>`,
    '',
  ].join('\n');
}
