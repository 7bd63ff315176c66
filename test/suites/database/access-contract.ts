import { describe, expect, it } from 'vitest';
import {
  type KeyRow,
  type ListedPage,
  noQuotas,
  type TenantRow,
} from '../../../shared/adapters/database/access-store.ts';
import type { Database } from '../../../shared/adapters/database/database.ts';
import { noon, unique } from './rows.ts';

export function newKey(more: Partial<KeyRow> = {}): KeyRow {
  return {
    id: unique('key'),
    tenantId: unique('tenant'),
    name: 'shop',
    role: 'write',
    hash: unique('hash'),
    previousHash: null,
    previousUntil: null,
    expiresAt: null,
    lastUsedAt: null,
    createdAt: noon,
    ...more,
  };
}

export function newTenant(more: Partial<TenantRow> = {}): TenantRow {
  const times = { createdAt: noon, updatedAt: noon };
  return { id: unique('tnt'), name: 'Ünited', status: 'active', quotas: noQuotas, revision: 1, ...times, ...more };
}

const firstPage: ListedPage = { limit: 2, order: 'newest-first', after: null };

/** What keys and tenants promise. */
export function accessContract(connections: () => Database[]): void {
  const database = () => connections()[0] as Database;

  describe('keys', () => {
    const keys = () => database().keys;

    it('are found by their hash, inserted once', async () => {
      const key = newKey({ expiresAt: noon + 5 });
      expect(await keys().findByHash(key.hash)).toBeNull();
      expect([await keys().insert(key), await keys().insert({ ...key, name: 'other' })]).toEqual([true, false]);
      expect(await keys().findByHash(key.hash)).toEqual(key);
      expect(await keys().find(key.id)).toEqual(key);
      expect(await keys().find(unique('key'))).toBeNull();
    });

    it('are found by the hash before as well once they were rotated, which one of many callers does', async () => {
      const key = newKey();
      await keys().insert(key);
      const hash = unique('hash');
      const change = { from: key.hash, hash, previousUntil: noon + 9 };
      const done = await Promise.all(connections().map(({ keys }) => keys.rotate(key.id, change)));
      expect(done.filter(Boolean)).toHaveLength(1);
      const rotated = { ...key, hash, previousHash: key.hash, previousUntil: noon + 9 };
      expect(await keys().findByHash(hash)).toEqual(rotated);
      expect(await keys().findByHash(key.hash)).toEqual(rotated);
      expect(await keys().rotate(key.id, { ...change, from: hash })).toBe(false);
      expect(await keys().find(key.id)).toEqual(rotated);
    });

    it('that the configuration names are replaced by their id, and keep when they were made and used', async () => {
      const { previousHash, previousUntil, expiresAt, lastUsedAt, ...given } = newKey();
      await Promise.all(connections().map(({ keys }) => keys.put(given)));
      await keys().touch([given.id], noon + 7);
      const hash = unique('hash');
      await keys().put({ ...given, hash, role: 'read', createdAt: noon + 100 });
      expect(await keys().findByHash(given.hash)).toBeNull();
      expect(await keys().findByHash(hash)).toEqual(newKey({ ...given, hash, role: 'read', lastUsedAt: noon + 7 }));
    });

    it('remember their latest use', async () => {
      const [first, second] = [newKey(), newKey()];
      for (const key of [first, second]) await keys().insert(key);
      await keys().touch([first.id, second.id], noon + 5);
      await keys().touch([first.id], noon + 3);
      expect((await keys().find(first.id))?.lastUsedAt).toBe(noon + 5);
      expect((await keys().find(second.id))?.lastUsedAt).toBe(noon + 5);
    });

    it('are listed and removed within their tenant', async () => {
      const tenantId = unique('tenant');
      const made = [1, 2, 3].map((at) => newKey({ tenantId, createdAt: noon + at }));
      for (const key of [...made, newKey()]) await keys().insert(key);
      const [one, two, three] = made as [KeyRow, KeyRow, KeyRow];
      expect(await keys().list(tenantId, firstPage)).toEqual([three, two]);
      expect(await keys().list(tenantId, { ...firstPage, after: two })).toEqual([one]);
      expect(await keys().list(tenantId, { ...firstPage, order: 'oldest-first' })).toEqual([one, two]);
      expect(await keys().remove(unique('tenant'), one.id)).toBe(false);
      expect([await keys().remove(tenantId, one.id), await keys().remove(tenantId, one.id)]).toEqual([true, false]);
      expect(await keys().findByHash(one.hash)).toBeNull();
    });
  });

  describe('tenants', () => {
    const tenants = () => database().tenants;

    it('are inserted once, and changed by whoever knows what stands there', async () => {
      const tenant = newTenant();
      expect([await tenants().insert(tenant), await tenants().insert({ ...tenant, name: 'x' })]).toEqual([true, false]);
      expect(await tenants().find(tenant.id)).toEqual(tenant);
      const quotas = { rendersPerDay: 5, batchRowsPerDay: 0 };
      const next = { ...tenant, quotas, status: 'suspended' as const, revision: 2, updatedAt: noon + 1 };
      expect([await tenants().replace(next), await tenants().replace(next)]).toEqual([true, false]);
      expect(await tenants().find(tenant.id)).toEqual(next);
      expect(await tenants().suspended()).toContain(tenant.id);
      await tenants().replace({ ...next, status: 'active', revision: 3 });
      expect(await tenants().suspended()).not.toContain(tenant.id);
    });

    it('are listed by when they were made', async () => {
      const later = 10 * noon;
      const made = [1, 2, 3].map((at) => newTenant({ createdAt: later + at }));
      for (const tenant of made) await tenants().insert(tenant);
      const [one, two, three] = made as [TenantRow, TenantRow, TenantRow];
      expect(await tenants().list(firstPage)).toEqual([three, two]);
      expect((await tenants().list({ ...firstPage, after: two }))[0]).toEqual(one);
      const before = { createdAt: later, id: '' };
      expect(await tenants().list({ ...firstPage, order: 'oldest-first', after: before })).toEqual([one, two]);
    });
  });
}
