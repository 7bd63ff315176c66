import { join } from 'node:path';
import Libsql from 'libsql';
import { afterAll, describe, expect, it } from 'vitest';
import type { CodeListQuery } from '../../../../shared/adapters/database/code-store.ts';
import { connectDatabase } from '../../../../shared/adapters/database/connect-database.ts';
import { codeListing, type ListPath, listPath } from '../../../../shared/adapters/database/sqlite/code-listing.ts';
import { codeStatements } from '../../../../shared/adapters/database/sqlite/code-statements.ts';
import { codeSorts } from '../../../../shared/contract/code-list.ts';
import { newCode, wholeList } from '../../../suites/database/code-rows.ts';
import { noon } from '../../../suites/database/rows.ts';
import { silent } from '../../../suites/database.ts';
import { temporaryFolder } from '../../../support/servers.ts';

const dataDir = await temporaryFolder();
const database = await connectDatabase({ mongoUrl: null, dataDir }, silent);
const code = newCode();
await database.codes.insert([code]);
const file = new Libsql(join(dataDir, 'qrfactory.db'));

afterAll(async () => {
  file.close();
  await database.close();
});

/** The steps of a plan, but for what looks a single code up by its id, for the place of a page. */
function planOf(sql: string): string[] {
  const parameters = Math.max(...(sql.match(/\?\d+/g) ?? []).map((name) => Number(name.slice(1))));
  const steps = file.prepare(`explain query plan ${sql}`).all(Array(parameters).fill(null)) as { detail: string }[];
  const place = /^(SCALAR|REUSE) SUBQUERY|^SEARCH codes USING COVERING INDEX sqlite_autoindex_codes_1/;
  return steps.map(({ detail }) => detail).filter((step) => !place.test(step));
}

const byTerms = ['SCAN t VIRTUAL TABLE INDEX M', 'SEARCH c USING INTEGER PRIMARY KEY (rowid=?)'];
/** The number behind INDEX says which of the bounds the full-text index takes; M1 is the match, with `>` or `<` from a row on. */
const withoutNumber = (step: string): string => step.replace(/INDEX \d+:M\d+/, 'INDEX M');

const orders = {
  createdAt: { index: 'codes_by_creation', key: 'rowid' },
  updatedAt: { index: 'codes_by_update', key: 'updatedAt' },
  scanCount: { index: 'codes_by_scan_count', key: 'scanCount' },
  lastScannedAt: { index: 'codes_by_last_scan', key: 'lastScannedKey' },
  title: { index: 'codes_by_title', key: 'titleKey' },
} as const;

const filters: Record<string, Partial<CodeListQuery>> = {
  'nothing more': {},
  active: { status: 'active' },
  paused: { status: 'paused' },
  expired: { status: 'expired' },
  archived: { status: 'archived' },
  'a word': { words: ['men'] },
  'a tag': { tag: 'table 4' },
  'a batch': { batchId: 'bat_any' },
  'an external id': { externalId: 'SKU-1' },
  everything: { words: ['men', 'caf'], tag: 'table 4', batchId: 'bat_any', externalId: 'SKU-1', status: 'active' },
};

/** How the list of a filter is found when the newest, or oldest, come first. */
const byCreation: Record<string, string[]> = {
  'nothing more': ['SEARCH c USING INDEX codes_by_creation (tenantId=? AND archived=?'],
  active: ['SEARCH c USING INDEX codes_unarchived (tenantId=? AND paused=?'],
  paused: ['SEARCH c USING INDEX codes_unarchived (tenantId=? AND paused=?'],
  expired: ['SEARCH c USING INDEX codes_expiring (tenantId=?'],
  archived: ['SEARCH c USING INDEX codes_by_creation (tenantId=? AND archived=?'],
};

const pages = [false, true].flatMap((descending) =>
  [null, { value: noon, id: code.id }].map((after) => ({ descending, after })),
);

