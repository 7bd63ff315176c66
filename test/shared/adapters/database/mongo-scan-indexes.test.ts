import { expect, it } from 'vitest';
import type { Database } from '../../../../shared/adapters/database/database.ts';
import type { ScanPage } from '../../../../shared/adapters/database/scan-store.ts';
import { dayMs, rollUp } from '../../../../shared/domain/scans/roll-up.ts';
import { spanMs, spanOf } from '../../../../shared/domain/scans/span.ts';
import { noon } from '../../../suites/database/rows.ts';
import { newScan } from '../../../suites/database/scans.ts';
import { indexesUsed, shapesIn } from '../../../support/mongo-queries.ts';
import { describeOn, servers } from '../../../support/servers.ts';

/** Calls everything that the ledger and its roll-ups offer, in every variant that makes another query. */
async function callScans({ scans }: Database): Promise<void> {
  const [scan, other] = [newScan(), newScan({ at: noon + 1 })];
  const [owner, ofTenant] = [
    { tenantId: 'default', codeId: scan.codeId },
    { tenantId: 'default', codeId: null },
  ];
  const range = { from: noon - dayMs, to: noon + dayMs };
  const page: ScanPage = { limit: 5, order: 'newest-first', ...range, bots: 'only', source: 'qr', after: null };
  const after = { at: noon, id: scan.id };
  await scans.record('seg', [scan, other], noon);
  await scans.record('seg', [scan, other], noon);
  await scans.findRecorded(['seg']);
  await scans.forgetRecorded(['seg']);
  await scans.forgetRecordedBefore(noon);
  for (const order of ['newest-first', 'oldest-first'] as const) {
    await scans.list(scan.codeId, { ...page, order });
    await scans.list(scan.codeId, { ...page, order, bots: 'include', source: null, after });
  }
  for (const codeIds of [null, [scan.codeId]]) {
    await scans.listBetween({ tenantId: 'default', codeIds }, range, { limit: 5, after: null });
    await scans.listBetween({ tenantId: 'default', codeIds }, range, { limit: 5, after });
    await scans.readCounts({ tenantId: 'default', codeIds }, range, null);
    await scans.readBreakdowns({ tenantId: 'default', codeIds }, range);
  }
  await scans.visitorsBetween(scan.codeId, [scan.visitor as string], range);
  await scans.codesBetween('default', range);
  const marks = await scans.dirtyBuckets(5);
  for (const each of [owner, ofTenant]) {
    await scans.marksBetween(each, range);
    await scans.findDay(each, noon);
    await scans.replaceDay(each, noon, new Map(), 0);
    await scans.replaceDay(each, noon, new Map(), 1);
    await scans.daysOf(each, { limit: 5, after: 0 });
    const busy = [1, 2].map((days) => spanOf(noon) + days * dayMs);
    const many = Array.from({ length: 300 }, () => newScan());
    for (const day of busy) await scans.replaceDay(each, day, new Map([[day, rollUp(many, new Map())]]), 0);
    const span = { from: spanOf(noon), to: spanOf(noon) + spanMs };
    const scope = { tenantId: each.tenantId, codeIds: each.codeId === null ? null : [each.codeId] };
    for (let times = 0; times < 2; times++) await scans.readBreakdowns(scope, span);
  }
  await scans.clearMarks(marks);
  await scans.findDays([scan.codeId], noon);
  await scans.totalsOf([scan.codeId]);
  await scans.nextCodeWithScans('');
  await scans.closeLedgerBefore(noon + dayMs);
  await scans.purgeLedger(5);
}

describeOn('Each query for scans to MongoDB', servers.mongo, (serverUrl) => {
  it('has an index that finds its documents in order', async () => {
    const tables = {
      scans: {
        _id: '_id',
        'at range, codeId by at, _id': 'by_code',
        '$and, at range, codeId by at, _id': 'by_code',
        '$or, at range, codeId by at, _id': 'by_code',
        'codeId range by codeId': 'by_code',
        'at range, tenantId': 'by_tenant',
        'at range, tenantId by at, _id': 'by_tenant',
        '$or, at range, tenantId by at, _id': 'by_tenant',
        'tenantId range by tenantId': 'by_tenant',
        'at range, codeId, visitor': 'by_visitor',
      },
      scan_marks: {
        _id: '_id',
        '_id, stamp': '_id',
        ' by since, _id': 'oldest',
        'codeId, start range': 'by_code',
        'start range, tenantId': 'by_tenant',
      },
      scan_segments: { _id: '_id', 'recordedAt range': 'by_time' },
      scan_days: {
        _id: '_id',
        '_id, revision': '_id',
        'codeId, day range': 'by_code',
        'codeId, day range by day': 'by_code',
        codeId: 'by_code',
        'codeId range by codeId': 'by_code',
      },
      tenant_scan_days: {
        _id: '_id',
        '_id, revision': '_id',
        'day range, tenantId': 'by_tenant',
        'day range, tenantId by day': 'by_tenant',
      },
      scan_spans: { _id: '_id' },
      settings: { _id: '_id' },
    };
    expect(await indexesUsed(serverUrl, callScans)).toEqual(shapesIn(tables));
  });
});
