import type { CsvError } from 'csv-parse';
import type { ByteProblem } from '../domain/batches/csv-bytes.ts';
import { AppError, type ErrorKind } from '../errors.ts';

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

export function csvEmpty(): AppError {
  return csvError('csv_empty', 'The file is empty; it must be a CSV with a header and a row for each code');
}

/** Says that the file is over its limit. */
export function fileTooLarge(limitBytes: number): AppError {
  const detail = `The file is larger than ${limitBytes} bytes, the most that is accepted`;
  return csvError('csv_too_large', detail, 'too-large', { Connection: 'close' });
}

export function tooManyRows(line: number, limit: number): AppError {
  const detail = `Line ${line}: the file has more than ${limit} rows, the most that is accepted`;
  return csvError('csv_too_many_rows', detail, 'too-large', { Connection: 'close' });
}

export function lineTooLong(line: number, limitBytes: number): AppError {
  const detail = `Line ${line}: the row that begins here is longer than ${limitBytes} bytes, the most that is accepted; perhaps a quote is not closed`;
  return csvError('csv_line_too_long', detail);
}

export function quoteNotClosed(line: number): AppError {
  const detail = `Line ${line}: a quote in the row that begins here is not closed before the end of the file`;
  return csvError('csv_quote_not_closed', detail);
}

/** Translates what the parser throws while it reads the row that begins in `line`; other errors are given back. */
export function parserError(error: unknown, line: number, { lineBytes }: { lineBytes: number }): unknown {
  const code = (error as CsvError).code as string | undefined;
  if (code === 'CSV_MAX_RECORD_SIZE') return lineTooLong(line, lineBytes);
  if (code === 'CSV_QUOTE_NOT_CLOSED') return quoteNotClosed(line);
  if (code?.startsWith('CSV_'))
    return csvError('csv_malformed', `Line ${line}: the row that begins here cannot be read`, 'invalid', {}, error);
  return error;
}

export function tooManyColumns(line: number, columns: number, limit: number): AppError {
  const detail = `Line ${line} has ${columns} columns; ${limit} are the most that is accepted`;
  return csvError('csv_too_many_columns', detail);
}

const byteProblems: Record<ByteProblem['code'], (line: number) => string> = {
  csv_workbook: () =>
    'The file is a workbook of Excel, LibreOffice or Numbers, or another ZIP; it must be a CSV: save it as "CSV UTF-8"',
  csv_utf16: () => 'The file is in UTF-16; it must be in UTF-8: save it as "CSV UTF-8"',
  csv_nul: (line) => `Line ${line} has a NUL byte; the file must be a CSV in UTF-8`,
  csv_not_utf8: (line) => `Line ${line} is not in UTF-8; save the file as "CSV UTF-8"`,
};

export function notCsv({ code, line }: ByteProblem): AppError {
  return csvError(code, byteProblems[code](line));
}
