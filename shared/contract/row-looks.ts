import { tableValue } from './batch-cells.ts';
import { specFields } from './render-query.ts';
import type { Cells, RowRules } from './row-input.ts';

/** Columns of a row's logo, and what its fields are called in a body. */
export const logoFields: ReadonlyMap<string, string> = new Map([
  ['logoId', 'id'],
  ['logoRatio', 'ratio'],
]);

/** Reads spec and logo of a row, or of the request where the row has none. */
export function looksOf(cells: Cells, { shared }: RowRules): Record<string, unknown> {
  const looks: Record<string, unknown> = {};
  const logo: Record<string, unknown> = {};
  for (const field of [...specFields, ...logoFields.keys()]) {
    const text = cells.get(field)?.[0] ?? shared[field];
    if (text === undefined) continue;
    const logoField = logoFields.get(field);
    if (logoField === undefined) looks[field] = tableValue(field, text);
    else logo[logoField] = tableValue(field, text);
  }
  // A ratio for every row is no logo for every row.
  return 'id' in logo || cells.has('logoRatio') ? { ...looks, logo } : looks;
}
