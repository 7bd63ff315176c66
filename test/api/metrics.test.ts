import { describe, expect, it } from 'vitest';
import { keyDigest } from '../../api/middleware/auth.ts';
import type { ProcessFacts } from '../../shared/adapters/shared-counts.ts';
import { metrics } from '../../shared/contract/metrics.ts';
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
    const lowerCase = { authorization: `bearer ${metricsToken}` };
    expect((await api.call('/metrics', { key: null, headers: lowerCase })).status).toBe(200);
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

  it('has no label of a name that Prometheus takes for itself', async () => {
    const text = (await api.call('/metrics')).body.toString();
    const labels = [...text.matchAll(/(\w+)="/g)].map(([, label]) => label as string);
    const counted = Object.values(metrics).flatMap((metric): readonly string[] => metric.labels);
    expect(labels).toContain('store');
    expect(counted).toContain('verdict');
    expect([...labels, ...counted].filter((label) => label === 'job' || label === 'instance')).toEqual([]);
  });

  it('leaves out what another release counted in Redis under other names or labels', async () => {
    const known = 'qrfactory_jobs_total{name="sweep",verdict="done"}';
    const bucket = 'qrfactory_job_duration_seconds_bucket{name="sweep",le="0.5"}';
    const others = ['qrfactory_jobs_total{job="sweep",verdict="done"}', 'qrfactory_gone_total{name="sweep"}'];
    for (const series of [known, bucket, ...others]) api.parts.counts.set(series, 7);
    const printed = await scrape();
    expect([known, bucket].map((series) => printed.get(series))).toEqual([7, 7]);
    expect(others.filter((series) => printed.has(series))).toEqual([]);
  });

  it('counts workers without the process for suspects, and says nothing of them while Redis does not', async () => {
    const [worker] = api.parts.workers as [ProcessFacts];
    const suspect: ProcessFacts = { ...worker, id: 's', kind: 'suspect' };
    const counted = async (workers: ProcessFacts[] | null) => {
      api.parts.workers = workers;
      const samples = await scrape();
      return [samples.get('qrfactory_workers'), samples.has('qrfactory_worker_resident_memory_bytes{worker="s"}')];
    };
    expect(await counted([worker, suspect])).toEqual([1, true]);
    expect(await counted([suspect])).toEqual([0, true]);
    expect(await counted(null)).toEqual([undefined, false]);
    expect(await counted([worker])).toEqual([1, false]);
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
