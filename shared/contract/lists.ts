import { z } from 'zod';
import { AppError, type FieldError, shortened } from '../errors.ts';
import { cursorOf, pageLimit, type Reader, wordOf } from './parameters.ts';
import { workStatusSchema } from './render-answer.ts';

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

/** The list, by its name, and the order that a cursor belongs to. */
export type CursorScope = { list: string; order: ListQuery['order'] };

/** Writes where a page ended as an opaque cursor, which holds for this list and order only when they are named. */
export function writeCursor({ createdAt, id }: ListPosition, scope?: CursorScope): string {
  return Buffer.from([createdAt, id, ...(scope ? [scope.list, scope.order] : [])].join(' ')).toString('base64url');
}

/** Reads what `writeCursor` wrote; null for anything else. */
export function readCursor(cursor: string): (ListPosition & { scope: CursorScope | null }) | null {
  const text = Buffer.from(cursor, 'base64url').toString();
  const match = /^(\d{1,15}) ([\w-]{1,128})(?: (\w{1,32}) (newest-first|oldest-first))?$/.exec(text);
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

/** Returns why a cursor does not fit this list in this order, or null. */
function misplaced(scope: CursorScope | null, wanted: CursorScope): { code: string; detail: string } | null {
  if (scope?.list !== wanted.list) {
    const detail = `cursor must be the nextCursor of an earlier page of this list, and is one of another`;
    return { code: 'cursor_of_other_list', detail };
  }
  if (scope.order === wanted.order) return null;
  const detail = `cursor must be the nextCursor of an earlier page in this order, and was written for the other sort`;
  return { code: 'cursor_of_other_sort', detail };
}

/**
 * Reads the query of a list: `limit` (1…200, default 50), `sort`, `cursor`, and `status` where `withStatus`.
 *
 * @param list the list's name: its cursors hold for no other, and for one order only
 * @throws AppError `invalid` that names every parameter that is wrong, unknown or given twice
 */
export function parseListQuery(
  query: Record<string, string | string[]>,
  { withStatus, list }: { withStatus: boolean; list?: string },
): ListQuery {
  const known: Record<string, Reader> = withStatus ? workListReaders : listReaders;
  const values: Record<string, unknown> = {};
  const details: FieldError[] = [];
  const wrong = (name: string, code: string, detail: string, received: unknown): void => {
    details.push({ in: 'query', pointer: null, name, code, detail, received: shortened(received) });
  };
  for (const [name, text] of Object.entries(query)) {
    const reader = Object.hasOwn(known, name) ? known[name] : undefined;
    if (reader === undefined) {
      const accepted = Object.keys(known).join(', ');
      wrong(name, 'unknown_field', `${name} is not known here; accepted are ${accepted}`, undefined);
    } else if (Array.isArray(text))
      wrong(name, 'given_twice', `${name} is given ${text.length} times; once is accepted`, text);
    else {
      const read = reader(text);
      if ('value' in read) values[name] = read.value;
      else wrong(name, `invalid_${name}`, `${name} must be ${read.accepted}`, text);
    }
  }
  const order = orders[(values.sort as keyof typeof orders | undefined) ?? '-createdAt'];
  const cursor = values.cursor as ReturnType<typeof readCursor> | undefined;
  const other = cursor && list !== undefined ? misplaced(cursor.scope, { list, order }) : null;
  if (other) wrong('cursor', other.code, other.detail, query.cursor);
  if (details.length > 0)
    throw new AppError('invalid', 'invalid_request', details.map(({ detail }) => detail).join('; '), { details });
  return {
    limit: (values.limit as number | undefined) ?? 50,
    order,
    after: cursor ? { createdAt: cursor.createdAt, id: cursor.id } : null,
    status: (values.status as ListQuery['status'] | undefined) ?? null,
  };
}
