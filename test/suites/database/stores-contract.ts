import { describe, expect, it } from 'vitest';
import type { Database, Page } from '../../../shared/adapters/database/database.ts';
import { newLogo, newRender, noon, renderResult, unique, workError } from './rows.ts';

const page = (over: Partial<Page> = {}): Page => ({
  limit: 200,
  order: 'newest-first',
  after: null,
  status: null,
  ...over,
});

/** What only renders promise. */
export function rendersContract(database: () => Database): void {
  const renders = () => database().renders;

  describe('renders', () => {
    it('list one tenant, newest or oldest first, page by page, of one status or all', async () => {
      const tenantId = unique('tenant');
      const rows = Array.from({ length: 9 }, () => newRender({ tenantId }));
      for (const [index, row] of rows.entries()) await renders().accept([row], noon + Math.floor(index / 4));
      await renders().accept([newRender({ tenantId: unique('tenant') })], noon);
      const failedIds = rows.slice(2, 7).map(({ id }) => id);
      await renders().finish(failedIds.map((id) => ({ id, at: noon, result: null, error: workError })));

      const everyPage = async (over: Partial<Page>): Promise<string[]> => {
        const ids: string[] = [];
        for (let after: Page['after'] = null; ; ) {
          const got = await renders().list(tenantId, page({ ...over, after, limit: 2 }));
          ids.push(...got.map(({ id }) => id));
          after = got.at(-1) ?? null;
          if (after === null) return ids;
        }
      };
      const stored = await renders().findMany(rows.map(({ id }) => id));
      const oldest = stored.sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1)).map(({ id }) => id);
      const failedOnes = oldest.filter((id) => failedIds.includes(id));
      expect(await everyPage({ order: 'oldest-first' })).toEqual(oldest);
      expect(await everyPage({ order: 'newest-first' })).toEqual(oldest.toReversed());
      expect(await everyPage({ order: 'oldest-first', status: 'failed' })).toEqual(failedOnes);
      expect(await everyPage({ order: 'newest-first', status: 'failed' })).toEqual(failedOnes.toReversed());
      expect(await everyPage({ order: 'oldest-first', status: 'running' })).toEqual([]);
    });

    it('are opened again when completed, once', async () => {
      const row = newRender();
      await renders().accept([row], noon);
      expect(await renders().reopen(row.id, unique('job'), noon)).toBe(false);
      await renders().finish([{ id: row.id, at: noon + 1, result: renderResult, error: null }]);
      const jobIds = Array.from({ length: 6 }, () => unique('job'));
      const opened = await Promise.all(jobIds.map((jobId) => renders().reopen(row.id, jobId, noon + 2)));
      expect(opened.filter(Boolean)).toHaveLength(1);
      const reopened = { status: 'queued', result: null, completedAt: null, queuedAt: noon + 2, createdAt: noon };
      expect(await renders().find(row.id)).toMatchObject({ ...reopened, jobId: jobIds[opened.indexOf(true)] });
      expect(await renders().reopen(unique('none'), unique('job'), noon)).toBe(false);
    });

    it('are removed by their tenant only, whatever their status, and never end afterwards', async () => {
      const row = newRender();
      await renders().accept([row], noon);
      expect(await renders().remove('another', row.id)).toBe(false);
      expect(await renders().remove(row.tenantId, row.id)).toBe(true);
      expect(await renders().remove(row.tenantId, row.id)).toBe(false);
      expect(await renders().finish([{ id: row.id, at: noon, result: renderResult, error: null }])).toEqual([]);
      expect(await renders().find(row.id)).toBeNull();
      expect(await renders().accept([row], noon + 1)).toMatchObject([{ started: true, row: { createdAt: noon + 1 } }]);
    });

    it('note when they were used last: when accepted, started anew and touched', async () => {
      const [row, other] = [newRender(), newRender()];
      await renders().accept([row, other], noon);
      await renders().touch([row.id, unique('none')], noon + 7);
      expect(await renders().find(row.id)).toMatchObject({ lastUsedAt: noon + 7, queuedAt: noon });
      expect(await renders().find(other.id)).toMatchObject({ lastUsedAt: noon });
      await renders().touch([], noon);
      await renders().finish([{ id: other.id, at: noon, result: null, error: workError }]);
      await renders().accept([other], noon + 8);
      expect(await renders().find(other.id)).toMatchObject({ lastUsedAt: noon + 8 });
    });
  });
}

/** What only logos promise. */
export function logosContract(database: () => Database): void {
  const logos = () => database().logos;
  const result = { widthPx: 400, heightPx: 300 };

  describe('logos', () => {
    it('list completed ones that are not deleted', async () => {
      const tenantId = unique('tenant');
      const [kept, older, deleted, open, failed] = Array.from({ length: 5 }, () => newLogo({ tenantId }));
      if (!kept || !older || !deleted || !open || !failed) throw new Error('five logos');
      await logos().accept([older], noon - 1);
      await logos().accept([kept, deleted, open, failed], noon);
      await logos().finish([kept, older, deleted].map(({ id }) => ({ id, at: noon, result, error: null })));
      await logos().finish([{ id: failed.id, at: noon, result: null, error: workError }]);
      await logos().remove(tenantId, deleted.id, noon);
      const ids = async (over: Partial<Page>) => (await logos().list(tenantId, page(over))).map(({ id }) => id);
      expect(await ids({})).toEqual([kept.id, older.id]);
      expect(await ids({ order: 'oldest-first', status: 'completed' })).toEqual([older.id, kept.id]);
      expect(await ids({ after: { createdAt: noon, id: kept.id } })).toEqual([older.id]);
      expect(await ids({ order: 'oldest-first', after: { createdAt: noon - 1, id: older.id } })).toEqual([kept.id]);
      expect(await ids({ status: 'failed' })).toEqual([]);
    });

    it('are deleted by their tenant, once; the row stays', async () => {
      const logo = newLogo();
      await logos().accept([logo], noon);
      await logos().finish([{ id: logo.id, at: noon, result, error: null }]);
      expect(await logos().remove('another', logo.id, noon)).toBe(false);
      expect(await logos().remove(logo.tenantId, logo.id, noon + 3)).toBe(true);
      expect(await logos().remove(logo.tenantId, logo.id, noon + 4)).toBe(false);
      expect(await logos().find(logo.id)).toMatchObject({ status: 'completed', result, deletedAt: noon + 3 });
    });

    it('come back when they are accepted again, and are checked again', async () => {
      const [done, open] = [newLogo(), newLogo()];
      await logos().accept([done, open], noon);
      await logos().finish([{ id: done.id, at: noon, result, error: null }]);
      for (const { tenantId, id } of [done, open]) await logos().remove(tenantId, id, noon);
      const again = [done, open].map((logo) => ({ ...logo, jobId: unique('job') }));
      const answers = await logos().accept(again, noon + 5);
      const started = { status: 'queued', result: null, deletedAt: null, queuedAt: noon + 5, createdAt: noon };
      expect(answers).toMatchObject(again.map(({ jobId }) => ({ started: true, row: { ...started, jobId } })));
    });
  });
}
