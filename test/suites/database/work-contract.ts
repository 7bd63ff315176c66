import { describe, expect, it } from 'vitest';
import type { Millis, WorkStatus, WorkStore } from '../../../shared/adapters/database/database.ts';
import { noon, unique, workError } from './rows.ts';

export type Work = {
  id: string;
  status: WorkStatus;
  jobId: string;
  suspect: boolean;
  starts: number;
  createdAt: Millis;
  queuedAt: Millis;
  completedAt: Millis | null;
};
type NewWork = { id: string; tenantId: string; jobId: string };

/** What renders and logos promise alike. */
export function workContract<Row extends Work, New extends NewWork, Result>(
  name: string,
  store: () => WorkStore<Row, New, Result>,
  make: (row?: Partial<NewWork>) => New,
  result: Result,
): void {
  const completed = (id: string, at = noon + 5) => ({ id, at, result, error: null });
  const failed = (id: string, at = noon + 5) => ({ id, at, result: null, error: workError });
  const accept = async (row: New, now = noon) => (await store().accept([row], now))[0];

  describe(`accept of ${name}`, () => {
    it('inserts what is new and answers it as it is stored', async () => {
      const row = make();
      const accepted = await accept(row);
      expect(accepted).toMatchObject({
        started: true,
        row: { ...row, status: 'queued', result: null, error: null, suspect: false, starts: 0, createdAt: noon },
      });
      expect(await store().find(row.id)).toEqual(accepted?.row);
    });

    it('answers in the order given, and starts an id that stands twice once, by its first', async () => {
      const [a, b] = [make(), make()];
      const again = { ...a, jobId: unique('job') };
      const answers = await store().accept([b, a, again, b], noon);
      expect(answers.map(({ row }) => row.id)).toEqual([b.id, a.id, a.id, b.id]);
      expect(answers.map(({ started }) => started)).toEqual([true, true, false, false]);
      expect((await store().find(a.id))?.jobId).toBe(a.jobId);
    });

    it('leaves open and completed rows as they are', async () => {
      const [open, running, done] = [make(), make(), make()];
      await store().accept([open, running, done], noon);
      await store().countStart(running.id, noon);
      await store().finish([completed(done.id)]);
      const before = await Promise.all([open, running, done].map(({ id }) => store().find(id)));
      const others = [open, running, done].map((row) => ({ ...row, jobId: unique('job') }));
      const answers = await store().accept(others, noon + 99);
      expect(answers).toEqual(before.map((row) => ({ row, started: false })));
    });

    it('starts a failed row anew, with nothing left of the first run but when it was made', async () => {
      const row = make();
      await accept(row);
      await store().requeue([{ id: row.id, jobId: unique('job'), suspect: true }], noon + 1);
      await store().countStart(row.id, noon + 2);
      await store().finish([failed(row.id)]);
      const jobId = unique('job');
      const accepted = await accept({ ...row, jobId }, noon + 10);
      expect(accepted).toMatchObject({
        started: true,
        row: { status: 'queued', result: null, error: null, jobId, suspect: false, starts: 0, completedAt: null },
      });
      expect(accepted?.row).toMatchObject({ createdAt: noon, queuedAt: noon + 10 });
      expect(await store().find(row.id)).toEqual(accepted?.row);
    });

    it('tells a repeated accept with the same job that it started the row, as its first answer may be lost', async () => {
      const row = make();
      await accept(row);
      expect(await accept(row, noon + 1)).toMatchObject({ started: true, row: { queuedAt: noon } });
      await store().finish([completed(row.id)]);
      expect(await accept(row, noon + 9)).toMatchObject({ started: false, row: { status: 'completed' } });
    });

    it('takes nothing and answers nothing', async () => {
      expect(await store().accept([], noon)).toEqual([]);
      expect(await store().finish([])).toEqual([]);
      expect(await store().findMany([])).toEqual([]);
      await store().requeue([], noon);
    });
  });

  describe(`look-ups of ${name}`, () => {
    it('find those that exist, each once', async () => {
      const [a, b] = [make(), make()];
      await store().accept([a, b], noon);
      const rows = await store().findMany([a.id, unique('none'), b.id, a.id]);
      expect(rows.map(({ id }) => id).sort()).toEqual([a.id, b.id].sort());
      expect(await store().find(unique('none'))).toBeNull();
    });
  });

  describe(`finish of ${name}`, () => {
    it('ends open rows in one call, completed and failed ones, and answers which', async () => {
      const [good, bad, over, gone] = [make(), make(), make(), make()];
      await store().accept([good, bad, over], noon);
      await store().countStart(bad.id, noon);
      await store().finish([completed(over.id, noon + 1)]);
      const ended = await store().finish([completed(good.id), failed(bad.id), failed(over.id), completed(gone.id)]);
      expect(ended.sort()).toEqual([good.id, bad.id].sort());
      expect(await store().find(good.id)).toMatchObject({ status: 'completed', result, error: null });
      const ofBad = { status: 'failed', result: null, error: workError, completedAt: noon + 5 };
      expect(await store().find(bad.id)).toMatchObject(ofBad);
      expect(await store().find(over.id)).toMatchObject({ status: 'completed', completedAt: noon + 1 });
    });

    it('takes the first outcome of an id that stands twice', async () => {
      const row = make();
      await accept(row);
      expect(await store().finish([failed(row.id), completed(row.id)])).toEqual([row.id]);
      expect((await store().find(row.id))?.status).toBe('failed');
    });

    it('answers none of the rows that another call ended', async () => {
      const rows = Array.from({ length: 8 }, () => make());
      await store().accept(rows, noon);
      const ended = await Promise.all(
        Array.from({ length: 5 }, () => store().finish(rows.map(({ id }) => completed(id)))),
      );
      expect(ended.flat().sort()).toEqual(rows.map(({ id }) => id).sort());
    });
  });

  describe(`open work of ${name}`, () => {
    it('comes oldest first, page by page, rows of the same millisecond by id', async () => {
      const base = noon + Math.floor(Math.random() * 1e9) * 1000;
      const rows = Array.from({ length: 7 }, () => make());
      for (const [index, row] of rows.entries()) await accept(row, base + Math.floor(index / 3));
      const [ended] = rows.splice(4, 1);
      await store().finish([completed((ended as New).id)]);
      const expected = rows.map(({ id, jobId }) => ({ id, jobId, suspect: false }));
      const pages = [];
      let after: { queuedAt: Millis; id: string } | null = { queuedAt: base - 1, id: '' };
      while (after !== null) {
        const page = await store().openWork({ before: base + 3, limit: 2, after });
        pages.push(...page);
        after = page.at(-1) ?? null;
      }
      const order = (row: { queuedAt: Millis; id: string }) => `${row.queuedAt} ${row.id}`;
      expect(pages.map(order)).toEqual(pages.map(order).sort());
      expect(new Set(pages.map(({ id }) => id)).size).toBe(6);
      expect(pages).toEqual(expect.arrayContaining(expected.map((row) => expect.objectContaining(row))));
    });

    it('leaves out what was queued at `before` or later, and begins at the oldest without `after`', async () => {
      const row = make();
      await accept(row, 5);
      expect((await store().openWork({ before: 5, limit: 10, after: null })).map(({ id }) => id)).not.toContain(row.id);
      expect((await store().openWork({ before: 6, limit: 1, after: null }))[0]?.queuedAt).toBeLessThanOrEqual(5);
      await store().finish([completed(row.id)]);
    });
  });

  describe(`requeue of ${name}`, () => {
    it('notes the new job of open rows, and keeps a suspect one', async () => {
      const [row, done] = [make(), make()];
      await store().accept([row, done], noon);
      await store().finish([completed(done.id)]);
      const [first, second] = [unique('job'), unique('job')];
      await store().requeue(
        [row, done].map(({ id }) => ({ id, jobId: first, suspect: true })),
        noon + 1,
      );
      expect(await store().find(row.id)).toMatchObject({ jobId: first, suspect: true, queuedAt: noon + 1 });
      expect(await store().find(done.id)).toMatchObject({ jobId: done.jobId, suspect: false, queuedAt: noon });
      await store().countStart(row.id, noon + 2);
      await store().requeue([{ id: row.id, jobId: second, suspect: false }], noon + 3);
      expect(await store().find(row.id)).toMatchObject({ jobId: second, suspect: true, starts: 1, status: 'queued' });
    });
  });

  describe(`countStart of ${name}`, () => {
    it('counts each start of an open row once, and none of others', async () => {
      const row = make();
      await accept(row);
      for (const count of [1, 2, 3]) expect(await store().countStart(row.id, noon)).toBe(count);
      // What each of several at once is told may already count the others (mongo-java-server answers the document as it is by then).
      const counts = await Promise.all(Array.from({ length: 7 }, () => store().countStart(row.id, noon)));
      expect(Math.min(...counts)).toBeGreaterThan(3);
      expect(Math.max(...counts)).toBe(10);
      expect(await store().find(row.id)).toMatchObject({ status: 'running', starts: 10, queuedAt: noon });
      await store().finish([failed(row.id)]);
      expect(await store().countStart(row.id, noon)).toBe(0);
      expect(await store().countStart(unique('none'), noon)).toBe(0);
    });
  });
}
