import type { CodeListQuery, CodeSort } from '../code-store.ts';
import { codeCodec } from './code-columns.ts';
import { matchOf, needleOf, type Term, termsApart, termsFor } from './code-terms.ts';
import type { SqlValue } from './columns.ts';
import type { Statement } from './statements.ts';

/**
 * How a list's codes are found. `index`: an index has them in order, and nobody else. `terms`: by the full-text index, in the
 * order of creation; for another order all that match are sorted. `peek`: of the next codes in the order, some for each that is
 * asked for, those that match. `walk`: the full-text index names all that match, and the index of the order is walked for them;
 * the codes themselves are not read on the way.
 */
export type ListPath = 'index' | 'terms' | 'peek' | 'walk';

export type CodeListing = { statement: Statement; parameters: SqlValue[] };

/** `maxSorted`: matches that are sorted, at most. `peekedForEach`: codes that a peek looks at for each that is asked for. */
type ListEffort = { maxSorted: number; peekedForEach: number };

/**
 * Measured among 500,000 codes: a match that is sorted takes 0.8 to 1.7 µs, a step of a walk 0.13 µs and to name a match for it
 * 0.18 µs; a step of a peek reads the code, which takes 1.6 µs.
 */
export const listEffort: ListEffort = { maxSorted: 10_000, peekedForEach: 20 };

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

/** Answers the way to a list's codes, or null when it depends on how many match (maxSorted or more: peek, then walk). */
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

function sourceOf(path: ListPath, tenantId: string, query: CodeListQuery, parameters: Parameters): Source {
  if (path === 'index') return indexSource(query);
  if (path === 'terms') {
    const match = `t.code_terms match ${parameters.add(matchOf(termsFor(tenantId, query)))}`;
    return { from: 'code_terms t cross join codes c on c.number = t.rowid', where: [match], index: 'code_terms' };
  }
  const archived = `c.archived = ${query.status === 'archived' ? 1 : 0}`;
  const where = path === 'walk' ? [archived, ...areNamed(tenantId, query, parameters)] : [archived];
  return { from: 'codes c', where, index: sortKeys[query.sort].index };
}

function holdsAll(terms: Term[], parameters: Parameters): string {
  const needles = parameters.add(JSON.stringify(terms.map(needleOf)));
  return `not exists (select 1 from json_each(${needles}) where instr(c.terms, value) = 0)`;
}

/** Those that have expired are named by an index that knows when: the full-text index names all that ever will. */
function areNamed(tenantId: string, query: CodeListQuery, parameters: Parameters): string[] {
  if (query.status !== 'expired') return [isNamed(tenantId, query, parameters)];
  const expired = `c.place in (select number from codes where archivedAt is null and expiresAt is not null
    and tenantId = ${parameters.add(tenantId)} and expiresAt <= ${parameters.add(query.now)})`;
  return onlyStatus(query) ? [expired] : [isNamed(tenantId, query, parameters), expired];
}

/**
 * The index of the order tells tenant and archive: to name all codes that are not archived takes longer than all that have a
 * frequent word. Words alone are asked for where they name no other tenant's codes.
 */
function isNamed(tenantId: string, query: CodeListQuery, parameters: Parameters): string {
  const apart = termsApart(tenantId, query);
  const beside = apart.some(({ whole }) => whole) ? apart : termsFor(tenantId, query);
  return `c.place in (select rowid from code_terms where code_terms match
    case when (select min(tenantId) from codes) = (select max(tenantId) from codes)
      then ${parameters.add(matchOf(apart))} else ${parameters.add(matchOf(beside))} end)`;
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

type Order = { key: string; direction: string; text: string };

function orderOf(path: ListPath, { sort, descending }: CodeListQuery): Order {
  /* The full-text index is read in order, and from the page on, by its own name of the number only. */
  const key = path === 'terms' && sort === 'createdAt' ? 't.rowid' : sortKeys[sort].key;
  const direction = descending ? 'desc' : 'asc';
  return { key, direction, text: `${key} ${direction}${sort === 'createdAt' ? '' : `, c.place ${direction}`}` };
}

/** The condition that a peek ends by; where no more codes than it looks at are left it finds none. */
function within(where: string[], { key, direction, text }: Order, steps: string): string {
  const end = `select ${key}, +c.place from codes c where ${where.join(' and ')} order by ${text} limit 1 offset ${steps}`;
  return `(${key}, c.place) ${direction === 'desc' ? '>' : '<'} (${end})`;
}

/** Writes the statement of a page of codes; equal in text for lists that differ in values only. */
export function codeListing(
  tenantId: string,
  query: CodeListQuery,
  path: ListPath,
  { peekedForEach } = listEffort,
): CodeListing {
  const parameters = new Parameters();
  const { from, where, index } = sourceOf(path, tenantId, query, parameters);
  const order = orderOf(path, query);
  const range = [...where, `c.tenantId = ${parameters.add(tenantId)}`, ...behind(query, order.key, parameters)];
  const conditions = [...range, ...expiryConditions(query, parameters)];
  if (path === 'peek') {
    const steps = parameters.add(query.limit * peekedForEach);
    conditions.push(within(range, order, steps), holdsAll(termsFor(tenantId, query), parameters));
  }
  const sql = `select ${columns} from ${from} where ${conditions.join(' and ')}
    order by ${order.text} limit ${parameters.add(query.limit)}`;
  return { statement: { sql, index }, parameters: parameters.values };
}
