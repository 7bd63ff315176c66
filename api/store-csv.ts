import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { checkCsv } from '../shared/adapters/check-csv.ts';
import type { CsvLayout } from '../shared/contract/batch-columns.ts';
import { batchFileKey } from '../shared/domain/batches/batch-ids.ts';
import type { ApiDeps } from './deps.ts';

export type StoredCsv = { sizeBytes: number; sha256: string; rowCount: number; layout: CsvLayout };

/**
 * Streams a CSV into the object store, and on its way counts, hashes and checks it: what is wrong with the file as a whole is
 * thrown before any of it is kept. What is wrong with a row is found when rows are read.
 */
export async function storeCsv(
  { config, objects }: Pick<ApiDeps, 'config' | 'objects'>,
  batchId: string,
  chunks: AsyncIterable<Uint8Array>,
): Promise<StoredCsv> {
  const { csvBytes, csvRows, csvColumns, csvLineBytes } = config.limits;
  const limits = { bytes: csvBytes, rows: csvRows, columns: csvColumns, lineBytes: csvLineBytes };
  const copy = new PassThrough();
  const checking = checkCsv(copy, limits);
  const sha256 = createHash('sha256');
  let sizeBytes = 0;

  async function* checked(): AsyncGenerator<Uint8Array, void> {
    for await (const chunk of chunks) {
      sha256.update(chunk);
      sizeBytes += chunk.length;
      // The check goes along: no chunk is stored before its turn, and the first thing that is wrong ends it all.
      if (!copy.write(chunk)) await Promise.race([once(copy, 'drain'), checking]);
      yield chunk;
    }
    copy.end();
    await checking;
  }

  checking.catch(() => undefined);
  try {
    await objects.putStream(batchFileKey(batchId), checked(), { contentType: 'text/csv' });
    return { sizeBytes, sha256: sha256.digest('hex'), ...(await checking) };
  } finally {
    copy.destroy();
  }
}
