import { codeStatus } from '../../../domain/code-status.ts';
import type { CodeInsert, CodeListQuery, CodeRow, CodeStore, TargetVersion } from '../code-store.ts';
import { codeCodec, targetVersionOf } from './code-columns.ts';
import { codeListing, type ListPath, listEffort, listPath } from './code-listing.ts';
import { codeStatements } from './code-statements.ts';
import { matchOf, needleOf, termOf, termsFor, termsOf } from './code-terms.ts';
import type { SqlValue } from './columns.ts';
import type { SqliteConnection } from './connection.ts';
import { unsynced } from './protocol.ts';
import type { Statement } from './statements.ts';

/** `insert` takes all of it; so does `replace`. */
const written = (code: CodeRow): SqlValue[] => [...codeCodec.encode(code), termsOf(code)];

/** Tells whether a code is in a list at all, wherever. */
function isListed(code: CodeRow, tenantId: string, query: CodeListQuery): boolean {
  if (code.tenantId !== tenantId) return false;
  if (query.status !== null && codeStatus(code, query.now) !== query.status) return false;
  const terms = termsOf(code);
  const wanted = termsFor(tenantId, query);
  return wanted.every((term) => terms.includes(needleOf(term)));
}

/** @param effort what a list takes upon itself before it goes another way */
export function sqliteCodes(connection: SqliteConnection, effort = listEffort): CodeStore {
  const statements = codeStatements;
  const look = async (statement: Statement, key: string): Promise<CodeRow | null> => {
    const values = await connection.find(statement, key);
    return values === null ? null : codeCodec.decode(values);
  };
  const find = (id: string) => look(statements.find, id);
  const findBySlug = (slug: string) => look(statements.findBySlug, slug);
  const findEach = async (keys: string[], by: (key: string) => Promise<CodeRow | null>): Promise<CodeRow[]> =>
    (await Promise.all([...new Set(keys)].map(by))).filter((code) => code !== null);

  const listBy = async (path: ListPath, tenantId: string, query: CodeListQuery): Promise<CodeRow[]> => {
    const { statement, parameters } = codeListing(tenantId, query, path, effort);
    return (await connection.list(statement, parameters)).map(codeCodec.decode);
  };
  const hasFew = async (tenantId: string, query: CodeListQuery): Promise<boolean> => {
    const parameters = [matchOf(termsFor(tenantId, query)), effort.maxSorted];
    const [counted] = await connection.list(statements.countWith, parameters);
    return (counted?.[0] as number) < effort.maxSorted;
  };

  return {
    find,
    findBySlug,
    findMany: (ids) => findEach(ids, find),
    findManyBySlug: (slugs) => findEach(slugs, findBySlug),
    async insert(rows) {
      const read = { sql: statements.find.sql, when: 'unchanged' } as const;
      const { changes, rows: found } = await connection.write(statements.insert, rows.map(written), { read });
      return rows.map((_, index): CodeInsert => {
        if (changes[index] === 1) return 'inserted';
        return found[index] ? 'exists' : 'slug-taken';
      });
    },
    replace: async (next) => (await connection.write(statements.replace, [written(next)])).changes[0] === 1,
    async history({ id, current }, { limit, before }) {
      const first = before === null || before > current.version ? [current] : [];
      const behind = Math.min(before ?? current.version, current.version);
      const earlier = await connection.list(statements.earlierTargets, [id, behind, limit - first.length]);
      return [...first, ...earlier.map(targetVersionOf)];
    },
    async findTargets(codeId, versions) {
      /* The code before the earlier targets: what it leads to now may be an earlier one a moment later, not the other way. */
      const code = await find(codeId);
      if (code === null) return [];
      const parameters = versions.map((version) => [codeId, version]);
      const earlier = (await connection.listEach(statements.findTarget, parameters)).map(targetVersionOf);
      const found = new Map<number, TargetVersion>(earlier.map((target) => [target.version, target]));
      if (versions.includes(code.current.version)) found.set(code.current.version, code.current);
      return [...found.values()];
    },
    async list(tenantId, query) {
      if (query.slug !== null) {
        const code = query.after === null ? await findBySlug(query.slug) : null;
        return code !== null && isListed(code, tenantId, query) ? [code] : [];
      }
      const path = listPath(query) ?? ((await hasFew(tenantId, query)) ? 'terms' : null);
      if (path !== null) return listBy(path, tenantId, query);
      const peeked = await listBy('peek', tenantId, query);
      return peeked.length === query.limit ? peeked : listBy('walk', tenantId, query);
    },
    async idsOf(tenantId, by, { limit, after }) {
      const parameters = [matchOf([termOf(tenantId, by)]), after ?? '', limit];
      return (await connection.list(statements.idsWith, parameters)).map(([id]) => id as string);
    },
    async setScanFacts(facts) {
      const parameters = facts.map(({ id, scanCount, lastScannedAt }) => [id, scanCount, lastScannedAt]);
      await connection.write(statements.setScanFacts, parameters, unsynced);
    },
    hasLogo: async (logoId) => (await connection.list(statements.withLogo, [logoId])).length > 0,
  };
}
