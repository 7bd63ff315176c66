import type { Query } from './query.ts';

/** Writes the `Link` header to the next page (RFC 8288): the same query behind `cursor`. */
export function linkToNext(url: string, query: Query, cursor: string): string {
  const next = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (name !== 'cursor') next.set(name, String(value));
  next.set('cursor', cursor);
  return `<${url}?${next}>; rel="next"`;
}
