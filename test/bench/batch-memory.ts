import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import type { ServiceProcess } from '../support/service-process.ts';
import { checkArchive } from './batches/check-archive.ts';
import { largeCsv } from './batches/large-csv.ts';
import { forgetPeaks, nameProcesses, peakMb } from './batches/peak-memory.ts';
import { type FinishedBatch, runBatch } from './batches/run-batch.ts';
import { serverStores } from './batches/server-stores.ts';
import { withService } from './service.ts';

type Table = Record<string, Record<string, number>>;

/** Runs one batch and adds the peak of each process to the table. */
async function runAndWatch(
  service: ServiceProcess,
  { rows, csvBytes, size }: { rows: number; csvBytes: number; size: string },
  table: Table,
): Promise<FinishedBatch> {
  const processes = await nameProcesses([service.process.pid, ...(await service.process.descendants())]);
  await forgetPeaks(processes);
  const target = { baseUrl: `http://127.0.0.1:${service.port}`, apiKey: await service.apiKey() };
  const csv = new Blob([new Uint8Array(largeCsv(rows, csvBytes))], { type: 'text/csv' });
  const finished = await runBatch(target, csv, { fields: { size } });
  for (const { name, pid } of processes) {
    table[name] ??= {};
    table[name][`${rows} rows, MB`] = await peakMb(pid);
  }
  return finished;
}

/**
 * Prints the peak memory of every process over batches of each size (`--rows 1000,10000,100000`), and checks every part of every
 * archive. `--s3`, `--mongo`: on the servers that TEST_ variables name instead of a folder and SQLite; `--csv-bytes`: fills the
 * files up to about this size with a column that nobody knows.
 */
export async function batchMemory(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      rows: { type: 'string', default: '1000,10000,100000' },
      size: { type: 'string', default: '1000' },
      'csv-bytes': { type: 'string', default: '0' },
      mongo: { type: 'boolean', default: false },
      s3: { type: 'boolean', default: false },
    },
  });
  const env = { WORKER_PROCESSES: String(availableParallelism()), ...serverStores(values) };
  await withService(env, async (service) => {
    const apiKey = await service.apiKey();
    const table: Table = {};
    for (const rows of values.rows.split(',').map(Number)) {
      const csvBytes = Number(values['csv-bytes']);
      const { batch, finishedMs } = await runAndWatch(service, { rows, csvBytes, size: values.size }, table);
      const images = await checkArchive(batch, apiKey);
      const parts = batch.archive?.parts.length;
      console.log(
        `${rows} rows at ${values.size} px: finished after ${(finishedMs / 1000).toFixed(1)} s, ${parts} part(s) with ` +
          `${images} images, each in its manifest with its checksum; counts ${JSON.stringify(batch.counts)}`,
      );
    }
    const on = `${values.mongo ? 'MongoDB' : 'SQLite'} and ${values.s3 ? 'S3' : 'a folder'}`;
    console.log(`\nPeak memory (VmHWM), on ${on}; aim: flat, < 300 MB`);
    console.table(table);
  });
}
