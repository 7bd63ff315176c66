import type { Query } from './render-query.ts';
import type { Place, Problem } from './zod-problems.ts';

/** What a parameter's text says, or what it must be in words that follow "must be". */
type Read<Value> = { value: Value } | { accepted: string; nearest?: string | null };
type Reader = (text: string) => Read<unknown>;

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
export function wordOf<const Words extends readonly string[]>(words: Words) {
  return (text: string): Read<Words[number]> =>
    words.includes(text) ? { value: text } : { accepted: `one of ${words.join(', ')}` };
}

/** Reads what is taken as it is: not empty, of at most so many characters. */
export function textUpTo(most: number) {
  return (text: string): Read<string> =>
    text !== '' && text.length <= most ? { value: text } : { accepted: `text of 1 to ${most} characters` };
}

/** Reads a whole number between bounds. */
export function wholeNumberOf(min: number, max: number) {
  return (text: string): Read<number> => {
    const number = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    return number >= min && number <= max ? { value: number } : { accepted: `a whole number from ${min} to ${max}` };
  };
}

/** Reads how many entries a page has: 1…200. */
export const pageLimit = wholeNumberOf(1, 200);
