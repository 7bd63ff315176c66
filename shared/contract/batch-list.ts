import { cursorOf, inQuery, pageLimit, readParameters, wordOf } from './parameters.ts';
import { workStatusSchema } from './render-answer.ts';
import type { Query } from './render-query.ts';
import { invalidRequest } from './zod-problems.ts';

export type BatchRowsQuery = { limit: number; after: number; status: (typeof workStatusSchema.options)[number] | null };

/** Writes where a page of rows ended as an opaque cursor. */
export function writeRowCursor(row: number): string {
  return Buffer.from(`row ${row}`).toString('base64url');
}

/** The parameters of a list of rows. */
export const batchRowsReaders = {
  limit: pageLimit,
  cursor: cursorOf((text) => {
    const row = /^row (\d{1,7})$/.exec(Buffer.from(text, 'base64url').toString())?.[1];
    return row === undefined ? null : Number(row);
  }),
  status: wordOf(workStatusSchema.options),
};

/**
 * Reads the query of a batch's rows: `limit` (1…200, default 50), `cursor`, `status`. Rows come in their order.
 *
 * @throws AppError `invalid` that names every parameter that is wrong, unknown or given twice
 */
export function parseBatchRows(query: Query): BatchRowsQuery {
  const { values, problems } = readParameters(query, batchRowsReaders);
  if (problems.length > 0) throw invalidRequest(problems, inQuery);
  return { limit: values.limit ?? 50, after: values.cursor ?? 0, status: values.status ?? null };
}
