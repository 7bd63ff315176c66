import { describe, expect, it } from 'vitest';
import type { AuditQuery, AuditRow } from '../../../shared/adapters/database/audit-store.ts';
import type { Database } from '../../../shared/adapters/database/database.ts';
import type { UsageDay } from '../../../shared/adapters/database/usage-store.ts';
import { noon, unique } from './rows.ts';

export function newAuditRow(more: Partial<AuditRow> = {}): AuditRow {
  return {
    id: unique('aud'),
    tenantId: unique('tenant'),
    keyId: 'key_a',
    action: 'code.update',
    objectId: unique('cod'),
    changes: [{ field: 'tags', before: ['a'], after: null }],
    requestId: 'req',
    createdAt: noon,
    ...more,
  };
}

export const auditQuery: AuditQuery = {
  tenantId: null,
  action: null,
  objectId: null,
  from: 0,
  to: 10 * noon,
  limit: 10,
  order: 'newest-first',
  after: null,
};

const usageDay = (tenantId: string, day: string, more: Partial<UsageDay> = {}): UsageDay => ({
  tenantId,
  day,
  calls: 0,
  renders: 0,
  batchRows: 0,
  codes: 0,
  ...more,
});

/** What the record of changes and the counts of use promise. */
export function recordsContract(connections: () => Database[]): void {
  const database = () => connections()[0] as Database;

  describe('the record of changes', () => {
    const audit = () => database().audit;
    const idsOf = async (query: Partial<AuditQuery>) =>
      (await audit().list({ ...auditQuery, ...query })).map(({ id }) => id);

    it('keeps a row once, as it was written first', async () => {
      const row = newAuditRow();
      const other = newAuditRow();
      await audit().insert([row]);
      await audit().insert([{ ...row, action: 'code.delete' }, other]);
      expect(await audit().list({ ...auditQuery, objectId: other.objectId })).toEqual([other]);
      expect(await audit().list({ ...auditQuery, objectId: row.objectId })).toEqual([row]);
    });

    it('is listed by tenant, action, object and time, and by several of them', async () => {
      const [tenantId, objectId, action] = [unique('tenant'), unique('cod'), unique('act')];
      const a = newAuditRow({ tenantId, objectId, action });
      const b = newAuditRow({ tenantId, objectId, createdAt: noon + 1 });
      const c = newAuditRow({ tenantId, action, createdAt: noon + 2 });
      const d = newAuditRow({ action, createdAt: noon + 3 });
      await audit().insert([a, b, c, d]);
      expect(await idsOf({ tenantId })).toEqual([c.id, b.id, a.id]);
      expect(await idsOf({ action })).toEqual([d.id, c.id, a.id]);
      expect(await idsOf({ tenantId, action })).toEqual([c.id, a.id]);
      expect(await idsOf({ objectId })).toEqual([b.id, a.id]);
      expect(await idsOf({ objectId, action })).toEqual([a.id]);
      expect(await idsOf({ objectId, tenantId: d.tenantId })).toEqual([]);
      expect(await idsOf({ tenantId, from: noon + 1 })).toEqual([c.id, b.id]);
      expect(await idsOf({ tenantId, to: noon + 1 })).toEqual([a.id]);
      expect(await idsOf({ tenantId, from: noon + 1, to: noon + 2, order: 'oldest-first' })).toEqual([b.id]);
      expect(await idsOf({ from: noon, to: noon + 4, limit: 200 })).toEqual(
        expect.arrayContaining([a, b, c, d].map(({ id }) => id)),
      );
    });

    it('is paged in both orders, rows of one millisecond by their id', async () => {
      const tenantId = unique('tenant');
      const rows = [0, 1, 2, 3, 4, 5].map((n) => newAuditRow({ tenantId, createdAt: noon + Math.floor(n / 3) }));
      await audit().insert(rows);
      const sorted = rows.toSorted((x, y) => x.createdAt - y.createdAt || (x.id < y.id ? -1 : 1)).map(({ id }) => id);
      for (const order of ['oldest-first', 'newest-first'] as const) {
        const found: string[] = [];
        for (let after: AuditQuery['after'] = null; ; ) {
          const page = await audit().list({ ...auditQuery, tenantId, order, after, limit: 2 });
          found.push(...page.map(({ id }) => id));
          after = page.at(-1) ?? null;
          if (after === null) break;
        }
        expect(found).toEqual(order === 'oldest-first' ? sorted : sorted.toReversed());
      }
    });
  });

  describe('the record of changes that has outlived its time', () => {
    it('is removed, the oldest first, so many at a time', async () => {
      const early = 1000;
      const rows = [early + 2, early, early + 1, early + 3].map((createdAt) => newAuditRow({ createdAt }));
      const { audit } = database();
      await audit.insert(rows);
      const left = async () => (await audit.list({ ...auditQuery, to: early + 10 })).map(({ createdAt }) => createdAt);
      expect(await audit.purge(early + 3, 2)).toBe(2);
      expect(await left()).toEqual([early + 3, early + 2]);
      expect(await audit.purge(early + 3, 2)).toBe(1);
      expect(await audit.purge(early + 3, 2)).toBe(0);
      expect(await left()).toEqual([early + 3]);
      expect(await audit.purge(early + 4, 2)).toBe(1);
    });
  });

  describe('the counts of use', () => {
    it('of days before one are removed, of all tenants, so many at a time', async () => {
      const [one, other] = [unique('tenant'), unique('tenant')];
      const { usage } = database();
      const days = ['2001-01-01', '2001-01-02', '2001-01-03'];
      await usage.add([one, other].flatMap((tenantId) => days.map((day) => usageDay(tenantId, day, { calls: 1 }))));
      expect([await usage.purge('2001-01-03', 3), await usage.purge('2001-01-03', 3)]).toEqual([3, 1]);
      for (const tenantId of [one, other])
        expect((await usage.list(tenantId, { from: '2001', to: '2002' })).map(({ day }) => day)).toEqual([
          '2001-01-03',
        ]);
      expect([await usage.purge('2001-01-04', 3), await usage.purge('2001-01-04', 3)]).toEqual([2, 0]);
    });

    it('add up whatever connection they come by', async () => {
      const tenantId = unique('tenant');
      const adds = Array.from({ length: 12 }, (_, index) =>
        connections()[index % connections().length]?.usage.add([
          usageDay(tenantId, '2026-11-23', { calls: 2, renders: 1 }),
          usageDay(tenantId, '2026-11-24', { batchRows: 1000 }),
        ]),
      );
      await Promise.all(adds);
      const first = usageDay(tenantId, '2026-11-23', { calls: 24, renders: 12 });
      const second = usageDay(tenantId, '2026-11-24', { batchRows: 12_000 });
      expect(await database().usage.find(tenantId, '2026-11-23')).toEqual(first);
      expect(await database().usage.find(tenantId, '2026-11-25')).toBeNull();
      expect(await database().usage.list(tenantId, { from: '2026-11-01', to: '2026-12-01' })).toEqual([first, second]);
      expect(await database().usage.list(tenantId, { from: '2026-11-24', to: '2026-11-25' })).toEqual([second]);
      expect(await database().usage.list(tenantId, { from: '2026-11-01', to: '2026-11-23' })).toEqual([]);
    });
  });
}
