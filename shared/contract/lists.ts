import { z } from 'zod';
import { AppError, type FieldError, shortened } from '../errors.ts';
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

/** Writes where a page ended as an opaque cursor. */
export function writeCursor({ createdAt, id }: ListPosition): string {
  return Buffer.from(`${createdAt} ${id}`).toString('base64url');
}

function readCursor(cursor: string): ListPosition | null {
  const match = /^(\d{1,15}) ([\w-]{1,128})$/.exec(Buffer.from(cursor, 'base64url').toString());
  return match ? { createdAt: Number(match[1]), id: String(match[2]) } : null;
}

const orders = { createdAt: 'oldest-first', '-createdAt': 'newest-first' } as const;

type Read = { value: unknown } | { expected: string };

/** How each parameter of a list is read. */
const readers: Record<keyof ListQuery | 'cursor' | 'sort', ((text: string) => Read) | null> = {
  limit: (text) =>
    /^\d{1,3}$/.test(text) && Number(text) >= 1 && Number(text) <= 200
      ? { value: Number(text) }
      : { expected: 'a whole number from 1 to 200' },
  sort: (text) => (Object.hasOwn(orders, text) ? { value: text } : { expected: 'createdAt or -createdAt' }),
  cursor: (text) => {
    const position = readCursor(text);
    return position ? { value: position } : { expected: 'the nextCursor of an earlier page' };
  },
  status: (text) => {
    const status = workStatusSchema.safeParse(text);
    return status.success ? { value: status.data } : { expected: `one of ${workStatusSchema.options.join(', ')}` };
  },
  order: null,
  after: null,
};

/**
 * Reads the query of a list: `limit` (1…200, default 50), `sort`, `cursor`, and `status` where `withStatus`.
 *
 * @throws AppError `invalid` that names every parameter that is wrong, unknown or given twice
 */
export function parseListQuery(
  query: Record<string, string | string[]>,
  { withStatus }: { withStatus: boolean },
): ListQuery {
  const known = ['limit', 'sort', 'cursor', ...(withStatus ? ['status'] : [])];
  const values: Record<string, unknown> = {};
  const details: FieldError[] = [];
  const wrong = (name: string, code: string, detail: string, received: unknown): void => {
    details.push({ in: 'query', pointer: null, name, code, detail, received: shortened(received) });
  };
  for (const [name, text] of Object.entries(query)) {
    const reader = known.includes(name) ? readers[name as keyof typeof readers] : null;
    if (!reader) wrong(name, 'unknown_field', `${name} is not known here; accepted are ${known.join(', ')}`, text);
    else if (Array.isArray(text))
      wrong(name, 'given_twice', `${name} is given ${text.length} times; once is accepted`, text);
    else {
      const read = reader(text);
      if ('value' in read) values[name] = read.value;
      else wrong(name, `invalid_${name}`, `${name} must be ${read.expected}`, text);
    }
  }
  if (details.length > 0)
    throw new AppError('invalid', 'invalid_request', details.map(({ detail }) => detail).join('; '), { details });
  return {
    limit: (values.limit as number | undefined) ?? 50,
    order: orders[(values.sort as keyof typeof orders | undefined) ?? '-createdAt'],
    after: (values.cursor as ListPosition | undefined) ?? null,
    status: (values.status as ListQuery['status'] | undefined) ?? null,
  };
}
