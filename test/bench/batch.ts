import { readFile, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { zipByQrcode } from './batches/qrcode-loop.ts';
import { runBatch } from './batches/run-batch.ts';
import { withService } from './service.ts';

const sizePx = 1000;
const urlsFile = join(import.meta.dirname, '../../../test/data/urls-1000.csv');

const median = (values: number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;

/**
 * Compares a CSV of 1,000 URLs, from its upload over HTTP to its finished ZIP, with a loop over `qrcode` into `archiver` in one
 * process, taking turns. The service is warmed up with the same file; `--ours` leaves the loop out.
 */
export async function batch(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: { rounds: { type: 'string', default: '3' }, ours: { type: 'boolean', default: false } },
  });
  const csv = await readFile(urlsFile);
  const urls = csv
    .toString('utf8')
    .trim()
    .split(/\r?\n/)
    .slice(1)
    .map((line) => line.slice(line.indexOf(',') + 1));
  const processes = String(availableParallelism());
  console.log(`${urls.length} URLs at ${sizePx} px, ${processes} worker processes, embedded stores`);
  await withService({ WORKER_PROCESSES: processes }, async (service) => {
    const target = { baseUrl: `http://127.0.0.1:${service.port}`, apiKey: await service.apiKey() };
    const ours = () => runBatch(target, new Blob([csv], { type: 'text/csv' }), { fields: { size: String(sizePx) } });
    console.log(`warm-up: ${seconds((await ours()).finishedMs)}`);
    const times: { ours: number[]; theirs: number[] } = { ours: [], theirs: [] };
    for (let round = 1; round <= Number(values.rounds); round++) {
      const { batch, acceptedMs, finishedMs } = await ours();
      if (batch.counts.completed !== urls.length) throw new Error(`Not all was drawn: ${JSON.stringify(batch.counts)}`);
      times.ours.push(finishedMs);
      let line = `round ${round}: 202 after ${acceptedMs.toFixed(0)} ms, ZIP after ${seconds(finishedMs)}`;
      if (!values.ours) {
        const path = join(tmpdir(), `qrf-bench-${process.pid}.zip`);
        const theirs = await zipByQrcode(urls, sizePx, path).finally(() => rm(path, { force: true }));
        times.theirs.push(theirs);
        line += `; qrcode + archiver ${seconds(theirs)}, ratio ${(theirs / finishedMs).toFixed(0)}×`;
      }
      console.log(line);
    }
    if (values.ours) console.log(`median ${seconds(median(times.ours))}`);
    else
      console.log(
        `median ${seconds(median(times.ours))} against ${seconds(median(times.theirs))}: ` +
          `${(median(times.theirs) / median(times.ours)).toFixed(0)}× (aim: ≥ 50×)`,
      );
  });
}
