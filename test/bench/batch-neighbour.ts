import { createHash, randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { connectDatabase } from '../../shared/adapters/database/connect-database.ts';
import { makeApiKey } from '../../shared/domain/api-key.ts';
import { createLog } from '../../shared/log.ts';
import { type Client, createClient, distinctSpec } from '../support/client.ts';
import type { ServiceProcess } from '../support/service-process.ts';
import { largeCsv } from './batches/large-csv.ts';
import { runBatch } from './batches/run-batch.ts';
import { withService } from './service.ts';

const idleRenders = 400;
const betweenMs = 50;

/** Makes a key of another tenant in the service's own database file; answers a client that uses it. */
async function clientOfAnother(service: ServiceProcess): Promise<Client> {
  const database = await connectDatabase(
    { mongoUrl: null, dataDir: service.dataDir },
    createLog('batch-neighbour', 'warn'),
  );
  const key = makeApiKey(randomBytes(16));
  try {
    await database.keys.put({
      id: 'key_neighbour',
      tenantId: 'neighbour',
      name: 'neighbour',
      role: 'write',
      hash: createHash('sha256').update(key).digest('hex'),
      createdAt: Date.now(),
    });
  } finally {
    await database.close();
  }
  return createClient(`http://127.0.0.1:${service.port}`, key);
}

/** Submits a render that nobody asked for before, waits for its bytes, and answers how long that took, ms. */
async function renderMs(client: Client): Promise<number> {
  const start = performance.now();
  const answer = await client.post('/v1/renders', distinctSpec(), { prefer: 'wait=20', accept: 'image/png' });
  const bytes = await answer.arrayBuffer();
  if (answer.status !== 200) throw new Error(`POST /v1/renders: ${answer.status} ${Buffer.from(bytes)}`);
  return performance.now() - start;
}

/** Renders at an even pace while `goesOn`. */
async function renderWhile(client: Client, goesOn: (done: number) => boolean): Promise<number[]> {
  const times: number[] = [];
  while (goesOn(times.length)) {
    const [ms] = await Promise.all([renderMs(client), pause(betweenMs)]);
    times.push(ms);
  }
  return times;
}

function quantile(times: readonly number[], share: number): number {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

const shown = (times: readonly number[]): string =>
  `p50 ${quantile(times, 0.5).toFixed(1)} ms, p95 ${quantile(times, 0.95).toFixed(1)} ms, p99 ${quantile(times, 0.99).toFixed(1)} ms (${times.length} renders)`;

/**
 * Measures another tenant's single renders, 20 a second at most, when nothing else is done and from the upload of a large batch to
 * its end (`--rows 100000`).
 */
export async function batchNeighbour(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: { rows: { type: 'string', default: '100000' } } });
  const rows = Number(values.rows);
  await withService({ WORKER_PROCESSES: String(availableParallelism()) }, async (service) => {
    const client = await clientOfAnother(service);
    await renderWhile(client, (done) => done < idleRenders / 2);
    const idle = await renderWhile(client, (done) => done < idleRenders);
    console.log(`idle:    ${shown(idle)}`);
    let isOver = false;
    const target = { baseUrl: client.baseUrl, apiKey: await service.apiKey() };
    const csv = new Blob([new Uint8Array(largeCsv(rows))], { type: 'text/csv' });
    const running = runBatch(target, csv).finally(() => {
      isOver = true;
    });
    const beside = await renderWhile(client, () => !isOver);
    const { finishedMs } = await running;
    console.log(`beside:  ${shown(beside)}`);
    const ratio = quantile(beside, 0.95) / quantile(idle, 0.95);
    console.log(
      `p95 beside a batch of ${rows} rows (${(finishedMs / 1000).toFixed(0)} s) is ${ratio.toFixed(2)} times that of idle (aim: < 2)`,
    );
  });
}
