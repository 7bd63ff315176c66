import type { ApiContext, ApiDeps } from './deps.ts';
import { escapeHtml, htmlPage, pagePolicy } from './html-page.ts';

/** What the page for people leads to. */
const leads = [
  ['docs', 'every call, to read and to try'],
  ['image', 'an image in one call, without a key unless it was closed'],
  ['problems', 'what the codes of errors mean'],
  ['board', 'queues, for operators'],
  ['health', 'whether all that it needs answers'],
] as const;

/** `GET /`: says what answers here and where to begin, browsers in a page. */
export function createStartPage({ config }: Pick<ApiDeps, 'config'>) {
  const { publicUrl } = config;
  const links = {
    image: `${publicUrl}/v1/qr?data=hello`,
    renders: `${publicUrl}/v1/renders`,
    logos: `${publicUrl}/v1/logos`,
    codes: `${publicUrl}/v1/codes`,
    batches: `${publicUrl}/v1/batches`,
    webhooks: `${publicUrl}/v1/webhooks`,
    docs: `${publicUrl}/docs`,
    openapi: `${publicUrl}/openapi.json`,
    problems: `${publicUrl}/problems`,
    board: `${publicUrl}/admin/queues`,
    health: `${publicUrl}/readyz`,
  };
  const lines = leads.map(([name, text]) => {
    const url = escapeHtml(links[name]);
    return `<dt><a href="${url}">${url}</a></dt><dd>${text}</dd>`;
  });
  const page = htmlPage({ title: 'QRFactory', body: `<p>QR codes by HTTP.</p><dl>${lines.join('\n')}</dl>` });
  return (ctx: ApiContext): void => {
    ctx.vary('Accept');
    if (/\btext\/html\b/i.test(ctx.get('Accept'))) {
      ctx.set('Content-Security-Policy', pagePolicy);
      ctx.type = 'html';
      ctx.body = page;
    } else ctx.body = { name: 'QRFactory', links };
  };
}
