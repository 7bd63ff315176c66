import { AppError, type WorkError } from '../errors.ts';
import type { CsvLayout } from './batch-columns.ts';
import { contentFieldsOf, isContentType } from './flat-fields.ts';
import { specFields } from './render-query.ts';
import { rowErrorOf, wrongColumn } from './row-error.ts';
import type { Cells, RowInput, RowRules } from './row-input.ts';
import { logoFields } from './row-looks.ts';
import { readDynamic, readRetarget } from './rows-of-codes.ts';
import { readStatic, typeOf } from './static-row.ts';

/** `error` is null exactly when `input` is there. */
export type ReadRow = {
  name: string | null;
  /** As it stands in the file. */
  file: string | null;
  extra: [name: string, value: string][];
  input: RowInput | null;
  error: WorkError | null;
};

const codeOnly = ['slug', 'target', 'codeTitle', 'codeTags', 'externalId'];

const mostNameCharacters = 200;

/**
 * Reads one data row: its cells, and the request's shared fields where it has none of its own. Fields that the row's kind does
 * not have, and columns that nobody knows, are `extra`.
 *
 * @throws nothing for what stands in a row: that is its `error`, which names the column, what came and what is accepted
 */
export function readBatchRow(record: readonly string[], rules: RowRules): ReadRow {
  const { layout } = rules;
  const cells: Cells = new Map();
  const extra: ReadRow['extra'] = [];
  const columns = layout.columns.map(({ name, field }, index) => ({ name, field, value: record[index] ?? '' }));
  for (const { field, value } of columns) {
    if (field !== null && value.trim() !== '') cells.set(field, [...(cells.get(field) ?? []), value]);
  }
  const known = knownFields(cells, rules);
  for (const { name, field, value } of columns) if (field === null || !known.has(field)) extra.push([name, value]);
  const surplus = surplusOf(record, layout);
  extra.push(...surplus);
  const name = cells.get('name')?.[0]?.trim().slice(0, mostNameCharacters) ?? null;
  const file = cells.get('file')?.[0] ?? null;
  try {
    if (surplus.length > 0) throw tooManyCells(surplus, layout);
    return { name, file, extra, input: readInput(cells, rules), error: null };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { name, file, extra, input: null, error: rowErrorOf(error) };
  }
}

/** What stands behind the last column: a cell that holds the delimiter was not quoted, and which one cannot be told. */
function surplusOf(record: readonly string[], { columns }: CsvLayout): ReadRow['extra'] {
  return record
    .slice(columns.length)
    .map((value, index): [string, string] => [`column ${columns.length + index + 1}`, value])
    .filter(([, value]) => value.trim() !== '');
}

function tooManyCells(surplus: ReadRow['extra'], { columns, delimiter }: CsvLayout): AppError {
  const accepted = `empty, as the file has ${columns.length} columns: a cell that holds ${delimiter === '\t' ? 'a tab' : delimiter} must stand in quotes`;
  const [column = '', came] = surplus[0] ?? [];
  return wrongColumn(column, { code: 'too_many_cells', accepted }, came);
}

/** The fields that this row's kind has; other columns of these names are only somebody's notes. */
function knownFields(cells: Cells, rules: RowRules): Set<string> {
  const known = new Set(['name', 'file', ...specFields, ...logoFields.keys()]);
  // Which code it was stands in the manifest as it came: a row that failed has nothing else to tell it by.
  if (rules.mode === 'retarget') return new Set(['name', 'target']);
  if (rules.mode === 'dynamic') return new Set([...known, ...codeOnly]);
  const type = typeOf(cells, rules);
  for (const field of ['type', 'data', ...(isContentType(type) ? contentFieldsOf(type) : [])]) known.add(field);
  return known;
}

function readInput(cells: Cells, rules: RowRules): RowInput {
  switch (rules.mode) {
    case 'static':
      return readStatic(cells, rules);
    case 'dynamic':
      return readDynamic(cells, rules);
    case 'retarget':
      return readRetarget(cells, rules);
  }
}
