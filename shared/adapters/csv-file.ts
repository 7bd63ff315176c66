import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate as turn } from 'node:timers/promises';
import { type CsvError, type Options, parse } from 'csv-parse';
import { type CsvLayout, columnsOf } from '../contract/batch-columns.ts';
import { type ByteProblem, CsvBytes } from '../domain/batches/csv-bytes.ts';
import { type CsvShape, headCharacters, shapeOfCsv } from '../domain/batches/csv-head.ts';
import { AppError, type ErrorKind } from '../errors.ts';

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

/** `rows` may be read once; it throws what `openCsv` throws. */
export type OpenCsv = { layout: CsvLayout; rows: AsyncGenerator<CsvRow, void> };

/** How a file is to be read: as an earlier reading found out, or by its own beginning. */
export type CsvReading = { layout: CsvLayout } | { hasTargets: boolean; shared: ReadonlySet<string> };

/** The parser works on so many bytes at a time; between two of them the process does other things. */
const sliceBytes = 16 * 1024;

/**
 * Reads a CSV as it comes, without ever holding more of it than its first 16 kB or one row. UTF-8 with or without a byte order
 * mark; comma, semicolon or tab; CRLF, LF and CR, mixed too; quoted line breaks; rows without content are passed over.
 *
 * @param chunks the file; what it throws is thrown on
 * @throws AppError that names line and limit: `too-large` above the limits of bytes and rows, else `invalid`
 */
export async function openCsv(
  chunks: AsyncIterable<Uint8Array>,
  limits: CsvLimits,
  reading: CsvReading,
): Promise<OpenCsv> {
  const source = slices(chunks, limits)[Symbol.asyncIterator]();
  const known = 'layout' in reading ? reading.layout : null;
  const head: Buffer[] = [];
  let isWhole = false;
  while (known === null && !isWhole && sizeOf(head) < headCharacters) {
    const next = await source.next();
    if (next.done) isWhole = true;
    else head.push(next.value);
  }
  const shape = known ?? shapeOfCsv(Buffer.concat(head).toString('utf8').slice(0, headCharacters), isWhole);
  const records = recordsOf(joined(head, source), shape, limits);
  if (known !== null) return { layout: known, rows: dataRows(records, known, limits) };
  const first = await records.next();
  if (first.done)
    throw csvError('csv_empty', 'The file is empty; it must be a CSV with a header and a row for each code');
  const layout = layoutOf(first.value.cells, shape, reading as Exclude<CsvReading, { layout: unknown }>);
  return { layout, rows: dataRows(withFirst(first.value, records), layout, limits) };
}

function sizeOf(buffers: readonly Buffer[]): number {
  return buffers.reduce((sum, { length }) => sum + length, 0);
}

