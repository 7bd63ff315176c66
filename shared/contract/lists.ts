import { z } from 'zod';
import { acceptedCursor, cursorOf, inQuery, pageLimit, readParameters, textUpTo, wordOf } from './parameters.ts';
import { workStatusSchema } from './render-answer.ts';
import type { Query } from './render-query.ts';
import { invalidRequest } from './zod-problems.ts';

/** The shape of every list answer. */
export function listAnswerSchema<Item extends z.ZodType>(item: Item) {
  return z.object({ data: z.array(item), nextCursor: z.string().nullable() });
}

export type ListPosition = { createdAt: number; id: string };

export type ListQuery = {
  limit: number;
  order: 'newest-first' | 'oldest-first';
  after: ListPosition | null;
  status: z.infer<typeof workStatusSchema> | null;
};

/** The list, by its name or by the id of what it belongs to, and the order that a cursor belongs to. */
export type CursorScope = { list: string; order: ListQuery['order'] };

/** Writes where a page ended as an opaque cursor, which holds for this list and order only when they are named. */
export function writeCursor({ createdAt, id }: ListPosition, scope?: CursorScope): string {
  return Buffer.from([createdAt, id, ...(scope ? [scope.list, scope.order] : [])].join(' ')).toString('base64url');
}

/** Reads what `writeCursor` wrote; null for anything else. */
export function readCursor(cursor: string): (ListPosition & { scope: CursorScope | null }) | null {
  const text = Buffer.from(cursor, 'base64url').toString();
  const match = /^(\d{1,15}) ([\w-]{1,128})(?: ([\w-]{1,128}) (newest-first|oldest-first))?$/.exec(text);
  if (match === null) return null;
  const [, createdAt, id, list, order] = match;
  const scope = list === undefined ? null : { list, order: order as ListQuery['order'] };
  return { createdAt: Number(createdAt), id: String(id), scope };
}

const orders = { createdAt: 'oldest-first', '-createdAt': 'newest-first' } as const;

/** The parameters of a list. */
export const listReaders = {
  limit: pageLimit,
  sort: wordOf(['createdAt', '-createdAt']),
  cursor: cursorOf(readCursor),
};

/** The same, where its items have a status of work. */
export const workListReaders = { ...listReaders, status: wordOf(workStatusSchema.options) };

/** The parameters of a list of deliveries. */
export const deliveryListReaders = { ...workListReaders, resourceId: textUpTo(128) };

/** The parameters of a list of keys. */
export const keyListReaders = { ...listReaders, tenantId: textUpTo(128) };

const allReaders = { ...deliveryListReaders, ...keyListReaders };

/** Returns why a cursor does not fit this list in this order, or null. */
export function misplaced(scope: CursorScope | null, wanted: CursorScope): { code: string; accepted: string } | null {
  if (scope?.list !== wanted.list)
    return { code: 'cursor_of_other_list', accepted: `${acceptedCursor} of this list; that of another` };
  if (scope.order === wanted.order) return null;
  return { code: 'cursor_of_other_sort', accepted: `${acceptedCursor} in this order; that of the other sort` };
}

/** @throws AppError `invalid` that names every parameter that is wrong, unknown or given twice */
function readListQuery(
  query: Query,
  readers: Partial<typeof allReaders>,
  list?: string,
): ListQuery & { resourceId: string | null; tenantId: string | null } {
  const { values, problems } = readParameters(query, readers as typeof allReaders);
  const order = orders[values.sort ?? '-createdAt'];
  const { cursor, limit = 50, status = null, resourceId = null, tenantId = null } = values;
  const other = cursor && list !== undefined ? misplaced(cursor.scope, { list, order }) : null;
  if (other) problems.push({ path: ['cursor'], ...other, received: query.cursor });
  if (problems.length > 0) throw invalidRequest(problems, inQuery);
  const after = cursor ? { createdAt: cursor.createdAt, id: cursor.id } : null;
  return { limit, order, after, status, resourceId, tenantId };
}

/**
 * Reads the query of a list: `limit` (1…200, default 50), `sort`, `cursor`, and `status` where `withStatus`.
 *
 * @param list the list's name: its cursors hold for no other, and for one order only
 * @throws AppError `invalid` that names every parameter that is wrong, unknown or given twice
 */
export function parseListQuery(query: Query, { withStatus, list }: { withStatus: boolean; list?: string }): ListQuery {
  const {
    resourceId: _,
    tenantId: __,
    ...page
  } = readListQuery(query, withStatus ? workListReaders : listReaders, list);
  return page;
}

/** Reads the query of a list of deliveries: that of a list of work, and `resourceId`. Throws like `parseListQuery`. */
export function parseDeliveryQuery(query: Query): ListQuery & { resourceId: string | null } {
  const { tenantId: _, ...page } = readListQuery(query, deliveryListReaders, 'deliveries');
  return page;
}

/** Reads the query of a list of keys: that of a list, and `tenantId`. Throws like `parseListQuery`. */
export function parseKeyListQuery(query: Query): Omit<ListQuery, 'status'> & { tenantId: string | null } {
  const { resourceId: _, status: __, ...page } = readListQuery(query, keyListReaders, 'keys');
  return page;
}
