import { describe, expect, it } from 'vitest';
import type { Database } from '../../../shared/adapters/database/database.ts';
import type { RenderEnd, RenderToTell } from '../../../shared/adapters/database/webhook-store.ts';
import { newRender, noon, renderResult, unique, workError } from './rows.ts';

const call = (id: string) => ({ id, url: `https://example.com/${id}` });
const good = (id: string, at = noon + 1) => ({ id, at, result: renderResult, error: null });
const bad = (id: string, at = noon + 1) => ({ id, at, result: null, error: workError });
const completed: RenderEnd = {
  status: 'completed',
  at: noon + 1,
  result: renderResult,
  error: null,
  callbacks: [],
  isForWebhooks: true,
};
const failed: RenderEnd = { ...completed, status: 'failed', result: null, error: workError };

/** What the renders' outbox promises. */
export function renderOutboxContract(connections: () => Database[]): void {
  const renders = () => (connections()[0] as Database).renders;

  const accepted = async (jobId = unique('job')) => {
    const row = newRender({ jobId });
    await renders().accept([row], noon);
    return row;
  };
  const toTell = async (id: string): Promise<RenderToTell | undefined> =>
    (await renders().toTell(10_000)).find(({ row }) => row.id === id);
  const endsOf = async (id: string) => (await toTell(id))?.ends ?? null;
  const clear = async (id: string) => {
    const told = await toTell(id);
    if (told) await renders().told([told]);
  };

  describe('the outbox of renders', () => {
    it('has the ends that are wanted, in the write that ends the row, and no others', async () => {
      const [wanted, unwanted, broken] = [await accepted(), await accepted(), await accepted()];
      const told = await renders().end([
        { ...good(wanted.id), isWanted: true },
        { ...good(unwanted.id), isWanted: false },
        { ...bad(broken.id), isWanted: true },
        { ...good(unique('none')), isWanted: true },
      ]);
      expect(told).toEqual([
        { id: wanted.id, toTell: true },
        { id: unwanted.id, toTell: false },
        { id: broken.id, toTell: true },
      ]);
      expect(await renders().end([{ ...good(wanted.id), isWanted: true }])).toEqual([]);
      expect(await endsOf(wanted.id)).toEqual([completed]);
      expect(await endsOf(unwanted.id)).toBeNull();
      expect(await endsOf(broken.id)).toEqual([failed]);
      expect((await toTell(wanted.id))?.row).toEqual(await renders().find(wanted.id));
      for (const { id } of [wanted, broken]) await clear(id);
      expect(await endsOf(wanted.id)).toBeNull();
    });

    it('tells callbacks of an open row at its end, whether anybody else wants it or not', async () => {
      const [one, two] = [await accepted(), await accepted()];
      expect(await renders().addCallbacks([{ id: one.id, callbacks: [call('a')] }], noon)).toEqual([]);
      const more = [
        { id: one.id, callbacks: [call('b'), call('c')] },
        { id: two.id, callbacks: [call('d')] },
        { id: unique('none'), callbacks: [call('e')] },
      ];
      expect(await renders().addCallbacks(more, noon)).toEqual([]);
      expect(await endsOf(one.id)).toBeNull();
      const told = await renders().end([good(one.id), { ...bad(two.id), isWanted: true }]);
      expect(told.sort((a, b) => (a.id === one.id ? -1 : 1) - (b.id === one.id ? -1 : 1))).toEqual([
        { id: one.id, toTell: true },
        { id: two.id, toTell: true },
      ]);
      const callbacks = [call('a'), call('b'), call('c')];
      expect(await endsOf(one.id)).toEqual([{ ...completed, callbacks, isForWebhooks: false }]);
      expect(await endsOf(two.id)).toEqual([{ ...failed, callbacks: [call('d')] }]);
      for (const { id } of [one, two]) await clear(id);
    });

    it('tells callbacks of a row that has ended at once, them alone', async () => {
      const [done, broken] = [await accepted(), await accepted()];
      await renders().end([good(done.id), bad(broken.id)]);
      const added = [done, broken].map(({ id }) => ({ id, callbacks: [call(id)] }));
      expect((await renders().addCallbacks(added, noon + 5)).sort()).toEqual([done.id, broken.id].sort());
      expect(await endsOf(done.id)).toEqual([{ ...completed, callbacks: [call(done.id)], isForWebhooks: false }]);
      expect(await endsOf(broken.id)).toEqual([{ ...failed, callbacks: [call(broken.id)], isForWebhooks: false }]);
      for (const { id } of [done, broken]) await clear(id);
    });

    it('keeps an end as it was when the row is started anew, and adds the next', async () => {
      const row = await accepted();
      await renders().end([{ ...bad(row.id), isWanted: true }]);
      await renders().accept([{ ...row, jobId: unique('job') }], noon + 2);
      await renders().addCallbacks([{ id: row.id, callbacks: [call('new')] }], noon + 2);
      expect(await endsOf(row.id)).toEqual([failed]);
      await renders().end([{ ...good(row.id, noon + 3), isWanted: true }]);
      const next = { ...completed, at: noon + 3, callbacks: [call('new')] };
      expect(await endsOf(row.id)).toEqual([failed, next]);
      await clear(row.id);
    });

    it('is not cleared of what was marked after it was read', async () => {
      const row = await accepted();
      await renders().end([{ ...good(row.id), isWanted: true }]);
      const read = await toTell(row.id);
      await renders().addCallbacks([{ id: row.id, callbacks: [call('late')] }], noon);
      if (read) await renders().told([read]);
      expect(await endsOf(row.id)).toHaveLength(2);
      await clear(row.id);
      expect(await endsOf(row.id)).toBeNull();
      await renders().told([]);
    });

    it('has no news of a row that is only drawn again, but for its callbacks', async () => {
      const [plain, called] = [await accepted(), await accepted()];
      await renders().end([good(plain.id), good(called.id)]);
      for (const { id } of [plain, called]) expect(await renders().reopen(id, unique('job'), noon + 2)).toBe(true);
      await renders().addCallbacks([{ id: called.id, callbacks: [call('again')] }], noon + 2);
      const ended = await renders().end([plain, called].map(({ id }) => ({ ...good(id, noon + 3), isWanted: true })));
      expect(ended.map(({ id }) => id).sort()).toEqual([plain.id, called.id].sort());
      expect(await endsOf(plain.id)).toBeNull();
      const again = { ...completed, at: noon + 3, callbacks: [call('again')], isForWebhooks: false };
      expect(await endsOf(called.id)).toEqual([again]);
      await clear(called.id);
    });

    it('tells again of a row that failed to be drawn again and was asked for anew', async () => {
      const row = await accepted();
      await renders().end([good(row.id)]);
      await renders().reopen(row.id, unique('job'), noon + 2);
      await renders().end([{ ...bad(row.id, noon + 3), isWanted: true }]);
      await renders().accept([{ ...row, jobId: unique('job') }], noon + 4);
      await renders().end([{ ...good(row.id, noon + 5), isWanted: true }]);
      expect(await endsOf(row.id)).toEqual([{ ...completed, at: noon + 5 }]);
      await clear(row.id);
    });

    it('reads the longest marked first, and so many as are asked for', async () => {
      const rows = await Promise.all([accepted(), accepted(), accepted()]);
      const long = 1000;
      for (const [index, { id }] of rows.entries())
        await renders().end([{ ...good(id, long - index), isWanted: true }]);
      const ids = (await renders().toTell(2)).map(({ row }) => row.id);
      expect(ids).toEqual([rows[2]?.id, rows[1]?.id]);
      for (const { id } of rows) await clear(id);
    });

    it('loses no callback when it is added while the row ends', async () => {
      const rows = await Promise.all(Array.from({ length: 20 }, () => accepted()));
      await Promise.all(
        rows.flatMap((row, index) => {
          const other = connections()[index % connections().length] as Database;
          return [
            other.renders.addCallbacks([{ id: row.id, callbacks: [call('race')] }], noon),
            renders().end([good(row.id)]),
          ];
        }),
      );
      for (const { id } of rows) {
        const told = (await endsOf(id)) ?? [];
        expect(told.flatMap(({ callbacks }) => callbacks)).toEqual([call('race')]);
        await clear(id);
      }
    });
  });
}
