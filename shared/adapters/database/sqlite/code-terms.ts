import { createHash } from 'node:crypto';
import { searchWords } from '../../../domain/search-words.ts';
import type { CodeListQuery, CodeRow } from '../code-store.ts';

/** One thing to find codes by: a word of theirs that begins so, or a fact that holds exactly. */
export type Term = { text: string; whole: boolean };

type Fact = 'live' | 'archived' | 'running' | 'paused' | 'expires' | 'tag' | 'external-id' | 'batch';

/**
 * Names a fact of a tenant's code by 60 bits in four characters, so that the index, which holds every beginning of a word, gets
 * little from them. They are for private use (U+F0000 and up), neither letters nor digits, so that no search text reaches them.
 */
function nameOf(tenantId: string, fact: Fact, value = ''): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([tenantId, fact, value]))
    .digest();
  return String.fromCodePoint(...[0, 2, 4, 6].map((at) => 0xf0000 + (hash.readUInt16BE(at) & 0x7fff)));
}

function* factsOf({ tenantId, ...code }: CodeRow): Generator<string> {
  yield nameOf(tenantId, code.archivedAt === null ? 'live' : 'archived');
  yield nameOf(tenantId, code.paused ? 'paused' : 'running');
  if (code.expiresAt !== null) yield nameOf(tenantId, 'expires');
  if (code.externalId !== null) yield nameOf(tenantId, 'external-id', code.externalId);
  if (code.batchId !== null) yield nameOf(tenantId, 'batch', code.batchId);
  for (const tag of code.tags) yield nameOf(tenantId, 'tag', tag);
}

const wordsOf = (code: CodeRow): string[] => searchWords({ ...code, target: code.current.target });

/** Returns everything that a code is found by, as one text: words and named facts with a space before and behind each. */
export function termsOf(code: CodeRow): string {
  return ` ${[...wordsOf(code), ...new Set(factsOf(code))].join(' ')} `;
}

const fact = (tenantId: string, name: Fact, value?: string): Term => ({
  text: nameOf(tenantId, name, value),
  whole: true,
});

/** Facts of a status, but for the time of expiry, which a moment decides. */
const statusFacts: Record<NonNullable<CodeListQuery['status']>, Fact[]> = {
  active: ['live', 'running'],
  paused: ['live', 'paused'],
  expired: ['live', 'expires'],
  archived: ['archived'],
};

/** Returns what a code must have to be in the list; one of the terms at least names the tenant. */
export function termsFor(tenantId: string, { words, tag, status, slug, externalId, batchId }: CodeListQuery): Term[] {
  const shown: Fact[] = slug === null && externalId === null ? ['live'] : [];
  return [
    ...words.map((text) => ({ text, whole: false })),
    ...(status === null ? shown : statusFacts[status]).map((name) => fact(tenantId, name)),
    ...(tag === null ? [] : [fact(tenantId, 'tag', tag)]),
    ...(externalId === null ? [] : [fact(tenantId, 'external-id', externalId)]),
    ...(batchId === null ? [] : [fact(tenantId, 'batch', batchId)]),
  ];
}

/**
 * Returns what of it the full-text index must name for whoever looks at tenant and archive by other means; the words alone may name
 * other tenants' codes too.
 */
export function termsApart(tenantId: string, query: CodeListQuery): Term[] {
  const looked = [fact(tenantId, 'live').text, fact(tenantId, 'archived').text];
  return termsFor(tenantId, query).filter(({ text }) => !looked.includes(text));
}

/** Returns the one term of all codes with a tag or of a batch. */
export function termOf(tenantId: string, by: { tag: string } | { batchId: string }): Term {
  return 'tag' in by ? fact(tenantId, 'tag', by.tag) : fact(tenantId, 'batch', by.batchId);
}

/** Returns the text that `termsOf` has for a code with this term. */
export const needleOf = ({ text, whole }: Term): string => ` ${text}${whole ? ' ' : ''}`;

/** Returns the full-text query for all of the terms, https://sqlite.org/fts5.html#full_text_query_syntax. */
export function matchOf(terms: Term[]): string {
  return terms.map(({ text, whole }) => `"${text.replaceAll('"', '""')}"${whole ? '' : ' *'}`).join(' AND ');
}
