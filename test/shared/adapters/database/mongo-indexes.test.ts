import mongoose from 'mongoose';
import { expect, it } from 'vitest';
import { connectDatabase } from '../../../../shared/adapters/database/connect-database.ts';
import type { Database, Page } from '../../../../shared/adapters/database/database.ts';
import { indexes } from '../../../../shared/adapters/database/mongo/collections.ts';
import type { ScanPage } from '../../../../shared/adapters/database/scan-store.ts';
import { dayMs, rollUp } from '../../../../shared/domain/scans/roll-up.ts';
import { spanMs, spanOf } from '../../../../shared/domain/scans/span.ts';
import { newKey, newTenant } from '../../../suites/database/access-contract.ts';
import { newDelivery } from '../../../suites/database/delivery-contract.ts';
import { auditQuery, newAuditRow } from '../../../suites/database/record-contract.ts';
import { newLogo, newRender, noon, renderResult, unique, workError } from '../../../suites/database/rows.ts';
import { newScan } from '../../../suites/database/scans.ts';
import { newWebhook } from '../../../suites/database/webhook-contract.ts';
import { silent } from '../../../suites/database.ts';
import { mongoDatabase } from '../../../support/mongo-database.ts';
import { describeOn, servers } from '../../../support/servers.ts';

type Filter = Record<string, unknown>;
type Query = { collection: string; filter: Filter; sort: string[] };

/** The queries within a command of the driver. */
function queriesOf(command: Filter): Query[] {
  const query = (collection: unknown, filter: unknown, sort: object = {}): Query => ({
    collection: collection as string,
    filter: filter as Filter,
    sort: Object.keys(sort instanceof Map ? Object.fromEntries(sort) : sort),
  });
  if (command.find) return [query(command.find, command.filter, command.sort as object)];
  if (command.findAndModify) return [query(command.findAndModify, command.query)];
  if (command.update) return (command.updates as Filter[]).map(({ q }) => query(command.update, q));
  if (command.delete) return (command.deletes as Filter[]).map(({ q }) => query(command.delete, q));
  return [];
}

const isRange = (condition: unknown): boolean =>
  typeof condition === 'object' && condition !== null && Object.keys(condition).some((key) => /^\$[lg]te?$/.test(key));

/**
 * Names the index that finds the query's documents without looking at others, in the order asked for: equalities first,
 * then the order, ranges only on fields of the order. (The `$or` of a page only settles equal times.)
 */
function indexFor({ collection, filter, sort }: Query): string | null {
  if ('_id' in filter && !isRange(filter._id)) return '_id';
  if (Object.keys(filter).join() === '_id' && sort.join() === '_id') return '_id';
  const fields = Object.keys(filter).filter((field) => !field.startsWith('$'));
  const equal = fields.filter((field) => !isRange(filter[field]));
  const ranges = fields.filter((field) => isRange(filter[field]));
  const serves = ({ key }: { key: object }): boolean => {
    const keys = Object.keys(key);
    const head = keys.slice(0, equal.length).sort();
    const tail = keys.slice(equal.length);
    return (
      head.join() === equal.toSorted().join() &&
      tail.slice(0, sort.length).join() === sort.join() &&
      ranges.every((field) => field === tail[0])
    );
  };
  /** Begins with some of them, is in the order asked for, and holds the others behind it: no document is read to leave it out. */
  const holds = ({ key }: { key: object }): boolean => {
    const keys = Object.keys(key);
    const begin = keys.findIndex((field) => !equal.includes(field));
    const order = keys.slice(begin, begin + sort.length);
    return begin > 0 && sort.length > 0 && order.join() === sort.join() && equal.every((field) => keys.includes(field));
  };
  const known: readonly { name: string; key: object }[] = indexes[collection as keyof typeof indexes];
  return (known.find(serves) ?? known.find(holds))?.name ?? null;
}

