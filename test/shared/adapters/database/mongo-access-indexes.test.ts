import { expect, it } from 'vitest';
import type { Database } from '../../../../shared/adapters/database/database.ts';
import { newKey, newTenant } from '../../../suites/database/access-contract.ts';
import { auditQuery, newAuditRow } from '../../../suites/database/record-contract.ts';
import { noon } from '../../../suites/database/rows.ts';
import { indexesUsed, shapesIn } from '../../../support/mongo-queries.ts';
import { describeOn, servers } from '../../../support/servers.ts';

async function callAccess({ keys, tenants }: Database): Promise<void> {
  const [key, tenant] = [newKey(), newTenant()];
  await keys.put({ id: 'key', tenantId: 'default', name: 'n', role: 'read', hash: 'h', createdAt: noon });
  await keys.findByHash('none');
  await keys.find(key.id);
  await keys.insert(key);
  await keys.rotate(key.id, { from: key.hash, hash: 'other', previousUntil: noon });
  await keys.touch([key.id], noon);
  for (const order of ['newest-first', 'oldest-first'] as const)
    for (const after of [null, { createdAt: noon, id: key.id }]) {
      await keys.list(key.tenantId, { limit: 5, order, after });
      await tenants.list({ limit: 5, order, after });
    }
  await keys.remove(key.tenantId, key.id);
  await tenants.insert(tenant);
  await tenants.find(tenant.id);
  await tenants.replace({ ...tenant, revision: 2 });
  await tenants.suspended();
}

async function callRecords({ audit, usage }: Database): Promise<void> {
  await audit.insert([newAuditRow()]);
  await audit.purge(noon + 1, 5);
  for (const tenantId of [null, 't'])
    for (const action of [null, 'a'])
      for (const objectId of [null, 'o'])
        for (const after of [null, { createdAt: noon, id: 'aud' }])
          await audit.list({ ...auditQuery, tenantId, action, objectId, after });
  await usage.add([{ tenantId: 't', day: '2026-11-23', calls: 1, renders: 0, batchRows: 0, codes: 0 }]);
  await usage.find('t', '2026-11-23');
  await usage.list('t', { from: '2026-11-01', to: '2026-12-01' });
  await usage.purge('2026-11-24', 5);
}

async function callBoth(database: Database): Promise<void> {
  await callAccess(database);
  await callRecords(database);
}

describeOn('Each query for keys and records to MongoDB', servers.mongo, (serverUrl) => {
  it('has an index that finds its documents in order', async () => {
    const tables = {
      keys: {
        _id: '_id',
        hash: 'by_hash',
        previousHash: 'by_previous_hash',
        '_id, hash': '_id',
        '_id, tenantId': '_id',
        'tenantId by createdAt, _id': 'by_tenant',
        '$or, createdAt range, tenantId by createdAt, _id': 'by_tenant',
      },
      tenants: {
        _id: '_id',
        '_id, revision': '_id',
        ' by createdAt, _id': 'by_creation',
        '$or, createdAt range by createdAt, _id': 'by_creation',
        'status by _id': 'by_status',
      },
      audit: {
        _id: '_id',
        ...Object.fromEntries(
          ['', '$or, '].flatMap((or) => [
            [`${or}createdAt range by createdAt, _id`, 'by_time'],
            [`${or}createdAt range, tenantId by createdAt, _id`, 'by_tenant'],
            [`${or}action, createdAt range by createdAt, _id`, 'by_action'],
            [`${or}action, createdAt range, tenantId by createdAt, _id`, 'by_tenant_and_action'],
            [`${or}createdAt range, objectId by createdAt, _id`, 'by_object'],
            [`${or === '' ? '$and, ' : '$and, $or, '}createdAt range, objectId by createdAt, _id`, 'by_object'],
          ]),
        ),
      },
      usage: { _id: '_id', 'day range, tenantId by day': 'by_tenant', 'day range by day': 'by_day' },
    };
    expect(await indexesUsed(serverUrl, callBoth)).toEqual(shapesIn(tables));
  });
});
