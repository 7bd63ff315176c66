import { type CodeStatus, codeStatuses } from '../domain/code-status.ts';
import { queryWords } from '../domain/search-words.ts';
import { acceptedSlug, normaliseSlug } from '../domain/slug.ts';
import { mostNameCharacters, mostTagCharacters } from './code-fields.ts';
import {
  acceptedCursor,
  cursorOf,
  inQuery,
  pageLimit,
  reader,
  readParameters,
  textUpTo,
  wordOf,
} from './parameters.ts';
import type { Query } from './render-query.ts';
import { invalidRequest } from './zod-problems.ts';

export const codeSorts = ['createdAt', 'updatedAt', 'scanCount', 'lastScannedAt', 'title'] as const;
export type CodeSort = (typeof codeSorts)[number];

/** Where a page of codes ended: the last row's value of what they are sorted by, and its id. */
export type CodePosition = { value: string | number | null; id: string };

export type CodeListRequest = {
  limit: number;
  sort: CodeSort;
  descending: boolean;
  after: CodePosition | null;
  /** Of the search text; each must begin a word of the code. */
  words: string[];
  tag: string | null;
  status: CodeStatus | null;
  slug: string | null;
  externalId: string | null;
  batchId: string | null;
};

type Order = { sort: CodeSort; descending: boolean };

const sorts = codeSorts.flatMap((sort) => [sort, `-${sort}`] as const);

function orderOf(text: (typeof sorts)[number]): Order {
  return { sort: text.replace(/^-/, '') as CodeSort, descending: text.startsWith('-') };
}

function nameOf({ sort, descending }: Order): string {
  return descending ? `-${sort}` : sort;
}

/** Writes where a page ended as an opaque cursor, which holds for this order only. */
export function writeCodeCursor(order: Order, { value, id }: CodePosition): string {
  return Buffer.from(JSON.stringify([nameOf(order), value, id])).toString('base64url');
}

type Cursor = { order: string } & CodePosition;

function readCursor(text: string): Cursor | null {
  const parts = parsedJson(Buffer.from(text, 'base64url').toString());
  if (!Array.isArray(parts) || parts.length !== 3) return null;
  const [order, value, id] = parts as unknown[];
  const isOrder = typeof order === 'string' && (sorts as readonly string[]).includes(order);
  const isValue = value === null || typeof value === (order === 'title' || order === '-title' ? 'string' : 'number');
  const isId = typeof id === 'string' && /^[\w-]{1,128}$/.test(id);
  if (!isOrder || !isValue || !isId) return null;
  return { order, value: value as string | number | null, id };
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const acceptedSearch = `text of at most ${mostNameCharacters} characters, with a letter or digit in it`;

/** The parameters of the list of codes. */
export const codeListReaders = {
  limit: pageLimit,
  sort: wordOf(sorts),
  cursor: cursorOf(readCursor),
  q: reader<string[]>({ type: 'string', maxLength: mostNameCharacters, description: acceptedSearch }, (text) => {
    const words = text.length > mostNameCharacters ? [] : queryWords(text);
    return words.length > 0 ? { value: words } : { accepted: acceptedSearch };
  }),
  tag: textUpTo(mostTagCharacters),
  status: wordOf(codeStatuses),
  slug: reader<string>({ type: 'string', minLength: 3, maxLength: 64, description: acceptedSlug }, (text) => {
    const slug = normaliseSlug(text);
    return slug === null ? { accepted: 'a slug, in any case' } : { value: slug };
  }),
  externalId: textUpTo(mostNameCharacters),
  batchId: textUpTo(128),
};

/**
 * Reads the query of GET /v1/codes: the newest first and fifty of them unless it says otherwise.
 *
 * @throws AppError `invalid`, `invalid_request`, that names every parameter that is wrong, unknown or given twice, and a
 *   cursor that was written for another order
 */
export function parseCodeList(query: Query): CodeListRequest {
  const { values, problems } = readParameters(query, codeListReaders);
  const { sort = '-createdAt', cursor = null } = values;
  const order = orderOf(sort);
  if (cursor !== null && cursor.order !== nameOf(order)) {
    const accepted = `${acceptedCursor} in this order, ${sort}; it was written for sort=${cursor.order}`;
    problems.push({ path: ['cursor'], code: 'cursor_of_other_sort', accepted, received: query.cursor });
  }
  if (problems.length > 0) throw invalidRequest(problems, inQuery);
  return {
    limit: values.limit ?? 50,
    ...order,
    after: cursor && { value: cursor.value, id: cursor.id },
    words: values.q ?? [],
    tag: values.tag ?? null,
    status: values.status ?? null,
    slug: values.slug ?? null,
    externalId: values.externalId ?? null,
    batchId: values.batchId ?? null,
  };
}

export type HistoryRequest = { limit: number; before: { version: number; from: number } | null };

/** Writes where a page of a code's history ended: its oldest version, and since when that led; it holds for this code only. */
export function writeHistoryCursor({ version, from }: { version: number; from: number }, codeId: string): string {
  return Buffer.from(`${version} ${from} ${codeId}`).toString('base64url');
}

type HistoryCursor = { version: number; from: number; codeId: string };

/** The parameters of a code's history. */
export const historyReaders = {
  limit: pageLimit,
  cursor: cursorOf<HistoryCursor>((text) => {
    const match = /^(\d{1,10}) (\d{1,15}) ([\w-]{1,128})$/.exec(Buffer.from(text, 'base64url').toString());
    return match && { version: Number(match[1]), from: Number(match[2]), codeId: String(match[3]) };
  }),
};

/** Reads the query of GET /v1/codes/:id/history. @throws AppError `invalid`, `invalid_request` */
export function parseHistoryQuery(query: Query, codeId: string): HistoryRequest {
  const { values, problems } = readParameters(query, historyReaders);
  const { limit = 50, cursor = null } = values;
  if (cursor !== null && cursor.codeId !== codeId) {
    const accepted = `${acceptedCursor} of this code's history`;
    problems.push({ path: ['cursor'], code: 'cursor_of_other_list', accepted, received: query.cursor });
  }
  if (problems.length > 0) throw invalidRequest(problems, inQuery);
  return { limit, before: cursor && { version: cursor.version, from: cursor.from } };
}
