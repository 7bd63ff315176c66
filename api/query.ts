import { AppError, type FieldError, type Nearest, shortened } from '../shared/errors.ts';
import type { ApiContext } from './deps.ts';

export type Query = Record<string, string | string[]>;

type Reading = {
  /** Whether `+` is a space, as in HTML forms; a plus sign otherwise. */
  plusIsSpace?: boolean;
  charset?: 'utf-8' | 'iso-8859-1';
};

/**
 * Reads the query strictly: what cannot be decoded is refused instead of being encoded into a symbol as something else.
 *
 * @throws AppError `malformed` for a stray `%` and for bytes that are not of the charset
 */
export function readQuery(ctx: ApiContext, { plusIsSpace = true, charset = 'utf-8' }: Reading = {}): Query {
  const query: Query = Object.create(null) as Query;
  for (const pair of ctx.querystring.split('&')) {
    if (pair === '') continue;
    const split = pair.indexOf('=');
    const nameAsCame = split < 0 ? pair : pair.slice(0, split);
    const text = (part: string): string => {
      const decoded = decode(plusIsSpace ? part.replaceAll('+', ' ') : part, charset);
      if (decoded === null) throw undecodable(nameAsCame, part);
      return decoded;
    };
    const name = text(nameAsCame);
    const value = split < 0 ? '' : text(pair.slice(split + 1));
    const earlier = query[name];
    if (earlier === undefined) query[name] = value;
    else if (Array.isArray(earlier)) earlier.push(value);
    else query[name] = [earlier, value];
  }
  return query;
}

/** Null for a stray `%` and for bytes that are not of the charset. */
function decode(text: string, charset: 'utf-8' | 'iso-8859-1'): string | null {
  if (!text.includes('%')) return text;
  try {
    if (charset === 'utf-8') return decodeURIComponent(text);
    return text.replaceAll(/%(..?)?/g, (triple) => String.fromCharCode(byteOf(triple)));
  } catch {
    return null;
  }
}

function undecodable(parameter: string, part: string): AppError {
  const code = 'malformed_query';
  const detail = 'The query cannot be decoded: a % must begin an escape like %20, and the bytes must be UTF-8';
  const name = shortened(parameter) ?? null;
  return new AppError('malformed', code, detail, {
    details: [{ in: 'query', pointer: null, name, code, detail, received: shortened(part) }],
  });
}

function byteOf(triple: string): number {
  if (!/^%[0-9a-f]{2}$/i.test(triple)) throw new URIError(triple);
  return Number.parseInt(triple.slice(1), 16);
}

/** Names the parameter in whose value a spec's fields came, by JSON pointer; longer pointers go first. */
export type ParameterNames = Record<string, string>;

/** Writes a value of a spec's field as the parameter that means it, `chs=300x300`; null when the dialect cannot say it. */
export type Spell = (nearest: Nearest, query: Query) => string | null;

/** Adds to a detail that names values how they are spelt here, or says it instead where a dialect needs another number. */
function spelt({ detail, nearest = [] }: FieldError, query: Query, spell: Spell | undefined): string {
  if (spell === undefined || nearest.length === 0) return detail;
  const parameters = nearest.map((each) => spell(each, query));
  if (parameters.some((parameter) => parameter === null)) return detail;
  const here = parameters.join('&');
  const [{ value } = { value: null }] = nearest;
  if (typeof value === 'number' && !here.includes(String(value)))
    return detail.replace(`that works: ${value}.`, `that works: ${here}.`);
  return `${detail} That is ${here} here.`;
}

/**
 * Tells an error about a spec's fields (JSON pointers) in the names of the query's parameters.
 *
 * @param spell spells the values that work, where parameters have other units and forms than the spec
 */
export function inTermsOfQuery(error: unknown, names: ParameterNames, query: Query, spell?: Spell): unknown {
  if (!(error instanceof AppError) || error.details.every((detail) => detail.in !== 'body')) return error;
  const details = error.details.map((detail): FieldError => {
    if (detail.in !== 'body' || detail.pointer === null) return detail;
    const { pointer } = detail;
    const known = Object.keys(names).find((prefix) => pointer === prefix || pointer.startsWith(`${prefix}/`));
    const name = known === undefined ? (pointer.split('/').at(-1) ?? pointer) : (names[known] as string);
    const text = spelt(detail, query, spell);
    return { ...detail, detail: text, in: 'query', pointer: null, name, received: shortened(query[name]) };
  });
  const { kind, code, message, retryAfterS, headers, cause } = error;
  const told = details.reduce(
    (words, { detail }, index) => words.replace(error.details[index]?.detail ?? detail, () => detail),
    message,
  );
  return new AppError(kind, code, told, {
    details,
    headers,
    cause,
    ...(retryAfterS === null ? {} : { retryAfterS }),
  });
}
