import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { ReadableStream } from 'node:stream/web';
import { setTimeout as pause } from 'node:timers/promises';
import { storeCsv } from '../../api/store-csv.ts';
import { connectObjects } from '../../shared/adapters/objects/connect-objects.ts';
import { largeCsv } from './batches/large-csv.ts';
import { nameProcesses, usedMs } from './batches/peak-memory.ts';
import { withService } from './service.ts';

const rows = 95_000;
const csv = largeCsv(rows, 49_000_000);
const limits = { csvBytes: 52_428_800, csvRows: 100_000, csvColumns: 200, csvLineBytes: 65_536 };
const chunkBytes = 64 * 1024;

async function* chunks(): AsyncGenerator<Uint8Array, void> {
  for (let at = 0; at < csv.length; at += chunkBytes) yield csv.subarray(at, at + chunkBytes);
}

/** What taking in the file costs the event loop of a process that does nothing else. */
async function measureLoop(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'qrf-bench-'));
  const objects = await connectObjects({ s3: null, dataDir: folder });
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const before = process.cpuUsage();
  delay.enable();
  await storeCsv({ config: { limits }, objects } as Parameters<typeof storeCsv>[0], 'bat_bench', chunks());
  delay.disable();
  const { user, system } = process.cpuUsage(before);
  await objects.close();
  await rm(folder, { recursive: true, force: true });
  const ms = (nanoseconds: number): string => (nanoseconds / 1e6).toFixed(1);
  console.log(
    `storing and checking ${csv.length} bytes, ${rows} rows: ${Math.round((user + system) / 1000)} ms of processor time, ` +
      `event loop every ${ms(delay.percentile(50))} ms (1 ms idle), p99 ${ms(delay.percentile(99))}, longest ${ms(delay.max)}`,
  );
}

type Probe = { goesOn: () => boolean };

/** Asks for /healthz every 5 ms and answers the times, ms. */
async function probe(baseUrl: string, { goesOn }: Probe): Promise<number[]> {
  const times: number[] = [];
  while (goesOn()) {
    const start = performance.now();
    await (await fetch(`${baseUrl}/healthz`)).arrayBuffer();
    times.push(performance.now() - start);
    await pause(5);
  }
  return times.sort((a, b) => a - b);
}

const shown = (times: number[]): string =>
  [0.5, 0.95, 0.99]
    .map((share) => `p${share * 100} ${times[Math.floor(times.length * share)]?.toFixed(1)} ms`)
    .join(', ');

/** What the API uses of the processor for an upload over HTTP, and what another request notices of it. */
async function measureService(): Promise<void> {
  await withService({ WORKER_PROCESSES: '1' }, async (service) => {
    const baseUrl = `http://127.0.0.1:${service.port}`;
    const headers = { authorization: `Bearer ${await service.apiKey()}`, 'content-type': 'text/csv' };
    const api = (await nameProcesses(await service.process.descendants())).find(({ name }) => name === 'API')?.pid ?? 0;
    const until = performance.now() + 2000;
    console.log(
      `another request, idle:             ${shown(await probe(baseUrl, { goesOn: () => performance.now() < until }))}`,
    );
    const usedBefore = await usedMs(api);
    const start = performance.now();
    let isOver = false;
    const upload = { method: 'POST', headers, body: ReadableStream.from(chunks()), duplex: 'half' as const };
    const uploading = fetch(`${baseUrl}/v1/batches`, upload).finally(() => {
      isOver = true;
    });
    const beside = await probe(baseUrl, { goesOn: () => !isOver });
    const answer = await uploading;
    if (answer.status !== 202) throw new Error(`${answer.status} ${await answer.text()}`);
    const used = (await usedMs(api)) - usedBefore;
    console.log(`another request, during the upload: ${shown(beside)}`);
    console.log(
      `the upload took ${((performance.now() - start) / 1000).toFixed(2)} s, the API ${used} ms of processor time`,
    );
  });
}

/** Measures what a CSV of 49 MB costs the API on its way in. */
export async function batchUpload(): Promise<void> {
  await measureLoop();
  await measureService();
}
