import type { EventType } from '../../../contract/events.ts';
import type { ScanNotice } from '../../../domain/scans/scan-notice.ts';
import type { CallbackSecrets, ScanNoticeStore, WebhookRow, WebhookStore } from '../webhook-store.ts';
import { rowOf, storedOf } from './collections.ts';
import type { MongoConnection } from './connection.ts';
import { insertNew, replaceRevision } from './revisions.ts';
import { behind, direction } from './work-stores.ts';

export function mongoWebhooks(connection: MongoConnection): WebhookStore {
  const { webhooks, callbackSecrets } = connection.collections;
  const run = connection.run.bind(connection);
  return {
    insert: (row) => run(() => insertNew(webhooks, storedOf(row))),
    find: (id) =>
      run(async () => {
        const document = await webhooks.findOne({ _id: id });
        return document === null ? null : rowOf<WebhookRow>(document);
      }),
    /** Index: `by_tenant`. */
    list: (tenantId, page) =>
      run(async () => {
        const sort = { createdAt: direction(page), _id: direction(page) };
        const found = await webhooks
          .find({ tenantId, ...behind(page) })
          .sort(sort)
          .limit(page.limit)
          .toArray();
        return found.map((document) => rowOf<WebhookRow>(document));
      }),
    replace: (next) => run(() => replaceRevision(webhooks, storedOf(next))),
    remove: (tenantId, id) => run(async () => (await webhooks.deleteOne({ _id: id, tenantId })).deletedCount === 1),
    /** Index: `active`. */
    active: (tenantId) =>
      run(async () => {
        const query = webhooks.find({ tenantId, status: 'active' });
        const found = await query.sort({ createdAt: 1, _id: 1 }).limit(200).toArray();
        return found.map((document) => rowOf<WebhookRow>(document));
      }),
    /** Index: `active`. */
    wantedEvents: (tenantIds) =>
      run(async () => {
        const filter = { tenantId: { $in: [...new Set(tenantIds)] }, status: 'active' as const };
        const wanted = new Map<string, Set<EventType>>();
        for await (const { tenantId, events } of webhooks.find(filter, { projection: { tenantId: 1, events: 1 } }))
          wanted.set(tenantId, new Set([...(wanted.get(tenantId) ?? []), ...events]));
        return wanted;
      }),
    findCallbackSecrets: (tenantId) =>
      run(async () => {
        const document = await callbackSecrets.findOne({ _id: tenantId });
        if (document === null) return null;
        const { _id, ...rest } = document;
        return { tenantId: _id, ...rest } satisfies CallbackSecrets;
      }),
    replaceCallbackSecrets: ({ tenantId, ...rest }) =>
      run(() => {
        const put = rest.revision === 1 ? insertNew : replaceRevision;
        return put(callbackSecrets, { _id: tenantId, ...rest });
      }),
  };
}

export function mongoScanNotices(connection: MongoConnection): ScanNoticeStore {
  const { scanNotices } = connection.collections;
  const run = connection.run.bind(connection);
  const read = ({ _id, ...rest }: Omit<ScanNotice, 'codeId'> & { _id: string }): ScanNotice => ({
    codeId: _id,
    ...rest,
  });
  return {
    find: (codeId) =>
      run(async () => {
        const document = await scanNotices.findOne({ _id: codeId });
        return document === null ? null : read(document);
      }),
    replace: ({ codeId, ...rest }) =>
      run(() => (rest.revision === 1 ? insertNew : replaceRevision)(scanNotices, { _id: codeId, ...rest })),
    /** Index: `due`. */
    due: ({ at, limit }) =>
      run(async () => {
        const found = await scanNotices
          .find({ dueAt: { $lte: at } })
          .sort({ dueAt: 1 })
          .limit(limit)
          .toArray();
        return found.map(read);
      }),
  };
}
