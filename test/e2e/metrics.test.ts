import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { distinctSpec, eventually } from '../support/client.ts';
import { type Deployment, prepareDeployment } from '../support/deployment.ts';
import type { OurProcess } from '../support/our-process.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { visitors } from '../support/visitors.ts';

const root = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const metricsToken = 'a-token-for-the-scraper';

let deployment: Deployment;
let receiver: Receiver;
let workers: OurProcess;

beforeAll(async () => {
  receiver = await startReceiver();
  deployment = await prepareDeployment({ env: { OUTBOUND_ALLOW: '127.0.0.1', METRICS_TOKEN: metricsToken } });
  [, workers] = await Promise.all([deployment.startApi(), deployment.startWorkers()]);
});
afterAll(async () => {
  await deployment?.destroy();
  await receiver?.close();
});

async function scrape(): Promise<{ text: string; samples: Map<string, number> }> {
  const headers = { authorization: `Bearer ${metricsToken}` };
  const answer = await fetch(`${deployment.client.baseUrl}/metrics`, { headers });
  expect(answer.status).toBe(200);
  const text = await answer.text();
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const samples = lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))] as const);
  return { text, samples: new Map(samples) };
}

const namesIn = (text: string): string[] => [...new Set(text.match(/\bqrfactory_\w+/g) ?? [])].sort();

/** Every expression that Grafana would ask Prometheus for. */
function dashboardQueries(): string[] {
  const { panels } = JSON.parse(read('ops/grafana-dashboard.json')) as { panels: { targets?: { expr: string }[] }[] };
  return panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
}

describe('/metrics of a running deployment', () => {
  it('counts what other processes did: jobs with their verdicts and times, webhooks, groups, restarts', async () => {
    const { client } = deployment;
    const body = distinctSpec({ callbackUrl: receiver.url() });
    expect((await client.post('/v1/renders', body, { prefer: 'wait=20' })).status).toBe(200);
    const { slug } = (await (await client.post('/v1/codes', { target: 'https://example.com/' })).json()) as {
      slug: string;
    };
    const visit = { headers: { 'user-agent': visitors.pixel.userAgent }, redirect: 'manual' } as const;
    expect((await fetch(`${client.baseUrl}/${slug}`, visit)).status).toBe(302);
    await receiver.until(1);
    await eventually('workers have told', async () => {
      const { samples } = await scrape();
      if (samples.get('qrfactory_workers') !== 2) return false;
      const isOver0 = (series: string): boolean => (samples.get(series) ?? 0) > 0;
      return [
        'qrfactory_jobs_total{name="render-codes",verdict="done"}',
        'qrfactory_jobs_total{name="record-scans",verdict="done"}',
        'qrfactory_job_duration_seconds_count{name="render-codes"}',
        'qrfactory_webhook_attempts_total{outcome="completed"}',
        'qrfactory_group_size_count{group="ends"}',
        'qrfactory_group_size_count{group="renders"}',
        'qrfactory_group_size_count{group="scans"}',
        'qrfactory_http_requests_total{method="GET",route="/:slug",status="302"}',
        'qrfactory_disk_free_bytes',
      ].every(isOver0);
    });
    const { samples } = await scrape();
    expect(samples.get('qrfactory_pool_restarts_total{kind="pool"}')).toBe(0);
    expect(samples.get('qrfactory_scans_lost_total')).toBe(0);
    expect(samples.has('qrfactory_queue_oldest_job_age_seconds{queue="renders"}')).toBe(true);
  });

  it('prints every name that the dashboard and the alerts ask for, labels included', async () => {
    const { text, samples } = await scrape();
    const printed = new Set([...samples.keys()].map((series) => series.replace(/\{.*$/s, '')));
    const alerts = read('ops/alerts.yml');
    const queries = dashboardQueries();
    expect(queries.length).toBeGreaterThan(20);
    const asked = namesIn([alerts, ...queries].join('\n'));
    expect(asked.length).toBeGreaterThan(20);
    expect(asked.filter((name) => !printed.has(name))).toEqual([]);

    const labels = new Set([...text.matchAll(/(\w+)="/g)].map(([, label]) => label));
    const ofPrometheus = ['instance', 'job'];
    expect(ofPrometheus.filter((label) => labels.has(label))).toEqual([]);
    const grouped = [...[alerts, ...queries].join('\n').matchAll(/\bby \(([^)]+)\)/g)].flatMap(([, names]) =>
      (names as string).split(/,\s*/),
    );
    expect(grouped.filter((label) => !labels.has(label) && label !== 'instance')).toEqual([]);
    const routes = new Set(Object.keys(JSON.parse(read('docs/openapi.json')).paths));
    const named = [...alerts.matchAll(/route=~"([^"]+)"/g)].flatMap(([, all]) => (all as string).split('|'));
    expect([...new Set(named)].filter((route) => !routes.has(route.replace(/:(\w+)/g, '{$1}')))).toEqual([]);
  });

  it('counts a worker that died and was started again', async () => {
    const { client } = deployment;
    const [first = 0] = await workers.descendants();
    process.kill(first, 'SIGKILL');
    await eventually('the restart is counted', async () => {
      const { samples } = await scrape();
      return samples.get('qrfactory_pool_restarts_total{kind="pool"}') === 1;
    });
    expect((await client.post('/v1/renders', distinctSpec(), { prefer: 'wait=20' })).status).toBe(200);
  });
});

describe('the dashboard and the alerts', () => {
  it('ask for no sum that no rule records', () => {
    const rules = read('ops/alerts.yml');
    const recorded = [...rules.matchAll(/- record: (\S+)$/gm)].map(([, name]) => name as string);
    const asked = [rules, ...dashboardQueries()].join('\n').match(/\bqrfactory:[\w:]+/g) ?? [];
    expect(recorded.length).toBeGreaterThan(15);
    expect([...new Set(asked)].sort()).toEqual([...recorded].sort());
  });
});

describe('every alert', () => {
  const alerts = [
    ...read('ops/alerts.yml').matchAll(/- alert: (\w+)\n[\s\S]*?\n\s+runbook: docs\/runbook\.md#([\w-]+)\n/g),
  ];
  const entries = [...read('docs/runbook.md').matchAll(/^## (\S+)$/gm)].map(([, heading]) => heading as string);

  it('leads to its entry in the runbook, and no entry is of an alert that there is not', () => {
    const names = [...read('ops/alerts.yml').matchAll(/- alert: (\w+)$/gm)].map(([, name]) => name);
    expect(names.length).toBeGreaterThan(15);
    expect(alerts.map(([, name]) => name)).toEqual(names);
    expect(alerts.map(([, , anchor]) => anchor)).toEqual(names.map((name) => name?.toLowerCase()));
    expect([...entries].sort()).toEqual([...names].sort());
  });

  it('has there what it means, where to look and what to do', () => {
    const parts = read('docs/runbook.md').split(/^## /m).slice(1);
    for (const part of parts) expect(part).toMatch(/\*\*Means\*\*[\s\S]+\*\*Look\*\*[\s\S]+\*\*Do\*\*/);
  });
});
