import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CodeListQuery, CodeRow, CodeStore } from '../../../shared/adapters/database/code-store.ts';
import type { Database } from '../../../shared/adapters/database/database.ts';
import { type CodeSort, codeSorts } from '../../../shared/contract/code-list.ts';
import { codeStatus, codeStatuses } from '../../../shared/domain/code-status.ts';
import { queryWords, searchWords } from '../../../shared/domain/search-words.ts';
import { changed, newCode, wholeList } from './code-rows.ts';
import { noon, unique } from './rows.ts';

type Ask = Partial<CodeListQuery>;

/** Follows the pages of a list to its end. */
async function wholeOf(codes: CodeStore, tenantId: string, ask: Ask): Promise<CodeRow[]> {
  const query = { ...wholeList, ...ask };
  const rows: CodeRow[] = [];
  for (;;) {
    const last = rows.at(-1);
    const after = last ? { value: last[query.sort], id: last.id } : null;
    const page = await codes.list(tenantId, { ...query, after });
    expect(page.length).toBeLessThanOrEqual(query.limit);
    rows.push(...page);
    if (page.length < query.limit) return rows;
  }
}

/** Whether a code belongs into a list, as the interface has it. */
function belongs(code: CodeRow, query: CodeListQuery): boolean {
  const status = codeStatus(code, query.now);
  const anyStatus = query.slug !== null || query.externalId !== null || status !== 'archived';
  const words = searchWords({ ...code, target: code.current.target });
  return (
    (query.status === null ? anyStatus : status === query.status) &&
    query.words.every((begin) => words.some((word) => word.startsWith(begin))) &&
    (query.tag === null || code.tags.includes(query.tag)) &&
    (query.slug === null || code.slug === query.slug) &&
    (query.externalId === null || code.externalId === query.externalId) &&
    (query.batchId === null || code.batchId === query.batchId)
  );
}

/** Null before everything (as no title does), text by its bytes. */
function compare(a: CodeRow[CodeSort], b: CodeRow[CodeSort]): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'string' && typeof b === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return Number(a !== null) - Number(b !== null);
}

const titles = ['Menu', 'menu card', 'Zoë & Co', 'zoe', '日本', '😀 emoji', 'menuet', null];
const tags = ['food', 'Food', 'food & drink', '"quoted" OR *', '日本'];

const searches: string[][] = [[], ['men'], ['menu'], ['zo', 'co'], ['日'], ['sku', '12'], ['example'], ['nothing']];

const variant = fc.record({
  title: fc.constantFrom(...titles),
  tags: fc.uniqueArray(fc.constantFrom(...tags), { maxLength: 3 }),
  paused: fc.boolean(),
  archivedAt: fc.constantFrom(null, null, noon),
  expiresAt: fc.constantFrom(null, noon - 1, noon, noon + 1),
  externalId: fc.constantFrom(null, 'SKU-1', 'SKU-12'),
  batchId: fc.constantFrom(null, 'bat_1', 'bat_2'),
  createdAt: fc.integer({ min: noon, max: noon + 4 }),
  updatedAt: fc.integer({ min: noon, max: noon + 4 }),
  scanCount: fc.integer({ min: 0, max: 3 }),
  lastScannedAt: fc.constantFrom(null, noon, noon + 1),
});

const ask = fc.record({
  limit: fc.constantFrom(1, 3, 200),
  sort: fc.constantFrom(...codeSorts),
  descending: fc.boolean(),
  words: fc.constantFrom(...searches),
  tag: fc.option(fc.constantFrom(...tags), { freq: 2 }),
  status: fc.option(fc.constantFrom(...codeStatuses), { freq: 2 }),
  externalId: fc.option(fc.constantFrom('SKU-1', 'SKU-12', 'sku-1'), { freq: 5 }),
  batchId: fc.option(fc.constantFrom('bat_1', 'bat_2'), { freq: 5 }),
  now: fc.constantFrom(noon, noon + 1),
});