describe('each list of codes in SQLite', () => {
  it.each(Object.entries(filters))(
    'with %s, by creation, is read in order from the place of the page on',
    (name, filter) => {
      for (const page of pages) {
        const query = { ...wholeList, ...filter, ...page };
        const path = listPath(query);
        expect(path).toBe(name in byCreation ? 'index' : 'terms');
        const { statement } = codeListing(code.tenantId, query, path as ListPath);
        const steps = planOf(statement.sql);
        expect(steps.join()).not.toMatch(/TEMP B-TREE/);
        if (path === 'terms') {
          expect(steps.map((step) => withoutNumber(step).replace(/M[<>]$/, 'M'))).toEqual(byTerms);
          expect(/INDEX \d+:M\d+(.?)/.exec(steps[0] as string)?.[1]).toBe(
            (page.after && (page.descending ? '<' : '>')) || '',
          );
        } else {
          const [step = ''] = steps;
          expect(steps).toHaveLength(1);
          expect(step.startsWith(byCreation[name]?.[0] as string)).toBe(true);
          const bound = step.includes('codes_by_creation') ? 'rowid' : 'number';
          expect(step.endsWith(page.after ? ` AND ${bound}${page.descending ? '<' : '>'}?)` : '=?)')).toBe(true);
        }
      }
    },
  );

  it.each(codeSorts)('by %s, without a filter, is read in order from the place of the page on', (sort) => {
    for (const status of [null, 'archived'] as const)
      for (const page of pages) {
        const query = { ...wholeList, ...page, sort, status };
        expect(listPath(query)).toBe('index');
        const steps = planOf(codeListing(code.tenantId, query, 'index').statement.sql);
        const { index, key } = orders[sort];
        const place =
          key === 'rowid'
            ? `rowid${page.descending ? '<' : '>'}?`
            : `(${key},place)${page.descending ? '<' : '>'}(?,?)`;
        const from = page.after === null ? '' : ` AND ${place}`;
        expect(steps).toEqual([`SEARCH c USING INDEX ${index} (tenantId=? AND archived=?${from})`]);
      }
  });

  it.each(codeSorts.filter((sort) => sort !== 'createdAt'))(
    'by %s, with a filter, goes along the order when many match',
    (sort) => {
      const { index, key } = orders[sort];
      for (const page of pages) {
        const query = { ...wholeList, ...page, sort, tag: 'table 4', status: 'active' as const };
        expect(listPath(query)).toBeNull();
        const [from, to] = page.descending ? '<>' : '><';
        const along = `SEARCH c USING INDEX ${index} (tenantId=? AND archived=?`;
        const behind = page.after === null ? '' : ` AND (${key},place)${from}(?,?)`;
        const peek = planOf(codeListing(code.tenantId, query, 'peek').statement.sql);
        const bounds = page.after === null ? [to] : ['>', '<'];
        expect(peek).toEqual([
          `${along}${bounds.map((than) => ` AND (${key},place)${than}(?,?)`).join('')})`,
          `${along}${behind})`,
          expect.stringMatching(/^CORRELATED SCALAR SUBQUERY/),
          'SCAN json_each VIRTUAL TABLE INDEX 1:',
        ]);
        const walk = planOf(codeListing(code.tenantId, query, 'walk').statement.sql);
        expect(walk.map(withoutNumber)).toEqual([
          `${along}${behind})`,
          'LIST SUBQUERY 3',
          'SCAN code_terms VIRTUAL TABLE INDEX M',
          ...Array(2).fill('SEARCH codes USING COVERING INDEX codes_by_creation'),
        ]);
      }
    },
  );

  it.each(codeSorts.filter((sort) => sort !== 'createdAt'))(
    'by %s, of those that have expired, reads none that will do so later',
    (sort) => {
      const byTime = ['LIST SUBQUERY', 'SEARCH codes USING INDEX codes_expiring (tenantId=?)'];
      for (const page of pages) {
        const query = { ...wholeList, ...page, sort, status: 'expired' as const };
        expect(listPath(query)).toBeNull();
        const walk = planOf(codeListing(code.tenantId, query, 'walk').statement.sql);
        expect(walk.slice(1).map((step) => step.replace(/ \d+$/, ''))).toEqual(byTime);
        const chosen = planOf(codeListing(code.tenantId, { ...query, words: ['men'] }, 'walk').statement.sql);
        expect(chosen).toContain(byTime[1]);
        expect(chosen.map(withoutNumber)).toContain('SCAN code_terms VIRTUAL TABLE INDEX M');
      }
    },
  );

  it.each(codeSorts.filter((sort) => sort !== 'createdAt'))(
    'by %s, with a filter, is sorted when few match',
    (sort) => {
      for (const page of pages) {
        const query = { ...wholeList, ...page, sort, words: ['men'] };
        expect(listPath(query)).toBeNull();
        const steps = planOf(codeListing(code.tenantId, query, 'terms').statement.sql);
        expect(steps.map(withoutNumber)).toEqual([...byTerms, 'USE TEMP B-TREE FOR ORDER BY']);
      }
    },
  );
});

describe('each statement of codes in SQLite', () => {
  const plans: Record<keyof typeof codeStatements, string[]> = {
    insert: ['SEARCH codes USING INTEGER PRIMARY KEY (rowid<?)'],
    replace: ['SEARCH codes USING INDEX sqlite_autoindex_codes_1 (id=?)'],
    find: ['SEARCH codes USING INDEX sqlite_autoindex_codes_1 (id=?)'],
    findBySlug: ['SEARCH codes USING INDEX sqlite_autoindex_codes_2 (slug=?)'],
    earlierTargets: ['SEARCH code_targets USING PRIMARY KEY (codeId=? AND version<?)'],
    findTarget: ['SEARCH code_targets USING PRIMARY KEY (codeId=? AND version=?)'],
    setScanFacts: ['SEARCH codes USING INDEX sqlite_autoindex_codes_1 (id=?)'],
    withLogo: ['SEARCH codes USING INDEX codes_by_logo (<expr>=?)'],
    idsWith: ['SCAN t VIRTUAL TABLE INDEX M>', 'SEARCH c USING INTEGER PRIMARY KEY (rowid=?)'],
    countWith: ['CO-ROUTINE (subquery-1)', 'SCAN code_terms VIRTUAL TABLE INDEX M', 'SCAN (subquery-1)'],
  };

  it.each(Object.entries(codeStatements))('%s finds its rows by an index', (name, { sql }) => {
    expect(planOf(sql).map(withoutNumber)).toEqual(plans[name as keyof typeof codeStatements]);
  });
});
