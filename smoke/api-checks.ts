import { setTimeout as pause } from 'node:timers/promises';
import type { Check, Deployment } from './deployment.ts';
import { expectProblem, expectSame } from './expectations.ts';

/** How the API answers: caches, waiting, repetition, refusals. */
export function apiChecks(deployment: Deployment): Check[] {
  const checks: Check[] = [];
  const check = (name: string, run: Check[1]) => void checks.push([name, run]);

  const example = { type: 'url', url: `https://example.com/${deployment.mark}` };

  check('it is alive and ready', async () => {
    expectSame('/healthz', (await deployment.send('GET', '/healthz', { keyless: true })).status, 200);
    // Without a worker it answers 200 as well, `degraded`: those that have just been started are not heard of yet.
    const ready = () => deployment.send('GET', '/readyz', { keyless: true });
    const until = performance.now() + 15_000;
    while ((await ready()).json.status !== 'ok' && performance.now() < until) await pause(500);
    const { status, json } = await ready();
    expectSame('/readyz', status, 200);
    expectSame('status of /readyz', json.status, 'ok');
  });

  check('an image is cached for ever, and a known one costs no bytes', async () => {
    const { image } = await deployment.render({ content: example });
    const first = await deployment.send('GET', image.url, { keyless: true });
    expectSame('Cache-Control', first.headers.get('cache-control'), 'public, max-age=31536000, immutable');
    const etag = first.headers.get('etag') ?? '';
    expectSame('a strong ETag', /^"[^"]+"$/.test(etag), true);
    const second = await deployment.send('GET', image.url, { keyless: true, headers: { 'if-none-match': etag } });
    expectSame('status with If-None-Match', second.status, 304);
  });

  check('a caller that does not wait is told where to look', async () => {
    const spec = { content: { type: 'text', text: `${deployment.mark}-later` } };
    const { status, headers, json } = await deployment.post('/v1/renders', spec, { prefer: 'respond-async' });
    deployment.made.add(`/v1/renders/${json.id}`);
    expectSame('status', status, 202);
    expectSame('Preference-Applied', headers.get('preference-applied'), 'respond-async');
    expectSame('Location', headers.get('location')?.endsWith(`/v1/renders/${json.id}`), true);
    expectSame('an integer Retry-After', /^\d+$/.test(headers.get('retry-after') ?? ''), true);
  });

  check('an Idempotency-Key makes one render, and refuses another request', async () => {
    const spec = { content: { type: 'text', text: `${deployment.mark}-once` } };
    const header = { 'idempotency-key': `"${deployment.mark}"` };
    const [first, second] = [
      await deployment.post('/v1/renders', spec, header),
      await deployment.post('/v1/renders', spec, header),
    ];
    deployment.made.add(`/v1/renders/${first.json.id}`);
    expectSame('id', second.json.id, first.json.id);
    expectProblem(await deployment.post('/v1/renders', { ...spec, size: 500 }, header), 422);
  });

  check('401 without a key', async () =>
    expectProblem(await deployment.send('GET', '/v1/renders', { keyless: true }), 401),
  );
  check('404 for what is not there', async () =>
    expectProblem(await deployment.send('GET', '/v1/renders/rnd_nowhere'), 404),
  );
  check('405 with Allow for a wrong method', async () => {
    const answer = await deployment.send('PUT', '/v1/renders');
    expectProblem(answer, 405);
    expectSame('Allow names POST', answer.headers.get('allow')?.includes('POST'), true);
  });
  check('413 for a body over the limit', async () => {
    expectProblem(
      await deployment.post('/v1/renders', { content: { type: 'text', text: 'x'.repeat(5_000_000) } }),
      413,
    );
  });
  check('415 for a wrong type', async () => {
    const headers = { 'content-type': 'text/plain' };
    expectProblem(await deployment.send('POST', '/v1/renders', { headers, body: 'hello' }), 415);
  });
  check('422 names the field', async () => {
    const answer = await deployment.post('/v1/renders', { content: example, size: 1 });
    expectProblem(answer, 422);
    expectSame('pointer', (answer.json.errors as { pointer: string }[])[0]?.pointer, '/size');
  });
  return checks;
}
