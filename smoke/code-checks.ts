import { setTimeout as pause } from 'node:timers/promises';
import type { Answer, Check, Deployment } from './deployment.ts';
import { expectImage, expectProblem, expectSame } from './expectations.ts';

type Code = { id: string; slug: string; shortUrl: string; encodedText: string; version: number };

/** A scan shows within about two seconds; a deployment under load may take longer. */
const countedWithinMs = 30_000;
const asPhone = {
  'user-agent':
    'Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.6778.39 Mobile Safari/537.36',
};

/** The life of a dynamic code, each check after the one before. */
export function codeChecks(deployment: Deployment): Check[] {
  const target = (season: string): string => `https://example.com/${deployment.mark}/${season}`;
  let code: Code;
  let etag = '';

  const open = (path: string, more: Record<string, string> = {}): Promise<Answer> =>
    deployment.send('GET', path, { keyless: true, redirect: 'manual', headers: { ...asPhone, ...more } });
  const expectLeads = async (path: string, location: string): Promise<void> => {
    const { status, headers } = await open(path);
    expectSame('status', status, 302);
    expectSame('Location', headers.get('location'), location);
    expectSame('Cache-Control', headers.get('cache-control'), 'private, no-store');
  };

  return [
    [
      'a dynamic code is made, and its symbol says its short URL in upper case',
      async () => {
        const made = await deployment.post('/v1/codes', { target: target('spring'), tags: [deployment.mark] });
        expectSame('status', made.status, 201);
        code = made.json as Code;
        etag = made.headers.get('etag') ?? '';
        const image = await deployment.send('GET', `/v1/codes/${code.id}/image?size=400`);
        await expectImage(image, 'image/png', code.shortUrl.toUpperCase(), 400);
      },
    ],
    [
      'its short URL leads to its target, by symbol and by link',
      async () => {
        await expectLeads(`/${code.slug.toUpperCase()}`, target('spring'));
        await expectLeads(`/${code.slug}`, target('spring'));
      },
    ],
    [
      'it leads elsewhere a second after its target is changed, and a stale If-Match is refused',
      async () => {
        const change = (season: string): Promise<Answer> =>
          deployment.send('PATCH', `/v1/codes/${code.id}`, {
            headers: { 'content-type': 'application/merge-patch+json', 'if-match': etag },
            body: JSON.stringify({ target: target(season) }),
          });
        expectSame('status', (await change('summer')).status, 200);
        expectProblem(await change('autumn'), 412);
        await pause(1500);
        await expectLeads(`/${code.slug.toUpperCase()}`, target('summer'));
      },
    ],
    [
      'its scans are counted, once each, and add up',
      async () => {
        const analytics = async () => (await deployment.send('GET', `/v1/codes/${code.id}/analytics`)).json;
        const until = Date.now() + countedWithinMs;
        while (((await analytics()).scanCount as number) < 3 && Date.now() < until) await pause(500);
        const { scanCount, sources } = await analytics();
        expectSame('scanCount', scanCount, 3);
        const bySource = new Map(
          (sources as { key: string; scanCount: number }[]).map((one) => [one.key, one.scanCount]),
        );
        expectSame('scans from the symbol', bySource.get('qr'), 2);
        expectSame('scans from the link', bySource.get('link'), 1);
      },
    ],
    [
      'it is gone once it is archived',
      async () => {
        expectSame('status', (await deployment.send('DELETE', `/v1/codes/${code.id}`)).status, 204);
        await pause(1500);
        expectProblem(await open(`/${code.slug}`, { accept: 'application/json' }), 410);
        const page = await open(`/${code.slug}`);
        expectSame('status', page.status, 410);
        expectSame('Content-Type', page.headers.get('content-type'), 'text/html; charset=utf-8');
      },
    ],
  ];
}
