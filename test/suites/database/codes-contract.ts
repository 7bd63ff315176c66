import { describe, expect, it } from 'vitest';
import type { CodeRow, CodeStore, TargetVersion } from '../../../shared/adapters/database/code-store.ts';
import type { Database } from '../../../shared/adapters/database/database.ts';
import { changed, newCode, retargeted, wholeList } from './code-rows.ts';
import { noon, unique } from './rows.ts';

const versionsOf = (targets: TargetVersion[]): number[] => targets.map(({ version }) => version);

/** Gives a code these targets, one after the other. */
async function retarget(codes: CodeStore, code: CodeRow, targets: string[]): Promise<CodeRow> {
  let row = code;
  for (const target of targets) {
    row = retargeted(row, target);
    expect(await codes.replace(row)).toBe(true);
  }
  return row;
}

/** What the store of codes promises, but for its lists. */
export function codesContract(connections: () => Database[]): void {
  const codes = () => (connections()[0] as Database).codes;
  const inserted = async (row: Partial<CodeRow> = {}): Promise<CodeRow> => {
    const code = newCode(row);
    expect(await codes().insert([code])).toEqual(['inserted']);
    return code;
  };

  describe('a code', () => {
    it('is found by id and by slug as it was inserted, by every connection', async () => {
      const full = await inserted();
      const bare = await inserted({
        fallbackTarget: null,
        title: null,
        tags: [],
        imageOptions: {},
        externalId: null,
        metadata: {},
        batchId: null,
        forwardQuery: false,
        paused: true,
        archivedAt: noon,
        expiresAt: noon,
      });
      for (const code of [full, bare])
        for (const { codes: store } of connections()) {
          expect(await store.find(code.id)).toEqual(code);
          expect(await store.findBySlug(code.slug)).toEqual(code);
        }
      expect(await codes().find(unique('cod'))).toBeNull();
      expect(await codes().findBySlug(unique('slug'))).toBeNull();
    });

    it('is found among many, by ids and by slugs, those that there are', async () => {
      const rows = [newCode(), newCode(), newCode()];
      await codes().insert(rows);
      const byId = await codes().findMany([...rows.map(({ id }) => id), unique('cod')]);
      const bySlug = await codes().findManyBySlug([unique('slug'), ...rows.map(({ slug }) => slug)]);
      const sorted = (found: CodeRow[]) => found.toSorted((a, b) => (a.id < b.id ? -1 : 1));
      expect(sorted(byId)).toEqual(sorted(rows));
      expect(sorted(bySlug)).toEqual(sorted(rows));
      expect(await codes().findMany([])).toEqual([]);
      expect(await codes().findManyBySlug([])).toEqual([]);
    });

    it('that is inserted again is there already, and stays as it is', async () => {
      const code = await inserted();
      const moved = await retarget(codes(), code, ['https://example.org']);
      expect(await codes().insert([code])).toEqual(['exists']);
      expect(await codes().insert([{ ...code, slug: unique('other') }])).toEqual(['exists']);
      expect(await codes().find(code.id)).toEqual(moved);
    });

    it('gets a slug that another one ever had from nobody, not even of another tenant or after archiving', async () => {
      const code = await inserted();
      await codes().replace(changed(code, { archivedAt: noon }));
      const others = [newCode({ slug: code.slug }), newCode(), newCode({ slug: code.slug, tenantId: code.tenantId })];
      expect(await codes().insert(others)).toEqual(['slug-taken', 'inserted', 'slug-taken']);
      expect((await codes().findBySlug(code.slug))?.id).toBe(code.id);
      expect(await codes().findMany(others.map(({ id }) => id))).toEqual([others[1]]);
    });

    it('stands in a call of five hundred, each of which is judged on its own', async () => {
      const known = await inserted();
      const rows = Array.from({ length: 500 }, () => newCode({ tenantId: known.tenantId }));
      const twin = newCode({ slug: rows[7]?.slug as string });
      rows.splice(100, 3, known, twin, rows[8] as CodeRow);
      const answers = await codes().insert(rows);
      expect(answers.slice(100, 103)).toEqual(['exists', 'slug-taken', 'exists']);
      expect(answers.filter((answer) => answer === 'inserted')).toHaveLength(497);
      expect(await codes().findMany(rows.map(({ id }) => id))).toHaveLength(498);
      expect(await codes().insert([])).toEqual([]);
    });

    it("is replaced by its next revision only, but for what is not the caller's to change", async () => {
      const code = await inserted();
      await codes().setScanFacts([{ id: code.id, scanCount: 7, lastScannedAt: noon + 5 }]);
      const next = newCode({ id: code.id, tenantId: code.tenantId, revision: 2, title: null, tags: [], paused: true });
      const other = { ...next, archivedAt: noon, expiresAt: noon + 9, imageOptions: {}, metadata: { x: 1 } };
      expect(await codes().replace({ ...other, revision: 1 })).toBe(false);
      expect(await codes().replace({ ...other, revision: 3 })).toBe(false);
      expect(await codes().replace({ ...other, createdAt: 1, scanCount: 1, lastScannedAt: 1 })).toBe(true);
      const kept = { slug: code.slug, createdAt: code.createdAt, scanCount: 7, lastScannedAt: noon + 5 };
      expect(await codes().find(code.id)).toEqual({ ...other, ...kept });
      expect(await codes().findBySlug(next.slug)).toBeNull();
      expect(await codes().replace({ ...other, revision: 2 })).toBe(false);
      expect(await codes().replace(changed(newCode()))).toBe(false);
    });

    it('is told what its scans came to, without a revision', async () => {
      const [scanned, other] = [await inserted(), await inserted()];
      const facts = [
        { id: scanned.id, scanCount: 3, lastScannedAt: noon },
        { id: unique('cod'), scanCount: 4, lastScannedAt: noon },
      ];
      await codes().setScanFacts(facts);
      await codes().setScanFacts(facts);
      expect(await codes().find(scanned.id)).toEqual({ ...scanned, scanCount: 3, lastScannedAt: noon });
      await codes().setScanFacts([{ id: scanned.id, scanCount: 0, lastScannedAt: null }]);
      expect(await codes().find(scanned.id)).toEqual(scanned);
      expect(await codes().find(other.id)).toEqual(other);
      await codes().setScanFacts([]);
    });
  });

  describe('the history of a code', () => {
    it('has every target, newest first, page by page', async () => {
      const code = await inserted();
      const [other] = [await inserted()];
      await retarget(codes(), other, ['https://example.com/other']);
      const moved = await retarget(codes(), code, ['https://b.example', 'https://c.example', 'https://d.example']);
      expect(await codes().history(moved, { limit: 2, before: null })).toEqual([
        moved.current,
        { version: 3, target: 'https://c.example', from: noon + 2000, changedBy: 'key_next' },
      ]);
      const rest = await codes().history(moved, { limit: 200, before: 3 });
      expect(rest).toEqual([
        { version: 2, target: 'https://b.example', from: noon + 1000, changedBy: 'key_next' },
        code.current,
      ]);
      expect(await codes().history(moved, { limit: 1, before: null })).toEqual([moved.current]);
      expect(await codes().history(moved, { limit: 5, before: 1 })).toEqual([]);
    });

    it('gets nothing from a change of something else', async () => {
      const code = await inserted();
      const renamed = changed(code, { title: 'new' });
      await codes().replace(renamed);
      expect(await codes().history(renamed, { limit: 9, before: null })).toEqual([code.current]);
    });

    it('answers the versions asked for, those that there were', async () => {
      const moved = await retarget(codes(), await inserted(), ['https://b.example', 'https://c.example']);
      const found = await codes().findTargets(moved.id, [3, 1, 9]);
      expect(versionsOf(found).sort()).toEqual([1, 3]);
      expect(found.find(({ version }) => version === 3)).toEqual(moved.current);
      expect(await codes().findTargets(moved.id, [])).toEqual([]);
      expect(await codes().findTargets(unique('cod'), [1])).toEqual([]);
    });
  });

  describe('the codes of a tag or a batch', () => {
    it('are all named once, oldest first, page by page, archived ones too', async () => {
      const tenantId = unique('tenant');
      const rows = Array.from({ length: 23 }, (_, index) =>
        newCode({
          tenantId,
          tags: index % 2 === 0 ? ['even', `n ${index}`] : ['odd'],
          batchId: index < 10 ? 'bat_1' : null,
          archivedAt: index % 5 === 0 ? noon : null,
          createdAt: noon + Math.floor(index / 3),
        }),
      );
      await codes().insert([...rows, newCode({ tags: ['even'], batchId: 'bat_1' })]);
      const all = async (by: { tag: string } | { batchId: string }, limit: number): Promise<string[]> => {
        const ids: string[] = [];
        for (;;) {
          const page = await codes().idsOf(tenantId, by, { limit, after: ids.at(-1) ?? null });
          ids.push(...page);
          if (page.length < limit) return ids;
        }
      };
      const idsWhere = (holds: (index: number) => boolean) =>
        rows.filter((_, index) => holds(index)).map(({ id }) => id);
      const even = await all({ tag: 'even' }, 4);
      expect(even.toSorted()).toEqual(idsWhere((index) => index % 2 === 0).toSorted());
      const createdAt = new Map(rows.map((row) => [row.id, row.createdAt]));
      const times = even.map((id) => createdAt.get(id) as number);
      expect(times).toEqual(times.toSorted((a, b) => a - b));
      expect(await all({ tag: 'n 4' }, 1)).toEqual([rows[4]?.id]);
      expect((await all({ batchId: 'bat_1' }, 3)).toSorted()).toEqual(idsWhere((index) => index < 10).toSorted());
      expect(await all({ tag: 'eve' }, 5)).toEqual([]);
    });

    it('follow their changes', async () => {
      const code = await inserted({ tags: ['a'] });
      await codes().replace(changed(code, { tags: ['b'] }));
      const page = { limit: 5, after: null };
      expect(await codes().idsOf(code.tenantId, { tag: 'a' }, page)).toEqual([]);
      expect(await codes().idsOf(code.tenantId, { tag: 'b' }, page)).toEqual([code.id]);
      expect(await codes().list(code.tenantId, { ...wholeList, tag: 'a' })).toEqual([]);
      expect(await codes().list(code.tenantId, { ...wholeList, tag: 'b' })).toHaveLength(1);
    });
  });
}
