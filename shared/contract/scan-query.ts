import { botChoices, type ScanFilter, scanSources } from '../domain/scans/analytics.ts';
import { misplaced, readCursor } from './lists.ts';
import { cursorOf, inQuery, pageLimit, readParameters, wordOf } from './parameters.ts';
import type { Query } from './render-query.ts';
import { emptyRange, instantOf, timeOrDate } from './time-range.ts';
import { invalidRequest } from './zod-problems.ts';

const scanFormats = ['json', 'csv', 'ndjson'] as const;
export type ScanFormat = (typeof scanFormats)[number];

/** What of a code's ledger is asked for. An export (csv, ndjson) has every scan of the range, a JSON page at most `limit`. */
export type ScanQuery = {
  format: ScanFormat;
  limit: number;
  order: 'newest-first' | 'oldest-first';
  /** Ranges include `from`, exclude `to`. */
  from: number | null;
  to: number | null;
  filter: ScanFilter;
  after: { at: number; id: string } | null;
};

/** The parameters of a list or export of scans. */
export const scanReaders = {
  limit: pageLimit,
  cursor: cursorOf(readCursor),
  // A scan is made when it happens: the default of every list is a name for the same order.
  sort: wordOf(['at', '-at', 'createdAt', '-createdAt']),
  from: timeOrDate,
  to: timeOrDate,
  bots: wordOf(botChoices),
  source: wordOf(scanSources),
  format: wordOf(scanFormats),
};

/**
 * Reads the query of a code's scans: `limit` (1…200, default 50), `cursor`, `sort` (`at` or `createdAt`, default `-at`), `from`, `to` (RFC 3339, or
 * dates in UTC), `bots` (default include: this is the ledger), `source`, `format` (it beats `accepted`, the choice by Accept).
 *
 * @param accepted the format by Accept
 * @param codeId of the code whose scans they are
 * @throws AppError `invalid` that names every parameter that is wrong, unknown, given twice or without meaning in an export, and a
 *   cursor that was written for another code or order
 */
export function parseScanQuery(query: Query, accepted: ScanFormat, codeId: string): ScanQuery {
  const { values, problems } = readParameters(query, scanReaders);
  const format = values.format ?? accepted;
  if (format !== 'json') {
    for (const name of ['limit', 'cursor'])
      if (query[name] !== undefined)
        problems.push({
          path: [name],
          code: 'not_allowed',
          accepted: `absent with format ${format}`,
          received: query[name],
        });
  }
  const from = values.from === undefined ? null : instantOf(values.from, null);
  const to = values.to === undefined ? null : instantOf(values.to, null);
  if (from !== null && to !== null) problems.push(...emptyRange({ from, to }, values));
  const order = values.sort === 'at' || values.sort === 'createdAt' ? 'oldest-first' : 'newest-first';
  const { cursor = null } = values;
  const other = format === 'json' && cursor && misplaced(cursor.scope, { list: codeId, order });
  if (other) problems.push({ path: ['cursor'], ...other, received: query.cursor });
  if (problems.length > 0) throw invalidRequest(problems, inQuery);
  return {
    format,
    limit: values.limit ?? 50,
    order,
    from,
    to,
    filter: { bots: values.bots ?? 'include', source: values.source ?? null },
    after: cursor && { at: cursor.createdAt, id: cursor.id },
  };
}