async function* joined(head: Buffer[], rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer, void> {
  yield* head;
  yield* { [Symbol.asyncIterator]: () => rest };
}

async function* withFirst<Item>(first: Item, rest: AsyncIterable<Item>): AsyncGenerator<Item, void> {
  yield first;
  yield* rest;
}

/** Passes the bytes on in small pieces, once they were looked at. */
async function* slices(chunks: AsyncIterable<Uint8Array>, limits: CsvLimits): AsyncGenerator<Buffer, void> {
  const bytes = new CsvBytes();
  let sizeBytes = 0;
  for await (const chunk of chunks) {
    sizeBytes += chunk.length;
    if (sizeBytes > limits.bytes) throw fileTooLarge(limits.bytes);
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

/** Says that the file is over its limit. */
export function fileTooLarge(limitBytes: number): AppError {
  const detail = `The file is larger than ${limitBytes} bytes, the most that is accepted`;
  return csvError('csv_too_large', detail, 'too-large', { Connection: 'close' });
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
  // Called as soon as a row is read: an error that follows throws away rows that wait to be taken.
  const takeRecord = (cells: string[], { empty_lines }: { empty_lines: number }): Raw => {
    emptyLines = empty_lines;
    const line = takenLines + emptyLines + 1;
    takenLines += 1 + cells.reduce((sum, cell) => sum + (cell.match(/\r\n?|\n/g)?.length ?? 0), 0);
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
      if (cells.length > limits.columns) throw tooManyColumns(line, cells.length, limits);
      if (cells.some((cell) => cell.trim() !== '')) yield { line, cells };
    }
  } catch (error) {
    throw parserError(error, takenLines + emptyLines + 1, limits);
  } finally {
    parser.destroy();
  }
}

function parserError(error: unknown, line: number, { lineBytes }: CsvLimits): unknown {
  const code = (error as CsvError).code as string | undefined;
  if (code === 'CSV_MAX_RECORD_SIZE') {
    const detail = `Line ${line}: the row that begins here is longer than ${lineBytes} bytes, the most that is accepted; perhaps a quote is not closed`;
    return csvError('csv_line_too_long', detail);
  }
  if (code === 'CSV_QUOTE_NOT_CLOSED') {
    const detail = `Line ${line}: a quote in the row that begins here is not closed before the end of the file`;
    return csvError('csv_quote_not_closed', detail);
  }
  if (code?.startsWith('CSV_'))
    return csvError('csv_malformed', `Line ${line}: the row that begins here cannot be read`, 'invalid', {}, error);
  return error;
}

function tooManyColumns(line: number, columns: number, limits: CsvLimits): AppError {
  const detail = `Line ${line} has ${columns} columns; ${limits.columns} are the most that is accepted`;
  return csvError('csv_too_many_columns', detail);
}

function layoutOf(
  first: readonly string[],
  { delimiter, hasHeader }: CsvShape,
  { hasTargets, shared }: { hasTargets: boolean; shared: ReadonlySet<string> },
): CsvLayout {
  if (!hasHeader && delimiter !== null) {
    const detail = `The first line has ${first.length} columns and does not name them; put a line before it that does, such as url and file`;
    throw csvError('csv_no_header', detail);
  }
  const columns = first.map((name) => ({ name, field: null }));
  return layoutFor({ delimiter, hasHeader, columns }, { hasTargets, shared });
}

/**
 * Returns what a file's columns mean to this batch, by their names.
 *
 * @throws AppError `invalid` when none is known, or two are one field
 */
export function layoutFor(layout: CsvLayout, reading: { hasTargets: boolean; shared: ReadonlySet<string> }): CsvLayout {
  if (!layout.hasHeader) return { ...layout, columns: [{ name: 'url', field: reading.hasTargets ? 'target' : 'url' }] };
  const names = layout.columns.map(({ name }) => name);
  const found = columnsOf(names, reading);
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
    if (row > limits.rows) {
      const detail = `Line ${line}: the file has more than ${limits.rows} rows, the most that is accepted`;
      throw csvError('csv_too_many_rows', detail, 'too-large', { Connection: 'close' });
    }
    yield { row, line, cells };
  }
}

const byteProblems: Record<ByteProblem['code'], (line: number) => string> = {
  csv_utf16: () => 'The file is in UTF-16; it must be in UTF-8: save it as "CSV UTF-8"',
  csv_nul: (line) => `Line ${line} has a NUL byte; the file must be a CSV in UTF-8`,
  csv_not_utf8: (line) => `Line ${line} is not in UTF-8; save the file as "CSV UTF-8"`,
};

function notCsv({ code, line }: ByteProblem): AppError {
  return csvError(code, byteProblems[code](line));
}

/** Makes an error about the file as a whole. */
export function csvError(
  code: string,
  detail: string,
  kind: ErrorKind = 'invalid',
  headers: Record<string, string> = {},
  cause?: unknown,
): AppError {
  const details = [{ in: 'csv' as const, pointer: null, name: null, code, detail, received: null }];
  return new AppError(kind, code, detail, { details, headers, ...(cause === undefined ? {} : { cause }) });
}