/** What the lists of codes promise. */
export function codeListsContract(database: () => Database): void {
  const codes = () => database().codes;

  /** Inserts codes of one tenant; answers it. */
  const tenantWith = async (rows: Partial<CodeRow>[]): Promise<string> => {
    const tenantId = unique('tenant');
    await codes().insert(rows.map((row) => newCode({ tenantId, ...row })));
    return tenantId;
  };

  describe('a list of codes', () => {
    it('has what its query asks for, in its order, whatever that is', async () => {
      const property = fc.asyncProperty(
        fc.array(variant, { maxLength: 12 }),
        fc.array(ask, { minLength: 4, maxLength: 4 }),
        async (variants, asks) => {
          const tenantId = unique('tenant');
          const first = variants.map(() => newCode({ tenantId }));
          const rows = variants.map((change, index) => ({ ...(first[index] as CodeRow), ...change }));
          /* Half of them come to be what they are by a change. */
          const born = rows.map((row, index) =>
            index % 2 === 0 ? row : { ...row, tags: ['before'], title: 'Before', paused: !row.paused },
          );
          await codes().insert(born);
          for (const [index, row] of rows.entries())
            if (index % 2 === 1) expect(await codes().replace({ ...row, revision: row.revision + 1 })).toBe(true);
          for (const asked of asks) {
            const query = { ...wholeList, ...asked };
            const listed = await wholeOf(codes(), tenantId, query);
            const expected = rows.filter((row) => belongs(row, query));
            expect(listed.map(({ id }) => id).sort()).toEqual(expected.map(({ id }) => id).sort());
            const steps = listed
              .slice(1)
              .map((row, index) => compare(listed[index]?.[query.sort] ?? null, row[query.sort]));
            const wrong = steps.filter((step) => (query.descending ? step < 0 : step > 0));
            expect(wrong).toEqual([]);
          }
        },
      );
      await fc.assert(property, { numRuns: 60 });
    });

    it('is the same turned round, and in pages of any size, whatever codes have in common', async () => {
      const tenantId = await tenantWith(Array.from({ length: 30 }, (_, index) => ({ scanCount: index % 2 })));
      for (const sort of codeSorts)
        for (const words of [[], ['menu']]) {
          const whole = await wholeOf(codes(), tenantId, { sort, words });
          expect(whole).toHaveLength(30);
          expect(await wholeOf(codes(), tenantId, { sort, words, limit: 7 })).toEqual(whole);
          const turned = await wholeOf(codes(), tenantId, { sort, words, descending: false, limit: 11 });
          expect(turned).toEqual(whole.toReversed());
        }
    });

    it('has the code of a slug, archived or not, of this tenant only', async () => {
      const tenantId = await tenantWith([{}, {}]);
      const archived = newCode({ tenantId, archivedAt: noon });
      await codes().insert([archived]);
      const query = { ...wholeList, slug: archived.slug };
      expect(await codes().list(tenantId, query)).toEqual([archived]);
      expect(await codes().list(tenantId, { ...query, status: 'archived', words: ['men'] })).toEqual([archived]);
      expect(await codes().list(tenantId, { ...query, status: 'active' })).toEqual([]);
      expect(await codes().list(tenantId, { ...query, words: ['nothing'] })).toEqual([]);
      expect(await codes().list(tenantId, { ...query, tag: 'other' })).toEqual([]);
      expect(await codes().list(unique('tenant'), query)).toEqual([]);
      const after = { value: archived.createdAt, id: archived.id };
      expect(await codes().list(tenantId, { ...query, after })).toEqual([]);
    });

    it('has nothing of another tenant, by whatever it is asked for', async () => {
      const [mine, other] = [await tenantWith([{}]), await tenantWith([{}, {}])];
      const asks: Ask[] = [{}, { words: ['menu'] }, { tag: 'table 4' }, { status: 'active' }, { externalId: 'SKU-1' }];
      for (const asked of [...asks, { batchId: 'bat_any' }])
        for (const sort of codeSorts) {
          const rows = await wholeOf(codes(), mine, { ...asked, sort });
          expect(rows.map(({ tenantId }) => tenantId)).toEqual([mine]);
        }
      expect(await wholeOf(codes(), other, {})).toHaveLength(2);
    });

    it('keeps its place while codes come, go and change', async () => {
      const times = Array.from({ length: 12 }, (_, index) => noon + index);
      const tenantId = await tenantWith(times.map((createdAt) => ({ createdAt })));
      const first = await codes().list(tenantId, { ...wholeList, limit: 5 });
      await codes().insert([newCode({ tenantId, createdAt: noon + 99 })]);
      const last = first.at(-1) as CodeRow;
      await codes().replace(changed(last, { archivedAt: noon, title: 'gone' }));
      const after = { value: last.createdAt, id: last.id };
      const second = await codes().list(tenantId, { ...wholeList, after });
      const seen = [...first, ...second].map(({ createdAt }) => createdAt);
      expect(seen).toEqual(times.toReversed());
    });

    it('finds codes by what is typed of their words, in any script, case and accent', async () => {
      const tenantId = await tenantWith([
        { current: { ...newCode().current, target: 'https://shop.example/Größe/%C3%89t%C3%A9' } },
      ]);
      for (const text of ['cafe ZOE', 'Café', '日', 'tab', 'summer 2026', 'sku-1', 'shop', 'GRÖẞE', 'ete', 'slug'])
        expect([text, await codes().list(tenantId, { ...wholeList, words: queryWords(text) })]).toEqual([
          text,
          [expect.objectContaining({ tenantId })],
        ]);
      for (const text of ['afe', 'cafes', 'today', '4 5', 'zoe nothing'])
        expect(await codes().list(tenantId, { ...wholeList, words: queryWords(text) })).toEqual([]);
    });
  });
}
