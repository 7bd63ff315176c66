import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate as turn } from 'node:timers/promises';
import { type Options, parse } from 'csv-parse';
import { type CsvLayout, columnsOf, namedColumns } from '../contract/batch-columns.ts';
import { CsvBytes } from '../domain/batches/csv-bytes.ts';
import { type CsvDelimiter, type CsvShape, separatorLineBytes, takeSeparatorLine } from '../domain/batches/csv-head.ts';
import { csvEmpty, csvError, fileTooLarge, notCsv, parserError, tooManyColumns, tooManyRows } from './csv-errors.ts';

export type CsvLimits = {
  bytes: number;
  /** Data rows. */
  rows: number;
  columns: number;
  /** Of one row, line breaks in quotes included. */
  lineBytes: number;
};

/** One data row: `row` counts from 1, `line` is where it begins in the file. */
export type CsvRow = { row: number; line: number; cells: string[] };

/** The parser works on so many bytes at a time; between two of them the process does other things. */
const parsedAtOnce = 16 * 1024;

/**
 * Reads the rows of a CSV as it comes, without ever holding more of it than 16 kB or one row. UTF-8 with or without a byte order
 * mark; comma, semicolon or tab; CRLF, LF and CR, mixed too; quoted line breaks; rows without content are passed over.
 *
 * @param chunks the file; what it throws is thrown on
 * @param layout as `checkCsv` found it
 * @throws AppError that names line and limit: `too-large` above the limits of bytes and rows, else `invalid`
 */
export function readCsv(
  chunks: AsyncIterable<Uint8Array>,
  limits: CsvLimits,
  layout: CsvLayout,
): AsyncGenerator<CsvRow, void> {
  const slices = csvSlices(chunks, { limitBytes: limits.bytes, sliceBytes: parsedAtOnce });
  return dataRows(recordsOf(slices, layout, limits), layout, limits);
}

/**
 * Reads what the columns are called and, where that is not enough, what their first rows hold.
 *
 * @param begin the file up to the end of a record: of the first that has content, or a few more
 */
export async function readCsvLayout(begin: Buffer, shape: CsvShape, limits: CsvLimits): Promise<CsvLayout> {
  const records: string[][] = [];
  for await (const { cells } of recordsOf(Readable.from([begin]), shape, limits)) records.push(cells);
  const [first, ...rows] = records;
  if (first === undefined) throw csvEmpty();
  return layoutOf(first, rows, shape);
}

type Slicing = {
  limitBytes: number;
  sliceBytes: number;
  /** Is told the delimiter that the file itself names, before its first piece. */
  onNamed?: (delimiter: CsvDelimiter) => void;
};

/**
 * Passes the bytes on in small pieces, once they were looked at, but for a first line that names the delimiter; between two of them the
 * process does other things.
 */
export async function* csvSlices(
  chunks: AsyncIterable<Uint8Array>,
  { limitBytes, sliceBytes, onNamed = () => undefined }: Slicing,
): AsyncGenerator<Buffer, void> {
  const bytes = new CsvBytes();
  let sizeBytes = 0;
  for await (const chunk of pastSeparatorLine(chunks, onNamed)) {
    sizeBytes += chunk.length;
    if (sizeBytes > limitBytes) throw fileTooLarge(limitBytes);
    for (let at = 0; at < chunk.length; at += sliceBytes) {
      const slice = Buffer.from(chunk.buffer, chunk.byteOffset + at, Math.min(sliceBytes, chunk.length - at));
      const problem = bytes.next(slice);
      if (problem !== null) throw notCsv(problem);
      yield slice;
      await turn();
    }
  }
  const problem = bytes.end();
  if (problem !== null) throw notCsv(problem);
}

