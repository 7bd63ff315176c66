import { createHash } from 'node:crypto';
import { operations } from '../../../api/openapi/operations.ts';
import { batchArchiveKey, batchPieceKey } from '../../../shared/domain/batches/batch-ids.ts';
import { newId } from '../../../shared/new-id.ts';
import { newBatch, newBatchRow } from '../../suites/database/batch-contract.ts';
import { type ApiUnderTest, newBody, newPng } from './api-under-test.ts';

/** Ids of resources that are there, by the first part of their paths. */
export type Fixtures = Readonly<Record<string, string>>;

const made = async (answer: Promise<{ json: () => Record<string, unknown> }>): Promise<Record<string, unknown>> =>
  (await answer).json();

/** A batch that has ended: its first row has an image, its second has failed, its archive is there. */
async function plantEndedBatch({ database, objects }: ApiUnderTest): Promise<string> {
  const bytes = Buffer.from('what a ZIP would be');
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const part = { part: 1, sizeBytes: bytes.length, sha256, firstRow: 1, lastRow: 2 };
  const ended = { status: 'completed', completedAt: Date.now(), expiresAt: Date.now() + 60_000 } as const;
  const batch = newBatch({ tenantId: 'default', startedAt: 1, ...ended, archive: [part] });
  const { id } = batch;
  const task = { id: `t-${id}`, kind: 'end-batch', tenantId: 'default', batchId: id, about: null } as const;
  await database.batches.accept(batch, { ...task, jobId: `j-${id}`, queuedAt: Date.now() });
  await database.batches.insertRows([newBatchRow(batch, 1), newBatchRow(batch, 2)]);
  const code = { at: Date.now(), codeId: null, shortUrl: null };
  const result = { piece: 'p', offset: 0, sizeBytes: 3, sha256 };
  const error = { code: 'out_of_range', detail: 'size is too small', pointer: '/size' };
  await database.batches.finishRows(id, [
    { row: 1, ...code, result, error: null },
    { row: 2, ...code, result: null, error },
  ]);
  await objects.put(batchPieceKey(id, 'p'), Buffer.from('png'), { contentType: '', durable: true });
  await objects.put(batchArchiveKey(id, { run: 1, part: 1 }), bytes, { contentType: 'application/zip', durable: true });
  return id;
}

/** A message to the `callbackUrl` of a batch, as the relay makes it. */
export async function plantCallbackDelivery({ database }: ApiUnderTest, batchId: string): Promise<string> {
  const id = newId('msg');
  const callbackUrl = 'https://hooks.example.com/done';
  const type = 'batch.completed';
  const body = JSON.stringify({ type, data: { object: 'batch', id: batchId } });
  const more = { webhookId: null, callbackUrl, lane: 'default https://hooks.example.com', createdAt: Date.now() };
  await database.deliveries.insert([{ id, tenantId: 'default', type, resourceId: batchId, body, ...more }]);
  return id;
}

/** Makes one of each resource, new ones each time. */
export async function plantFixtures(api: ApiUnderTest): Promise<Fixtures> {
  const { id: renders } = await made(api.post('/v1/renders', newBody()));
  const png = { body: newPng(), headers: { 'content-type': 'image/png' } };
  const { id: logos } = await made(api.call('/v1/logos', png));
  const { id: codes, slug } = await made(api.post('/v1/codes', { target: 'https://example.com/a', tags: ['table 7'] }));
  const csv = { body: 'url\nhttps://example.com\n', headers: { 'content-type': 'text/csv' } };
  const { id: queuedBatch } = await made(api.call('/v1/batches', csv));
  const batches = await plantEndedBatch(api);
  const url = 'https://hooks.example.com/qr';
  const { id: webhooks } = await made(api.post('/v1/webhooks', { url, events: ['render.completed'] }));
  const { id: deliveries } = await made(api.call(`/v1/webhooks/${webhooks}/test`, { method: 'POST' }));
  const callback = await plantCallbackDelivery(api, batches);
  const { id: keys } = await made(api.post('/v1/keys', { name: 'shop', role: 'write' }));
  const { id: tenants } = await made(api.post('/v1/tenants', { name: 'Acme' }));
  const ids = {
    keys,
    tenants,
    renders,
    logos,
    codes,
    slug,
    batches,
    queuedBatch,
    webhooks,
    deliveries,
    'callback-deliveries': callback,
  };
  for (const [name, id] of Object.entries(ids)) if (typeof id !== 'string') throw new Error(`No ${name} was made`);
  return ids as Fixtures;
}

/** Returns a path of an operation, `POST /v1/codes/:id/restore`: of a resource that is there, or of one that is not. */
export function pathOf(line: string, fixtures: Fixtures, which: 'there' | 'absent' = 'there'): string {
  const [, path = ''] = line.split(' ');
  const room = path.split('/')[2] ?? '';
  return path.replace(/:(\w+)/g, (_, name: string) => {
    const parameter = operations[line as keyof typeof operations]?.path?.[name];
    if (which === 'absent') return name === 'row' ? '99' : `${String(parameter?.example ?? 'none')}absent`;
    const own = line.endsWith('/cancel') ? fixtures.queuedBatch : fixtures[room];
    const known = { id: own, deliveryId: fixtures.deliveries, slug: fixtures.slug }[name];
    return known ?? String(parameter?.example ?? 'none');
  });
}
