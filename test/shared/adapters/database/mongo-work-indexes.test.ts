import { expect, it } from 'vitest';
import type { Database, Page } from '../../../../shared/adapters/database/database.ts';
import { newLogo, newRender, noon, renderResult, unique, workError } from '../../../suites/database/rows.ts';
import { indexesUsed, shapesIn } from '../../../support/mongo-queries.ts';
import { describeOn, servers } from '../../../support/servers.ts';

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

async function callWork({ renders, logos, idempotency, claimSetting }: Database): Promise<void> {
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
  await idempotency.abandon(claim, noon);
  await idempotency.release(claim);
  await idempotency.purgeExpired(noon + 1, 5);
  await claimSetting('name', 'value');
  await claimSetting('name', 'value');
}

const open = {
  'queuedAt range, status by queuedAt, _id': 'open',
  '$or, queuedAt range, status by queuedAt, _id': 'open',
};

describeOn('Each query for renders, logos and claims to MongoDB', servers.mongo, (serverUrl) => {
  it('has an index that finds its documents in order', async () => {
    const tables = {
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
      idempotency: {
        _id: '_id',
        '_id, answeredAt, holder': '_id',
        '_id, answeredAt, expiresAt, fingerprint, holder, leaseUntil, resourceId, sealedSecret, tenantId': '_id',
        'expiresAt range by expiresAt': 'expiring',
        '_id, expiresAt range': '_id',
      },
      settings: { _id: '_id' },
    };
    expect(await indexesUsed(serverUrl, callWork)).toEqual(shapesIn(tables));
  });
});