/** The query's shape, for the table. */
function shapeOf({ collection, filter, sort }: Query): string {
  const fields = Object.keys(filter).map((field) => (isRange(filter[field]) ? `${field} range` : field));
  return `${collection}: ${fields.sort().join(', ')}${sort.length > 0 ? ` by ${sort.join(', ')}` : ''}`;
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

async function callOutbox(renders: Database['renders']): Promise<void> {
  const [one, two] = [newRender(), newRender()];
  const called = (id: string) => [{ id, callbacks: [{ id: 'msg', url: 'https://example.com' }] }];
  await renders.accept([one, two], noon);
  await renders.addCallbacks(called(one.id), noon);
  for (const { id } of [one, two])
    await renders.end([{ id, at: noon, result: renderResult, error: null, isWanted: true }]);
  await renders.addCallbacks(called(one.id), noon);
  await renders.told(await renders.toTell(5));
}

async function callWebhooks({ webhooks, deliveries, scanNotices }: Database): Promise<void> {
  const [webhook, delivery] = [newWebhook(), newDelivery()];
  const { tenantId, secrets } = webhook;
  await webhooks.insert(webhook);
  await webhooks.find(webhook.id);
  await webhooks.replace({ ...webhook, revision: 2 });
  await webhooks.active(tenantId);
  await webhooks.wantedEvents([tenantId]);
  await deliveries.insert([delivery]);
  for (const order of ['newest-first', 'oldest-first'] as const)
    for (const after of [null, { createdAt: noon, id: webhook.id }]) {
      await webhooks.list(tenantId, { limit: 5, order, after });
      for (const status of [null, 'queued'] as const)
        for (const resourceId of [null, 'rnd_a']) {
          const page = { limit: 5, order, after, status, resourceId };
          await deliveries.list(webhook.id, page);
          await deliveries.listOfCallbacks(tenantId, page);
        }
    }
  await webhooks.remove(tenantId, webhook.id);
  for (const revision of [1, 2]) {
    await webhooks.replaceCallbackSecrets({ tenantId, secrets, revision });
    const nothing = { count: 0, scans: [], segments: [], group: null, dueAt: noon, toldAt: null };
    await scanNotices.replace({ codeId: tenantId, tenantId, ...nothing, revision });
  }
  await webhooks.findCallbackSecrets(tenantId);
  await scanNotices.find(tenantId);
  await scanNotices.due({ at: noon, limit: 5 });
  await deliveries.find(delivery.id);
  await deliveries.due({ at: noon, limit: 5, after: null });
  await deliveries.due({ at: noon, limit: 5, after: { nextAttemptAt: 1, id: 'msg' } });
  await deliveries.dueInLane(delivery.lane, { at: noon, limit: 5 });
  await deliveries.lease(delivery.id, noon, noon + 1);
  const attempt = { at: noon, httpStatus: 200, latencyMs: 1, error: null, body: '' };
  await deliveries.record(delivery.id, noon, attempt, { status: 'completed' });
  await deliveries.fail(delivery.id, workError, noon);
  await deliveries.redeliver(delivery.id, noon);
  await deliveries.fail(delivery.id, workError, 1);
  await deliveries.purgeEnded(2, 5);
}

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

/** Calls everything that a database offers, in every variant that makes another query. */
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

async function callEverything({ renders, logos, idempotency, claimSetting }: Database): Promise<void> {
  const [render, logo] = [newRender(), newLogo()];
  const pages = (['newest-first', 'oldest-first'] as const).flatMap((order) =>
    [null, { createdAt: noon, id: render.id }].map((after): Page => ({ limit: 5, order, after, status: null })),
  );
  for (const [store, row, result] of [
    [renders, render, renderResult],
    [logos, logo, { widthPx: 1, heightPx: 1 }],
  ] as const) {
    await store.accept([row as never], noon);
    await store.accept([row as never], noon);
    await store.find(row.id);
    await store.findMany([row.id]);
    await store.openWork({ before: noon, limit: 5, after: null });
    await store.openWork({ before: noon, limit: 5, after: { queuedAt: 1, id: row.id } });
    await store.requeue([{ id: row.id, jobId: unique('job'), suspect: true }], noon);
    await store.countStart(row.id, noon);
    await store.finish([{ id: row.id, at: noon, result: result as never, error: null }]);
    await store.finish([{ id: row.id, at: noon, result: null, error: workError }]);
    for (const page of pages) {
      await store.list('default', page);
      await store.list('default', { ...page, status: 'completed' });
    }
  }
  await callOutbox(renders);
  await renders.reopen(render.id, unique('job'), noon);
  await renders.touch([render.id], noon);
  const unused = { isAnonymous: false, before: noon + 1 };
  await renders.unusedImages(unused, 5);
  await renders.imagesRemoved([render.id], noon + 1);
  const old = newRender();
  await renders.accept([old], 1);
  await renders.end([{ id: old.id, at: 1, result: renderResult, error: null }]);
  await renders.imagesRemoved([old.id], 5);
  await renders.removeUnused({ isAnonymous: false, before: 5 }, 5);
  await renders.hasLogo('logo_1');
  await renders.walk({ after: 'rnd', limit: 5 });
  await logos.walk({ after: null, limit: 5 });
  await renders.remove('default', render.id);
  await logos.remove('default', logo.id, noon);
  for (const after of [null, { deletedAt: 1, id: '' }]) await logos.deleted({ before: noon, limit: 5, after });
  await logos.purge(logo.id, noon);
  const times = { leaseUntil: noon, expiresAt: noon };
  const claim = { scope: 's', tenantId: 't', fingerprint: 'f', resourceId: 'r', holder: 'h', ...times };
  await idempotency.claim(claim, noon);
  await idempotency.claim(claim, noon);
  await idempotency.answered(claim, noon, null);
  await idempotency.release(claim);
  await idempotency.purgeExpired(noon + 1, 5);
  await claimSetting('name', 'value');
  await claimSetting('name', 'value');
}

describeOn('Each query to MongoDB', servers.mongo, (serverUrl) => {
  it('has an index that finds its documents in order, and that the server has', async () => {
    const url = mongoDatabase(serverUrl);
    const seen = new Map<string, string | null>();
    const database = await connectDatabase({ mongoUrl: `${url}?monitorCommands=true`, dataDir: '/nowhere' }, silent);
    const connection = mongoose.connections.find(({ name }) => url.endsWith(name));
    connection?.getClient().on('commandStarted', ({ command }) => {
      for (const query of queriesOf(command as Filter)) seen.set(shapeOf(query), indexFor(query));
    });
    await callEverything(database);
    await callAccess(database);
    await callScans(database);
    await callWebhooks(database);
    await callRecords(database);
    const open = {
      'queuedAt range, status by queuedAt, _id': 'open',
      '$or, queuedAt range, status by queuedAt, _id': 'open',
    };
    const shapes = {
      renders: {
        _id: '_id',
        '_id range by _id': '_id',
        '_id, status': '_id',
        '$or, _id': '_id',
        '_id, endedBy': '_id',
        '_id, tenantId': '_id',
        '_id, callbacks, status': '_id',
        '_id, callbacks, redrawn, status': '_id',
        '_id, completedAt, status': '_id',
        '_id, mark': '_id',
        'mark range by mark': 'to_tell',
        ...open,
        'tenantId by createdAt, _id': 'by_tenant',
        '$or, createdAt range, tenantId by createdAt, _id': 'by_tenant',
        'status, tenantId by createdAt, _id': 'by_tenant_and_status',
        '$or, createdAt range, status, tenantId by createdAt, _id': 'by_tenant_and_status',
        '$nor, anonymous, bytesGone, lastUsedAt range by lastUsedAt': 'unused',
        '$nor, _id, anonymous, bytesGone, lastUsedAt range': '_id',
        '$nor, _id, lastUsedAt range': '_id',
        'spec.logo.id': 'by_logo',
      },
      logos: {
        _id: '_id',
        '_id range by _id': '_id',
        '_id, status': '_id',
        '$or, _id': '_id',
        '_id, endedBy': '_id',
        '_id, deletedAt, tenantId': '_id',
        ...open,
        'deletedAt, status, tenantId by createdAt, _id': 'listed',
        '$or, createdAt range, deletedAt, status, tenantId by createdAt, _id': 'listed',
        'deletedAt range by deletedAt, _id': 'deleted',
        '$or, deletedAt range by deletedAt, _id': 'deleted',
        '_id, deletedAt range': '_id',
      },
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
      idempotency: {
        _id: '_id',
        '_id, answeredAt, holder': '_id',
        '_id, answeredAt, expiresAt, fingerprint, holder, leaseUntil, resourceId, sealedSecret, tenantId': '_id',
        'expiresAt range by expiresAt': 'expiring',
        '_id, expiresAt range': '_id',
      },
      webhooks: {
        _id: '_id',
        '_id, revision': '_id',
        '_id, tenantId': '_id',
        'tenantId by createdAt, _id': 'by_tenant',
        '$or, createdAt range, tenantId by createdAt, _id': 'by_tenant',
        'status, tenantId by createdAt, _id': 'active',
        'status, tenantId': 'active',
      },
      callbackSecrets: { _id: '_id', '_id, revision': '_id' },
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
      scanNotices: { _id: '_id', '_id, revision': '_id', 'dueAt range by dueAt': 'due' },
      deliveries: {
        _id: '_id',
        '_id, nextAttemptAt, status': '_id',
        '_id, status': '_id',
        '_id, completedAt range': '_id',
        'webhookId by createdAt, _id': 'by_webhook',
        '$or, createdAt range, webhookId by createdAt, _id': 'by_webhook',
        'status, webhookId by createdAt, _id': 'by_webhook_and_status',
        '$or, createdAt range, status, webhookId by createdAt, _id': 'by_webhook_and_status',
        'tenantId, webhookId by createdAt, _id': 'of_callbacks',
        '$or, createdAt range, tenantId, webhookId by createdAt, _id': 'of_callbacks',
        'status, tenantId, webhookId by createdAt, _id': 'of_callbacks_and_status',
        '$or, createdAt range, status, tenantId, webhookId by createdAt, _id': 'of_callbacks_and_status',
        ...Object.fromEntries(
          ['', '$or, createdAt range, '].flatMap((from) =>
            ['webhookId', 'status, webhookId', 'tenantId, webhookId', 'status, tenantId, webhookId'].map((fields) => [
              `${[...`${from}resourceId, ${fields}`.split(', ')].sort().join(', ')} by createdAt, _id`,
              'by_resource',
            ]),
          ),
        ),
        'nextAttemptAt range, status by nextAttemptAt, _id': 'due',
        '$or, nextAttemptAt range, status by nextAttemptAt, _id': 'due',
        'lane, nextAttemptAt range, status by nextAttemptAt, _id': 'due_in_lane',
        'completedAt range by completedAt': 'ended',
      },
      settings: { _id: '_id' },
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
    };
    const expected = Object.entries(shapes).flatMap(([collection, table]) =>
      Object.entries(table).map(([shape, index]) => [`${collection}: ${shape}`, index]),
    );
    expect(Object.fromEntries(seen)).toEqual(Object.fromEntries(expected));
    for (const [name, known] of Object.entries(indexes)) {
      const onServer = (await connection?.db?.collection(name).indexes()) ?? [];
      const names = onServer.map((index) => index.name).filter((index) => !index?.startsWith('_id'));
      expect(names.sort()).toEqual(known.map((index) => index.name).sort());
    }
    await database.close();
  });
});