async function* pastSeparatorLine(
  chunks: AsyncIterable<Uint8Array>,
  onNamed: (delimiter: CsvDelimiter) => void,
): AsyncGenerator<Uint8Array, void> {
  const past = (bytes: Buffer): Buffer => {
    const { named, rest } = takeSeparatorLine(bytes);
    if (named !== null) onNamed(named);
    return rest;
  };
  let begin: Buffer | null = Buffer.alloc(0);
  for await (const chunk of chunks) {
    if (begin === null) {
      yield chunk;
      continue;
    }
    begin = Buffer.concat([begin, chunk]);
    if (begin.length < separatorLineBytes) continue;
    yield past(begin);
    begin = null;
  }
  if (begin !== null) yield past(begin);
}

type Raw = { line: number; cells: string[] };

/** Every record of the file, the header included, with the line that it begins in. */
async function* recordsOf(
  source: AsyncIterable<Buffer>,
  { delimiter }: CsvShape,
  limits: CsvLimits,
): AsyncGenerator<Raw, void> {
  // Lines that the rows so far take up; empty ones between them are counted by the parser.
  let takenLines = 0;
  let emptyLines = 0;
  // Called as soon as a row is read: an error that follows throws away rows that wait to be taken, so that the first must come from here.
  const takeRecord = (cells: string[], { empty_lines }: { empty_lines: number }): Raw => {
    emptyLines = empty_lines;
    const line = takenLines + emptyLines + 1;
    takenLines += 1 + cells.reduce((sum, cell) => sum + (cell.match(/\r\n?|\n/g)?.length ?? 0), 0);
    if (cells.length > limits.columns) throw tooManyColumns(line, cells.length, limits.columns);
    return { line, cells };
  };
  const parser = parse({
    bom: true,
    // NUL bytes are refused before, so that nothing is parted by them.
    delimiter: delimiter ?? '\0',
    record_delimiter: ['\r\n', '\n', '\r'],
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    max_record_size: limits.lineBytes,
    // By its types it may give another shape only with the option `columns`.
    on_record: takeRecord as unknown as NonNullable<Options['on_record']>,
  });
  const feeding = pipeline(Readable.from(source), parser);
  feeding.catch(() => undefined); // whoever reads the parser gets the error
  try {
    for await (const { line, cells } of parser as AsyncIterable<Raw>) {
      if (cells.some((cell) => cell.trim() !== '')) yield { line, cells };
    }
  } catch (error) {
    throw parserError(error, takenLines + emptyLines + 1, limits);
  } finally {
    parser.destroy();
  }
}

function layoutOf(first: readonly string[], rows: string[][], { delimiter, hasHeader }: CsvShape): CsvLayout {
  if (!hasHeader && delimiter !== null) {
    const detail = `The first line has ${first.length} columns and does not name them; put a line before it that does, such as url and file`;
    throw csvError('csv_no_header', detail);
  }
  const columns = namedColumns(first, rows).map((column) => ({ ...column, field: null }));
  return layoutFor({ delimiter, hasHeader, columns }, { hasTargets: false, shared: new Set() });
}

/**
 * Returns what a file's columns mean to this batch, by their names.
 *
 * @throws AppError `invalid` when none is known, or two are one field
 */
export function layoutFor(layout: CsvLayout, reading: { hasTargets: boolean; shared: ReadonlySet<string> }): CsvLayout {
  if (!layout.hasHeader) return { ...layout, columns: [{ name: 'url', field: reading.hasTargets ? 'target' : 'url' }] };
  const found = columnsOf(layout.columns, reading);
  if ('problem' in found) throw csvError(found.problem.code, found.problem.detail);
  return { ...layout, columns: found.columns };
}

async function* dataRows(
  records: AsyncIterable<Raw>,
  { hasHeader }: CsvLayout,
  limits: CsvLimits,
): AsyncGenerator<CsvRow, void> {
  let row = hasHeader ? -1 : 0;
  for await (const { line, cells } of records) {
    row++;
    if (row === 0) continue;
    if (row > limits.rows) throw tooManyRows(line, limits.rows);
    yield { row, line, cells };
  }
}
