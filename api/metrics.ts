import { hash, timingSafeEqual } from 'node:crypto';
import { metrics } from '../shared/contract/metrics.ts';
import type { ApiDeps, ApiMiddleware } from './deps.ts';
import { createGauges } from './gauges.ts';
import type { Auth } from './middleware/auth.ts';

type Needs = Pick<
  ApiDeps,
  | 'boardQueues'
  | 'config'
  | 'database'
  | 'log'
  | 'now'
  | 'objects'
  | 'processMetrics'
  | 'queues'
  | 'scans'
  | 'sharedCounts'
  | 'tally'
>;

/**
 * `GET /metrics` in the text format of Prometheus, for operators and whoever has METRICS_TOKEN: what this process counted, what all
 * workers counted, and how things stand now.
 */
export function createMetricsRoute(deps: Needs, { auth }: { auth: Auth }) {
  const { config, sharedCounts, tally, processMetrics } = deps;
  const requireOperator = auth.requireKey('operator');
  const token = config.metricsToken === null ? null : digestOf(`Bearer ${config.metricsToken}`);
  const gauges = createGauges(deps);

  const print = async (): Promise<string> => {
    const shared = await sharedCounts.read();
    const counted = [...tally.series(), ...(shared?.counts ?? [])];
    return [printCounts(counted), await gauges(shared?.processes ?? null), await processMetrics.metrics()].join('\n');
  };
  /** Who asks while one is being answered gets the same answer. */
  let printing: Promise<string> | null = null;

  return {
    allow: ((ctx, next) => {
      const isToken =
        token !== null && timingSafeEqual(token, digestOf(ctx.get('Authorization').replace(/^bearer +/i, 'Bearer ')));
      return isToken ? next() : requireOperator(ctx, next);
    }) satisfies ApiMiddleware,

    show: (async (ctx) => {
      printing ??= print().finally(() => {
        printing = null;
      });
      const text = await printing;
      ctx.set('Cache-Control', 'no-store');
      ctx.set('Content-Type', 'text/plain; version=0.0.4; charset=utf-8');
      ctx.body = text;
    }) satisfies ApiMiddleware,
  };
}

function digestOf(header: string): Buffer {
  return hash('sha256', header, 'buffer');
}

/** The names of its labels, without the `le` of buckets. */
function labelsOf(series: string): string {
  const names = [...series.matchAll(/[{,](\w+)="/g)].map(([, name]) => name);
  return names.filter((name) => name !== 'le').join();
}

/** Prints what was counted, metric by metric; series whose metric or labels we don't know (another release's, in Redis) are left out. */
function printCounts(counted: [series: string, value: number][]): string {
  const lines = new Map<string, string[]>(Object.keys(metrics).map((name) => [name, []]));
  const expected = new Map<string, string>(Object.entries(metrics).map(([name, { labels }]) => [name, labels.join()]));
  for (const [series, value] of counted) {
    const name = series.replace(/\{.*$/s, '');
    const known = lines.has(name) ? name : name.replace(/_(bucket|sum|count)$/, '');
    if (labelsOf(series) === expected.get(known)) lines.get(known)?.push(`${series} ${value}`);
  }
  return Object.entries(metrics)
    .flatMap(([name, { help, type }]) => [
      `# HELP ${name} ${help}`,
      `# TYPE ${name} ${type}`,
      ...(lines.get(name) ?? []),
      '',
    ])
    .join('\n');
}
