import { describe, expect, it } from 'vitest';
import { keyDigest } from '../../api/middleware/auth.ts';
import { newBody, startApi } from './support/api-under-test.ts';

const metricsToken = 'a-token-for-the-scraper';
const api = await startApi({ config: { metricsToken } });
await api.addKey('an-admin-key', 'admin', 'default');

async function scrape(): Promise<Map<string, number>> {
  const answer = await api.call('/metrics', { key: metricsToken });
  expect(answer.status).toBe(200);
  const lines = answer.body.toString().split('\n');
  const samples = lines.filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    samples.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
  );
}

const requests = (method: string, route: string, status: number): string =>
  `qrfactory_http_requests_total{method="${method}",route="${route}",status="${status}"}`;

describe('/metrics', () => {
  it('is for operators and whoever has METRICS_TOKEN', async () => {
    expect((await api.call('/metrics')).status).toBe(200);
    expect((await api.call('/metrics', { key: metricsToken })).status).toBe(200);
    expect((await api.call('/metrics', { key: 'an-admin-key' })).status).toBe(403);
    expect((await api.call('/metrics', { key: `${metricsToken}x` })).status).toBe(401);
    expect((await api.call('/metrics', { key: null })).status).toBe(401);
    const closed = await startApi();
    expect((await closed.call('/metrics', { key: 'null' })).status).toBe(401);
    expect((await api.call('/v1/renders', { key: metricsToken })).status).toBe(401);
  });

  it('is text of Prometheus, each metric once with its help and type', async () => {
    const answer = await api.call('/metrics');
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const text = answer.body.toString();
    const types = [...text.matchAll(/^# TYPE (\S+) (counter|gauge|histogram|summary)$/gm)].map(([, name]) => name);
    expect(types.length).toBeGreaterThan(20);
    expect(new Set(types).size).toBe(types.length);
    for (const line of text.split('\n'))
      expect(line).toMatch(/^$|^# (HELP|TYPE) |^qrfactory_\w+(\{\w+="[^"]*"(,\w+="[^"]*")*\})? [-+\d.e]+$/);
  });

  it('counts by pattern what Koa, the hot image and the redirect answered', async () => {
    const { id } = (await api.post('/v1/renders', newBody())).json();
    for (let n = 0; n < 3; n++) await api.call(`/v1/renders/${id}/image`);
    const { slug } = (await api.post('/v1/codes', { target: 'https://example.com/' })).json();
    await api.call(`/${slug}`);
    await api.call('/no/such/path');
    const counted = await scrape();
    expect(counted.get(requests('POST', '/v1/renders', 200))).toBe(1);
    expect(counted.get(requests('GET', '/v1/renders/:id/image', 200))).toBe(3);
    expect(counted.get('qrfactory_image_reads_total{layer="memory"}')).toBeGreaterThanOrEqual(1);
    expect(counted.get(requests('GET', '/:slug', 302))).toBe(1);
    expect(counted.get(requests('GET', 'none', 404))).toBe(1);
    const times = 'qrfactory_http_request_duration_seconds_count{method="GET",route="/v1/renders/:id/image"}';
    expect(counted.get(times)).toBe(3);
  });

  it('says nothing that a caller sent: no id, slug, key or query', async () => {
    await api.call('/v1/renders/rnd_secretid?secretquery=1');
    await api.call('/secretslug', { headers: { authorization: 'Bearer secretkey' } });
    const text = (await api.call('/metrics')).body.toString();
    expect(text).not.toMatch(/secret/);
    expect(text).not.toContain(keyDigest(metricsToken));
  });

  it('tells which store is away', async () => {
    expect((await scrape()).get('qrfactory_store_up{store="objectStore"}')).toBe(1);
    api.queues.away = true;
    const counted = await scrape();
    api.queues.away = false;
    expect(counted.get('qrfactory_store_up{store="queue"}')).toBe(0);
    expect(counted.get('qrfactory_store_up{store="database"}')).toBe(1);
  });
});
