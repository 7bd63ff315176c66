import type { CodeListQuery, CodeSort } from '../code-store.ts';
import { codeCodec } from './code-columns.ts';
import { matchOf, needleOf, type Term, termsFor } from './code-terms.ts';
import type { SqlValue } from './columns.ts';
import type { Statement } from './statements.ts';

/**
 * How a list's codes are found. `index`: an index has them in order, and nobody else. `terms`: by the full-text index, in the
 * order of creation; for another order all that match are sorted. `walk`: along the index of the order, taking those that match.
 */
export type ListPath = 'index' | 'terms' | 'walk';

export type CodeListing = { statement: Statement; parameters: SqlValue[] };

/** So many matches are sorted at most: with more, as many steps along the order find a page of them. */
export const maxSorted = 2500;

const sortKeys: Record<CodeSort, { key: string; index: string }> = {
  createdAt: { key: 'c.number', index: 'codes_by_creation' },
  updatedAt: { key: 'c.updatedAt', index: 'codes_by_update' },
  scanCount: { key: 'c.scanCount', index: 'codes_by_scan_count' },
  lastScannedAt: { key: 'c.lastScannedKey', index: 'codes_by_last_scan' },
  title: { key: 'c.titleKey', index: 'codes_by_title' },
};

/** What those columns hold in the place of null; it comes before every other value. */
const keyOf = (sort: CodeSort, value: string | number | null): SqlValue => value ?? (sort === 'title' ? '' : -1);

const columns = codeCodec.names.map((name) => `c.${name}`).join(', ');

/** Collects a statement's values while its text is written. */
class Parameters {
  readonly values: SqlValue[] = [];

  add(value: SqlValue): string {
    this.values.push(value);
    return `?${this.values.length}`;
  }
}

type Source = { from: string; where: string[]; index: string };

const onlyStatus = ({ words, tag, externalId, batchId }: CodeListQuery): boolean =>
  words.length === 0 && tag === null && externalId === null && batchId === null;

/** Answers the way to a list's codes, or null when it depends on how many match `terms` (maxSorted or more: walk). */
export function listPath(query: CodeListQuery): ListPath | null {
  const indexed = query.sort === 'createdAt' || query.status === null || query.status === 'archived';
  if (onlyStatus(query) && indexed) return 'index';
  return query.sort === 'createdAt' || query.externalId !== null ? 'terms' : null;
}

function indexSource({ sort, status }: CodeListQuery): Source {
  if (status === 'expired')
    return { from: 'codes c', where: ['c.archivedAt is null', 'c.expiresAt is not null'], index: 'codes_expiring' };
  if (status === 'active' || status === 'paused') {
    const where = ['c.archivedAt is null', `c.paused = ${status === 'paused' ? 1 : 0}`];
    return { from: 'codes c', where, index: 'codes_unarchived' };
  }
  return { from: 'codes c', where: [`c.archived = ${status === 'archived' ? 1 : 0}`], index: sortKeys[sort].index };
}

function sourceOf(path: ListPath, query: CodeListQuery, terms: Term[], parameters: Parameters): Source {
  if (path === 'index') return indexSource(query);
  if (path === 'terms') {
    const match = `t.code_terms match ${parameters.add(matchOf(terms))}`;
    return { from: 'code_terms t cross join codes c on c.number = t.rowid', where: [match], index: 'code_terms' };
  }
  const needles = parameters.add(JSON.stringify(terms.map(needleOf)));
  const holdsAll = `not exists (select 1 from json_each(${needles}) where instr(c.terms, value) = 0)`;
  const archived = `c.archived = ${query.status === 'archived' ? 1 : 0}`;
  return { from: 'codes c', where: [archived, holdsAll], index: sortKeys[query.sort].index };
}

/** What follows from the moment: codes that expired are neither active nor paused. */
function expiryConditions({ status, now }: CodeListQuery, parameters: Parameters): string[] {
  if (status === 'expired') return [`c.expiresAt <= ${parameters.add(now)}`];
  if (status !== 'active' && status !== 'paused') return [];
  return [`(c.expiresAt is null or c.expiresAt > ${parameters.add(now)})`];
}

/** The condition of a page behind another one. */
function behind({ after, sort, descending }: CodeListQuery, key: string, parameters: Parameters): string[] {
  if (after === null) return [];
  /* The plus takes the type from the number, or SQLite would not take it as a bound of a pair. */
  const number = `(select +number from codes where id = ${parameters.add(after.id)})`;
  const than = descending ? '<' : '>';
  if (sort === 'createdAt') return [`${key} ${than} ${number}`];
  return [`(${key}, c.place) ${than} (${parameters.add(keyOf(sort, after.value))}, ${number})`];
}

/** Writes the statement of a page of codes; equal in text for lists that differ in values only. */
export function codeListing(tenantId: string, query: CodeListQuery, path: ListPath): CodeListing {
  const parameters = new Parameters();
  const { from, where, index } = sourceOf(path, query, termsFor(tenantId, query), parameters);
  /* The full-text index is read in order, and from the page on, by its own name of the number only. */
  const key = path === 'terms' && query.sort === 'createdAt' ? 't.rowid' : sortKeys[query.sort].key;
  const conditions = [
    ...where,
    `c.tenantId = ${parameters.add(tenantId)}`,
    ...expiryConditions(query, parameters),
    ...behind(query, key, parameters),
  ];
  const direction = query.descending ? 'desc' : 'asc';
  const order = query.sort === 'createdAt' ? `${key} ${direction}` : `${key} ${direction}, c.place ${direction}`;
  const sql = `select ${columns} from ${from} where ${conditions.join(' and ')}
    order by ${order} limit ${parameters.add(query.limit)}`;
  return { statement: { sql, index }, parameters: parameters.values };
}
