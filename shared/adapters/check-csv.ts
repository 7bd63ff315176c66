import type { CsvLayout } from '../contract/batch-columns.ts';
import { type CsvDelimiter, headBytes, shapeOfCsv } from '../domain/batches/csv-head.ts';
import { CsvScan, type ScanProblem } from '../domain/batches/csv-scan.ts';
import type { AppError } from '../errors.ts';
import { csvEmpty, csvError, lineTooLong, quoteNotClosed, tooManyColumns, tooManyRows } from './csv-errors.ts';
import { type CsvLimits, csvSlices, readCsvLayout } from './csv-file.ts';

/** A third of a millisecond's work: other requests do not notice it. */
const scannedAtOnce = 64 * 1024;

/**
 * Checks a CSV as it comes and counts its rows, without making cells of it but for the first: what is wrong with the file as a
 * whole is thrown, as `readCsv` would.
 *
 * @param chunks the file; what it throws is thrown on
 */
export async function checkCsv(
  chunks: AsyncIterable<Uint8Array>,
  limits: CsvLimits,
): Promise<{ rowCount: number; layout: CsvLayout }> {
  let named: CsvDelimiter | null = null;
  const slices = csvSlices(chunks, {
    limitBytes: limits.bytes,
    sliceBytes: scannedAtOnce,
    onNamed: (delimiter) => {
      named = delimiter;
    },
  });
  const kept: Buffer[] = [];
  let keptBytes = 0;
  let isWhole = false;
  const next = async (): Promise<Buffer> => {
    const { done, value } = await slices.next();
    isWhole = done === true;
    const slice = value ?? Buffer.alloc(0);
    kept.push(slice);
    keptBytes += slice.length;
    return slice;
  };
  while (!isWhole && keptBytes < headBytes) await next();
  const shape = shapeOfCsv(Buffer.concat(kept).subarray(0, headBytes).toString('utf8'), isWhole, named);
  const headerRows = shape.hasHeader ? 1 : 0;
  const scan = new CsvScan(shape, { ...limits, records: limits.rows + headerRows });
  const look = (problem: ScanProblem | null): void => {
    if (problem !== null) throw scanError(problem, limits);
  };
  look(scan.next(Buffer.concat(kept)));
  while (!isWhole && scan.headEnd === null) look(scan.next(await next()));
  if (isWhole) look(scan.end());
  if (scan.headEnd === null) throw csvEmpty();
  const begin = Buffer.concat(kept.splice(0)).subarray(0, scan.headEnd);
  const layout = await readCsvLayout(begin, shape, limits);
  for await (const slice of slices) look(scan.next(slice));
  if (!isWhole) look(scan.end());
  const rowCount = scan.records - headerRows;
  if (rowCount === 0) throw csvError('csv_no_rows', 'The file has a header and no rows; each code needs a row');
  return { rowCount, layout };
}

function scanError(problem: ScanProblem, { rows, columns, lineBytes }: CsvLimits): AppError {
  switch (problem.kind) {
    case 'line-too-long':
      return lineTooLong(problem.line, lineBytes);
    case 'quote-not-closed':
      return quoteNotClosed(problem.line);
    case 'too-many-records':
      return tooManyRows(problem.line, rows);
    case 'too-many-columns':
      return tooManyColumns(problem.line, problem.columns, columns);
  }
}
