import { beforeEach, describe, expect, it } from 'vitest';
import type { Database, NewRender } from '../../../shared/adapters/database/database.ts';
import { newBatch, newBatchRow, newChunk, newTask } from './batch-contract.ts';
import { newCode } from './code-rows.ts';
import { newLogo, newRender, noon, renderResult, spec, workError } from './rows.ts';

/** Other tests use what is far later, and none of it is anybody's here. */
const early = 1000;
const anonymous = { tenantId: 'anonymous' };

const byBytes = (a: string, b: string): number => (a < b ? -1 : 1);
const byIdOf =
  (...rows: { id: string }[]) =>
  (a: { id: string }, b: { id: string }): number =>
    rows.findIndex(({ id }) => id === a.id) - rows.findIndex(({ id }) => id === b.id);

/** What the stores promise the purge. */
export function purgeContract(database: () => Database): void {
  const renders = () => database().renders;
  const since = (before: number, isAnonymous = false) => ({ isAnonymous, before });
  const idsWithImage = async (before: number, isAnonymous = false) =>
    (await renders().unusedImages(since(before, isAnonymous), 100)).map(({ id }) => id);
  const end = (...rows: NewRender[]) =>
    renders().end(rows.map(({ id }) => ({ id, at: early, result: renderResult, error: null })));

  describe('a walk over all rows', () => {
    it('goes through renders by id, a page at a time, and tells which have an image', async () => {
      const [drawn, open, gone] = [newRender({ spec: { ...spec, format: 'svg' } }), newRender(), newRender()];
      await renders().accept([drawn, open, gone], early);
      await end(drawn, gone);
      await renders().imagesRemoved([gone.id], early + 1);
      const found: Awaited<ReturnType<Database['renders']['walk']>> = [];
      for (let after: string | null = null; ; ) {
        const page: typeof found = await renders().walk({ after, limit: 2 });
        found.push(...page);
        after = page.at(-1)?.id ?? null;
        if (page.length < 2) break;
      }
      expect(found.map(({ id }) => id)).toEqual(found.map(({ id }) => id).toSorted(byBytes));
      expect(
        found.filter(({ id }) => [drawn.id, open.id, gone.id].includes(id)).toSorted(byIdOf(drawn, open, gone)),
      ).toEqual([
        { id: drawn.id, format: 'svg', isStored: true },
        { id: open.id, format: 'png', isStored: false },
        { id: gone.id, format: 'png', isStored: false },
      ]);
      await renders().removeUnused(since(early + 1000), 100);
    });

    it('goes through logos and batches likewise', async () => {
      const [checked, refused] = [newLogo(), newLogo()];
      await database().logos.accept([checked, refused], early);
      await database().logos.finish([
        { id: checked.id, at: early, result: { widthPx: 4, heightPx: 4 }, error: null },
        { id: refused.id, at: early, result: null, error: workError },
      ]);
      await database().logos.remove(checked.tenantId, checked.id, noon);
      const logos = await database().logos.walk({ after: null, limit: 100_000 });
      expect(logos).toContainEqual({ id: checked.id, isStored: true });
      expect(logos).toContainEqual({ id: refused.id, isStored: false });
      const last = logos.at(-1)?.id ?? '';
      expect(await database().logos.walk({ after: last, limit: 5 })).toEqual([]);

      const batch = newBatch();
      await database().batches.accept(batch, newTask());
      const batches = await database().batches.walk({ after: null, limit: 100_000 });
      expect(batches).toContainEqual(batch);
      expect(await database().batches.walk({ after: batch.id, limit: 100_000 })).toEqual(
        batches.filter(({ id }) => id > batch.id),
      );
    });
  });

  describe('renders that nobody uses', () => {
    let rows: [NewRender, NewRender, NewRender];
    const ids = () => rows.map(({ id }) => id);

    beforeEach(async () => {
      await renders().removeUnused(since(early + 1000), 100);
      for (const isAnonymous of [true, false]) {
        await renders().imagesRemoved(await idsWithImage(early + 1000, isAnonymous), early + 1000);
        await renders().removeUnused(since(early + 1000, isAnonymous), 100);
      }
      rows = [newRender({ spec: { ...spec, format: 'svg' } }), newRender(), newRender()];
      for (const [index, row] of rows.entries()) await renders().accept([row], early + index);
    });

    it('tell their images once they have ended, the longest unused first', async () => {
      const [first, second, third] = rows;
      await end(first, third);
      await renders().finish([{ id: second.id, at: early, result: null, error: workError }]);
      const format = 'png';
      expect(await renders().unusedImages(since(early + 2), 100)).toEqual([
        { id: first.id, format: 'svg' },
        { id: second.id, format },
      ]);
      expect(await renders().unusedImages(since(early + 3), 1)).toEqual([{ id: first.id, format: 'svg' }]);
      const open = newRender();
      await renders().accept([open], early);
      expect(await idsWithImage(early + 3)).toEqual(ids());
    });

    it('are those of keyless callers, or all others', async () => {
      const keyless = newRender(anonymous);
      await renders().accept([keyless], early);
      await end(...rows, keyless);
      expect(await idsWithImage(early + 3)).toEqual(ids());
      expect(await idsWithImage(early + 3, true)).toEqual([keyless.id]);
      await renders().imagesRemoved([keyless.id], early + 3);
      expect(await idsWithImage(early + 3, true)).toEqual([]);
      expect(await renders().removeUnused(since(early + 3), 100)).toBe(0);
      expect(await renders().removeUnused(since(early + 3, true), 100)).toBe(1);
      expect(await renders().find(keyless.id)).toBeNull();
    });

    it('lose their images once, and their rows only behind that', async () => {
      await end(...rows);
      expect(await renders().removeUnused(since(early + 3), 100)).toBe(0);
      await renders().imagesRemoved(ids(), early + 2);
      expect(await idsWithImage(early + 3)).toEqual([rows[2].id]);
      expect(await renders().removeUnused(since(early + 3), 1)).toBe(1);
      expect(await renders().removeUnused(since(early + 3), 5)).toBe(1);
      expect((await renders().findMany(ids())).map(({ id }) => id)).toEqual([rows[2].id]);
    });

    it('are kept by a use, whenever it comes', async () => {
      await end(...rows);
      const found = await idsWithImage(early + 3);
      await renders().touch([rows[0].id], noon);
      await renders().imagesRemoved(found, early + 3);
      await renders().touch([rows[1].id], noon);
      await renders().removeUnused(since(early + 3), 100);
      expect((await renders().findMany(ids())).map(({ id }) => id).sort()).toEqual([rows[0].id, rows[1].id].sort());
      for (const { id } of rows.slice(0, 2)) expect(await idsWithImage(noon + 1)).toContain(id);
    });

    it('have images again when they are drawn again', async () => {
      await end(...rows);
      await renders().imagesRemoved(ids(), early + 3);
      await renders().reopen(rows[0].id, 'job', early + 5);
      expect(await renders().removeUnused({ isAnonymous: false, before: early + 3 }, 100)).toBe(2);
      await end(rows[0]);
      expect(await idsWithImage(early + 3)).toEqual([rows[0].id]);
      await renders().removeUnused(since(early + 3), 100);
      expect(await renders().find(rows[0].id)).not.toBeNull();
    });

    it('have images again when they failed and are started anew', async () => {
      await renders().finish([{ id: rows[0].id, at: early, result: null, error: workError }]);
      await renders().imagesRemoved([rows[0].id], early + 3);
      await renders().accept([rows[0]], early + 1);
      await end(rows[0]);
      expect(await idsWithImage(early + 3)).toEqual([rows[0].id]);
    });

    it('stay while they have something to tell', async () => {
      const { id } = rows[0];
      await renders().end([{ id, at: early, result: renderResult, error: null, isWanted: true }]);
      await renders().imagesRemoved([id], early + 3);
      expect(await renders().removeUnused(since(early + 3), 100)).toBe(0);
      const told = (await renders().toTell(200)).filter(({ row }) => row.id === id);
      await renders().told(told);
      expect(await renders().removeUnused(since(early + 3), 100)).toBe(1);
    });
  });

  describe('deleted logos', () => {
    const logos = () => database().logos;

    it('are found, the longest deleted first, page by page', async () => {
      const all = [newLogo(), newLogo(), newLogo()];
      await logos().accept([...all, newLogo()], early);
      for (const [index, { id }] of all.entries()) await logos().remove('default', id, early + Math.ceil(index / 2));
      const found: string[] = [];
      for (let after: { deletedAt: number; id: string } | null = null; ; ) {
        const page: { deletedAt: number; id: string }[] = await logos().deleted({ before: early + 2, limit: 1, after });
        if (page[0] === undefined) break;
        found.push(page[0].id);
        after = page[0];
      }
      expect(found).toEqual([all[0]?.id, ...[all[1]?.id, all[2]?.id].sort()]);
      expect(await logos().deleted({ before: early, limit: 5, after: null })).toEqual([]);
      for (const id of found) expect(await logos().purge(id, early + 2)).toBe(true);
      expect(await logos().deleted({ before: early + 2, limit: 5, after: null })).toEqual([]);
      expect(await logos().find(found[0] as string)).toBeNull();
    });

    it('are kept when they came back meanwhile, or were never deleted', async () => {
      const [back, kept] = [newLogo(), newLogo()];
      await logos().accept([back, kept], early);
      await logos().remove('default', back.id, early);
      await logos().accept([back], early + 1);
      for (const { id } of [back, kept]) {
        expect(await logos().purge(id, noon * 2)).toBe(false);
        expect(await logos().find(id)).not.toBeNull();
      }
    });

    it('are known to be in renders and in codes', async () => {
      const [ofRender, ofCode, unused] = [newLogo().id, newLogo().id, newLogo().id];
      await renders().accept([newRender({ spec: { ...spec, logo: { id: ofRender, ratio: 0.2 } } })], noon);
      await database().codes.insert([newCode({ imageOptions: { logo: { id: ofCode, ratio: 0.2 } } })]);
      const known = async (id: string) => [await renders().hasLogo(id), await database().codes.hasLogo(id)];
      expect(await known(ofRender)).toEqual([true, false]);
      expect(await known(ofCode)).toEqual([false, true]);
      expect(await known(unused)).toEqual([false, false]);
    });
  });

  describe('expired batches', () => {
    const batches = () => database().batches;

    it('lose rows and chunks, in steps, and keep their record for a while', async () => {
      const [batch, other] = [newBatch({ expiresAt: 5 }), newBatch()];
      for (const one of [batch, other]) {
        await batches().accept(one, newTask());
        await batches().insertRows([1, 2, 3].map((row) => newBatchRow(one, row)));
        await batches().insertChunks([newChunk(one, 1)]);
      }
      expect(await batches().removeRows(batch.id, 2)).toBe(false);
      expect(await batches().removeRows(batch.id, 2)).toBe(true);
      expect(await batches().lastRow(batch.id)).toBe(0);
      expect(await batches().findChunk(newChunk(batch, 1).id)).toBeNull();
      expect(await batches().lastRow(other.id)).toBe(3);

      const finalCounts = { queued: 0, running: 0, completed: 2, failed: 1, cancelled: 0 };
      const purged = { ...batch, finalCounts, purgedAt: early, revision: 2 };
      expect(await batches().replace(purged)).toBe(true);
      expect(await batches().find(batch.id)).toEqual(purged);
      expect((await batches().expired({ before: early, limit: 100 })).map(({ id }) => id)).not.toContain(batch.id);
      expect(await batches().removePurged(early, 100)).toBe(0);
      expect(await batches().removePurged(early + 1, 100)).toBe(1);
      expect(await batches().find(batch.id)).toBeNull();
      expect(await batches().find(other.id)).toEqual(other);
    });
  });
}
