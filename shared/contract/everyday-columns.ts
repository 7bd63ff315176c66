import type { BatchMode } from '../domain/batches/batch-mode.ts';
import { headRecords } from '../domain/batches/csv-scan.ts';
import type { CsvLayout } from './batch-columns.ts';
import { isContentType, tellingFields } from './flat-fields.ts';

/** So many rows of a file decide what its everyday columns mean. */
const sampleRows = headRecords - 1;

/** What an everyday name means here, and whether a cell may have been meant so, right or wrong. */
type Everyday = { field: string; kind: string; isMeant: (cell: string) => boolean };

const matches =
  (pattern: RegExp) =>
  (cell: string): boolean =>
    pattern.test(cell);
const number = { kind: 'a number', isMeant: matches(/^[+-]?\d+([.,]\d+)?\s*(px)?$/i) };
const colour = {
  field: 'foreground',
  kind: 'a hexadecimal colour',
  isMeant: matches(/^(#.*|(rgb|hsl)a?\s*\(.*|([0-9a-f]{3,4}){1,2})$/i),
};
const image = { kind: 'an image format', isMeant: matches(/^(png|svg|jpe?g|gif|webp|bmp|tiff?|pdf|eps)$/i) };

/** Names of options, plain, that are also words of every shop's list. */
const everydayNames: Readonly<Record<string, Everyday>> = {
  size: { field: 'size', ...number },
  width: { field: 'size', ...number },
  margin: { field: 'margin', ...number },
  format: { field: 'format', ...image },
  color: colour,
  colour,
  type: { field: 'type', kind: 'a content type', isMeant: (cell) => isContentType(cell.toLowerCase()) },
};

/** Fields that tell the type of content by themselves. */
const telling = new Set<string>(tellingFields.map(([field]) => field).filter((field) => field !== 'data'));

/**
 * Tells which columns are a shop's own although an option is called so: their first rows hold something, and nothing that could have
 * been meant for the option. A column `type` is one only where other columns tell what is encoded.
 *
 * @param columns plain names, and the fields that they would fill
 * @param rows the first of the file
 * @returns the option that each of them is not, by its place
 */
export function ownColumns(
  columns: readonly { plain: string; field: string | null }[],
  rows: readonly (readonly string[])[],
): Map<number, string> {
  const tells = columns.some(({ field }) => telling.has(field ?? ''));
  const own = new Map<number, string>();
  for (const [index, { plain }] of columns.entries()) {
    const everyday = Object.hasOwn(everydayNames, plain) ? everydayNames[plain] : undefined;
    if (everyday === undefined || (everyday.field === 'type' && !tells)) continue;
    const cells = rows.map((row) => (row[index] ?? '').trim()).filter((cell) => cell !== '');
    if (cells.length > 0 && !cells.some(everyday.isMeant)) own.set(index, everyday.field);
  }
  return own;
}

const optionsOf: Record<BatchMode, readonly string[]> = {
  static: ['size', 'margin', 'format', 'foreground', 'type'],
  dynamic: ['size', 'margin', 'format', 'foreground'],
  retarget: [],
};

/** Says which columns of a batch's file were not taken for the options that are called so. */
export function columnWarnings({ columns }: CsvLayout, mode: BatchMode): { code: string; detail: string }[] {
  const filled = new Set(columns.map(({ field }) => field));
  return columns.flatMap(({ name, notMeant }) => {
    if (notMeant === undefined || filled.has(notMeant) || !optionsOf[mode].includes(notMeant)) return [];
    const kind = Object.values(everydayNames).find(({ field }) => field === notMeant)?.kind;
    const detail = `The column "${name.slice(0, 40)}" is not taken for the option ${notMeant}, as none of its first ${sampleRows} rows has ${kind}; it goes into the manifest as it came`;
    return [{ code: 'column_not_an_option', detail }];
  });
}
