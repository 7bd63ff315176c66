import type { z } from 'zod';
import type { Query } from './render-query.ts';
import type { Place, Problem } from './zod-problems.ts';

/** What a parameter's text says, or what it must be in words that follow "must be". */
export type Read<Value> = { value: Value } | { accepted: string; nearest?: string | null };

/** JSON Schema (2020-12), as the API's document shows it. */
export type JsonSchema = z.core.JSONSchema.BaseSchema;

/** Reads one parameter's text; its schema is what the API's document says of it. */
export type Reader<Value = unknown> = ((text: string) => Read<Value>) & { schema: JsonSchema };

/** Puts what reads a parameter and what is told of it together: who changes one sees the other. */
export function reader<Value>(schema: JsonSchema, read: (text: string) => Read<Value>): Reader<Value> {
  return Object.assign((text: string) => read(text), { schema });
}

/** The values of the parameters that came and are right. */
type Values<Readers extends Record<string, Reader>> = {
  [Name in keyof Readers]?: Extract<ReturnType<Readers[Name]>, { value: unknown }>['value'];
};

/** Names parameters of a query in errors. */
export const inQuery: Place = { in: 'query', nameOf: (path) => path.map(String).join('.') };

/** Reads each parameter that came by its reader; what is unknown, given twice or wrong becomes a problem. */
export function readParameters<Readers extends Record<string, Reader>>(
  query: Query,
  readers: Readers,
): { values: Values<Readers>; problems: Problem[] } {
  const values: Record<string, unknown> = {};
  const problems: Problem[] = [];
  for (const [name, received] of Object.entries(query)) {
    if (received === undefined) continue;
    const reader = Object.hasOwn(readers, name) ? readers[name] : undefined;
    const problem = { path: [name], code: `invalid_${snakeCase(name)}`, received };
    if (reader === undefined) {
      const accepted = Object.keys(readers).join(', ');
      problems.push({ path: [name], code: 'unknown_field', accepted, received: undefined });
    } else if (Array.isArray(received)) {
      problems.push({ ...problem, code: 'given_twice', accepted: 'given once' });
    } else {
      const read = reader(received);
      if ('value' in read) values[name] = read.value;
      else problems.push({ ...problem, ...read });
    }
  }
  return { values: values as Values<Readers>, problems };
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Reads one of these words, exactly. */
export function wordOf<const Words extends readonly string[]>(words: Words): Reader<Words[number]> {
  return reader<Words[number]>({ type: 'string', enum: [...words] }, (text) =>
    words.includes(text) ? { value: text as Words[number] } : { accepted: `one of ${words.join(', ')}` },
  );
}

/** Reads what is taken as it is: not empty, of at most so many characters. */
export function textUpTo(most: number): Reader<string> {
  return reader<string>({ type: 'string', minLength: 1, maxLength: most }, (text) =>
    text !== '' && text.length <= most ? { value: text } : { accepted: `text of 1 to ${most} characters` },
  );
}

/** Reads a whole number between bounds. */
export function wholeNumberOf(min: number, max: number): Reader<number> {
  return reader<number>({ type: 'integer', minimum: min, maximum: max }, (text) => {
    const number = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    return number >= min && number <= max ? { value: number } : { accepted: `a whole number from ${min} to ${max}` };
  });
}

/** Reads how many entries a page has: 1…200. */
export const pageLimit = wholeNumberOf(1, 200);

export const acceptedCursor = 'the nextCursor of an earlier page';

/** Reads a cursor by `decode`, which answers null for what was not written here. */
export function cursorOf<Position>(decode: (text: string) => Position | null): Reader<Position> {
  return reader<Position>({ type: 'string', minLength: 1, maxLength: 2000, description: acceptedCursor }, (text) => {
    const position = decode(text);
    return position === null ? { accepted: acceptedCursor } : { value: position };
  });
}
