import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient, distinctSpec, eventually, inParallel, type RenderAnswer } from '../support/client.ts';
import { type Deployment, prepareDeployment } from '../support/deployment.ts';
import { hasNginx, type Nginx, prepareNginx } from '../support/nginx.ts';
import type { OurProcess } from '../support/our-process.ts';
import { describeOn, temporaryFolder } from '../support/servers.ts';

describeOn('Behind nginx with the example configuration', hasNginx, () => {
  let deployment: Deployment;
  let nginx: Nginx;
  let apis: [OurProcess, OurProcess];
  const addressOf = async (api: OurProcess): Promise<string> =>
    new URL(String((await api.logged('listening')).address)).host;
  const client = () => createClient(nginx.url, deployment.apiKey);

  /** Requests for a route that have reached either process of the API. */
  const arrived = (route: string): number =>
    apis
      .flatMap(({ lines }) => lines)
      .filter((line) => line.includes('"msg":"request"') && line.includes(`"route":"${route}"`)).length;
  /** Waits until every request that was answered stands in the log: lines are written in their order, so the last is asked for. */
  const settle = async (): Promise<void> => {
    for (const api of apis) {
      const marker = `marker-${randomUUID()}`;
      await fetch(`http://${await addressOf(api)}/v1/renders`, { headers: { 'Request-Id': marker } });
      await eventually('the line of a marker', async () => api.lines.some((line) => line.includes(marker)), 10_000);
    }
  };
  /** How many requests for `route` reach the API while `work` is done. */
  const reaching = async (route: string, work: () => Promise<void>): Promise<number> => {
    await settle();
    const before = arrived(route);
    await work();
    await settle();
    return arrived(route) - before;
  };
  const completed = async (): Promise<RenderAnswer> => {
    const answer = await client().post('/v1/renders', distinctSpec(), { prefer: 'wait=10' });
    expect(answer.status).toBe(200);
    return (await answer.json()) as RenderAnswer;
  };
  const get = (path: string, headers: Record<string, string> = {}) =>
    fetch(`${nginx.url}${path}`, { headers, redirect: 'manual' });

  beforeAll(async () => {
    nginx = await prepareNginx(await temporaryFolder());
    deployment = await prepareDeployment({
      env: {
        PUBLIC_URL: nginx.url,
        TRUSTED_PROXIES: '127.0.0.1',
        WORKER_PROCESSES: '1',
        CORS_ORIGINS: 'https://a.example',
      },
    });
    apis = [await deployment.startApi(), await deployment.startApi()];
    await deployment.startWorkers();
    await nginx.start([await addressOf(apis[0]), await addressOf(apis[1])]);
  });
  afterAll(async () => {
    await nginx.stop();
    await deployment.destroy();
  });

  describe('an image by id', () => {
    it('reaches the API once, however often it is asked for', async () => {
      const { image } = await completed();
      const path = new URL(image?.url ?? '').pathname;
      const reached = await reaching('/v1/renders/:id/image', async () => {
        await inParallel(Array.from({ length: 100 }), 16, async () => {
          const answer = await get(path);
          expect(answer.status).toBe(200);
          expect((await answer.arrayBuffer()).byteLength).toBe(image?.sizeBytes);
        });
        expect((await get(path, { 'if-none-match': `"${image?.sha256}"` })).status).toBe(304);
        expect((await fetch(`${nginx.url}${path}`, { method: 'HEAD' })).status).toBe(200);
      });
      expect(reached).toBe(1);
    });

    it('is asked for anew after a purge; deleted and purged, it is gone', async () => {
      const { id, image } = await completed();
      const path = new URL(image?.url ?? '').pathname;
      await get(path);
      const purge = () => get(`/purge${path}`);
      const reached = await reaching('/v1/renders/:id/image', async () => {
        expect((await purge()).status).toBe(200);
        expect((await get(path)).headers.get('x-cache')).toBe('MISS');
        expect((await get(path)).headers.get('x-cache')).toBe('HIT');
      });
      expect(reached).toBe(1);

      const headers = { authorization: `Bearer ${deployment.apiKey}` };
      expect((await fetch(`${nginx.url}/v1/renders/${id}`, { method: 'DELETE', headers })).status).toBe(204);
      expect((await get(path)).status).toBe(200); // what caches hold stays until it is purged
      await eventually('404', async () => {
        await purge();
        return (await get(path)).status === 404;
      });
    });

    it('is not stored while it is an error', async () => {
      const reached = await reaching('/v1/renders/:id/image', async () => {
        for (let time = 0; time < 3; time++) expect((await get('/v1/renders/rnd_nothing/image')).status).toBe(404);
      });
      expect(reached).toBe(3);
    });
  });

  it('draws an image by query once for all who ask for it together, and for each caller with a key', async () => {
    const path = `/v1/qr?data=https://example.com/${randomUUID()}`;
    const reached = await reaching('/v1/qr', async () => {
      await inParallel(Array.from({ length: 50 }), 50, async () => expect((await get(path)).status).toBe(200));
    });
    expect(reached).toBe(1);
    const authorization = `Bearer ${deployment.apiKey}`;
    const withKey = await reaching('/v1/qr', async () => {
      for (let time = 0; time < 3; time++) {
        const answer = await get(path, { authorization });
        expect(answer.headers.get('cache-control')).toMatch(/^private/);
      }
    });
    expect(withKey).toBe(3);
  });

  it('gives a stored image to scripts of every site that asks, whichever asked first', async () => {
    const path = `/v1/qr?data=https://example.com/${randomUUID()}`;
    const told = async (origin: string) => {
      const { headers } = await get(path, { origin });
      return [headers.get('x-cache'), headers.get('access-control-allow-origin')];
    };
    expect(await told('https://a.example')).toEqual(['MISS', '*']);
    expect(await told('https://b.example')).toEqual(['HIT', '*']);
  });

  it('keeps PNG and SVG of one URL apart, whatever else an Accept says, and purges each', async () => {
    const path = `/v1/qr?data=https://example.com/${randomUUID()}`;
    const typeOf = async (accept: string) => {
      const answer = await get(path, { accept });
      return `${answer.headers.get('content-type')} ${answer.headers.get('x-cache')}`;
    };
    const browsers = 'image/avif,image/webp,image/svg+xml,*/*;q=0.8';
    expect([await typeOf(browsers), await typeOf('*/*')]).toEqual(['image/png MISS', 'image/png HIT']);
    const svg = 'image/svg+xml';
    expect([await typeOf(svg), await typeOf(svg)]).toEqual(['image/svg+xml MISS', 'image/svg+xml HIT']);
    expect((await get(`/purge${path}`, { accept: svg })).status).toBe(200);
    expect([await typeOf(svg), await typeOf('*/*')]).toEqual(['image/svg+xml MISS', 'image/png HIT']);
  });

  it('sends every scan on, and a changed code to its new target within a second', async () => {
    const created = await client().post('/v1/codes', { target: 'https://example.com/spring' });
    const code = (await created.json()) as { id: string; slug: string };
    const scan = () => get(`/${code.slug}`, { 'user-agent': 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X)' });
    const reached = await reaching('/:slug', async () => {
      for (let time = 0; time < 10; time++)
        expect((await scan()).headers.get('location')).toBe('https://example.com/spring');
    });
    expect(reached).toBe(10);

    const changed = await fetch(`${nginx.url}/v1/codes/${code.id}`, {
      method: 'PATCH',
      headers: { authorization: `Bearer ${deployment.apiKey}`, 'content-type': 'application/merge-patch+json' },
      body: JSON.stringify({ target: 'https://example.com/summer' }),
    });
    expect(changed.status).toBe(200);
    await pause(1000);
    for (let time = 0; time < 4; time++)
      expect((await scan()).headers.get('location')).toBe('https://example.com/summer');
    await eventually('14 scans', async () => {
      const analytics = await client().get(`/v1/codes/${code.id}/analytics?bots=include`);
      return ((await analytics.json()) as { scanCount: number }).scanCount === 14;
    });
  });

  it('loses no request while one process of the API after the other is restarted', async () => {
    const { image } = await completed();
    const imagePath = `${new URL(image?.url ?? '').pathname}?`; // past the cache: by a query of its own
    const failures: string[] = [];
    let sent = 0;
    let over = false;
    const drive = async (): Promise<void> => {
      while (!over) {
        const number = ++sent;
        const answer = await (number % 2 === 0
          ? get(`${imagePath}${number}`)
          : client().post('/v1/renders', distinctSpec(), { prefer: 'wait=10' })
        ).catch((error: Error) => ({ status: String(error.cause ?? error) }));
        if (answer.status !== 200) failures.push(`${number}: ${answer.status}`);
        if ('arrayBuffer' in answer) await answer.arrayBuffer();
      }
    };
    const driving = Promise.all(Array.from({ length: 8 }, drive));
    for (const index of [0, 1] as const) {
      const { port } = new URL(`http://${await addressOf(apis[index])}`);
      expect(await apis[index].end('SIGTERM')).toEqual({ code: 0, signal: null });
      apis[index] = await deployment.startApi({ PORT: port });
    }
    over = true;
    await driving;
    expect(failures).toEqual([]);
    expect(sent).toBeGreaterThan(50);
  });
});
