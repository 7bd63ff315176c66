import { describe, expect, it } from 'vitest';
import { operations } from '../../api/openapi/operations.ts';
import { unavailable } from '../../shared/errors.ts';
import { newBatchRow } from '../suites/database/batch-contract.ts';
import { spec } from '../suites/database/rows.ts';
import { newBody, newPng, startApi } from './support/api-under-test.ts';
import { plantCallbackDelivery } from './support/fixtures.ts';

const api = await startApi();

type Request = { path: string; body?: string | Buffer; headers?: Record<string, string> };
/** What is asked, and something else that is asked of the same route. */
type Case = () => Promise<{ request: Request; other: Request | null }>;

const json = (path: string, body: unknown): Request => ({
  path,
  body: JSON.stringify(body),
  headers: { 'content-type': 'application/json' },
});
const png = (): Request => ({ path: '/v1/logos', body: newPng(), headers: { 'content-type': 'image/png' } });
const csv = (rows: string): Request => ({
  path: '/v1/batches',
  body: `url\n${rows}\n`,
  headers: { 'content-type': 'text/csv' },
});

const send = ({ path, body, headers = {} }: Request, more: Record<string, string> = {}) =>
  api.call(path, { method: 'POST', headers: { ...headers, ...more }, ...(body === undefined ? {} : { body }) });
const made = async (request: Request): Promise<string> => (await send(request)).json().id as string;

const newCode = () => made(json('/v1/codes', { target: 'https://example.com/1' }));
const newWebhook = () => made(json('/v1/webhooks', { url: 'https://example.com/hook', events: ['render.completed'] }));
const newKey = () => made(json('/v1/keys', { name: 'one', role: 'read' }));

async function changedCode(): Promise<string> {
  const id = await newCode();
  for (const version of [2, 3]) await api.patch(`/v1/codes/${id}`, { target: `https://example.com/${version}` });
  return id;
}

let files = 0;
const newBatch = () => made(csv(`https://example.com/${files++}`));

/** A batch that is completed and has a row to run again. */
async function failedBatch(): Promise<string> {
  const id = await newBatch();
  const batch = await api.database.batches.find(id);
  if (batch === null) throw new Error('The batch was not made');
  const error = { code: 'render_failed', detail: 'It failed', pointer: null };
  await api.database.batches.insertRows([
    newBatchRow(batch, 1, { status: 'failed', input: { mode: 'static', spec }, error }),
  ]);
  const ended = { status: 'completed', isParsed: true, completedAt: 1, expiresAt: Date.now() + 86_400_000 } as const;
  await api.database.batches.replace({ ...batch, ...ended, revision: batch.revision + 1 });
  return id;
}

async function delivery(webhookId: string): Promise<string> {
  return made({ path: `/v1/webhooks/${webhookId}/test` });
}

/** An action on one of two things. */
const onEither =
  (make: () => Promise<string>, pathOf: (id: string) => string): Case =>
  async () => ({ request: { path: pathOf(await make()) }, other: { path: pathOf(await make()) } });

const cases: Record<string, Case> = {
  'POST /v1/renders': async () => ({
    request: json('/v1/renders', newBody()),
    other: json('/v1/renders', newBody()),
  }),
  'POST /v1/logos': async () => ({ request: png(), other: png() }),
  'POST /v1/batches': async () => ({
    request: csv(`https://example.com/${files++}`),
    other: csv(`https://example.com/${files++}`),
  }),
  'POST /v1/batches/:id/cancel': onEither(newBatch, (id) => `/v1/batches/${id}/cancel`),
  'POST /v1/batches/:id/retry': onEither(failedBatch, (id) => `/v1/batches/${id}/retry`),
  'POST /v1/codes': async () => ({
    request: json('/v1/codes', { target: 'https://example.com/1' }),
    other: json('/v1/codes', { target: 'https://example.com/2' }),
  }),
  'POST /v1/codes/:id/rollback': async () => {
    const path = `/v1/codes/${await changedCode()}/rollback`;
    return { request: json(path, { version: 1 }), other: json(path, { version: 2 }) };
  },
  'POST /v1/webhooks': async () => ({
    request: json('/v1/webhooks', { url: 'https://example.com/hook', events: ['batch.completed'] }),
    other: json('/v1/webhooks', { url: 'https://example.com/hook', events: ['batch.failed'] }),
  }),
  'POST /v1/webhooks/:id/rotate-secret': onEither(newWebhook, (id) => `/v1/webhooks/${id}/rotate-secret`),
  'POST /v1/webhooks/:id/test': onEither(newWebhook, (id) => `/v1/webhooks/${id}/test`),
  'POST /v1/webhooks/:id/deliveries/:deliveryId/redeliver': async () => {
    const id = await newWebhook();
    const pathOf = async () => `/v1/webhooks/${id}/deliveries/${await delivery(id)}/redeliver`;
    return { request: { path: await pathOf() }, other: { path: await pathOf() } };
  },
  'POST /v1/callback-deliveries/:id/redeliver': onEither(
    () => plantCallbackDelivery(api, 'bat_1'),
    (id) => `/v1/callback-deliveries/${id}/redeliver`,
  ),
  'POST /v1/callback-secret/rotate': async () => ({ request: { path: '/v1/callback-secret/rotate' }, other: null }),
  'POST /v1/signing-secret/rotate': async () => ({ request: { path: '/v1/signing-secret/rotate' }, other: null }),
  'POST /v1/keys': async () => ({
    request: json('/v1/keys', { name: 'one', role: 'read' }),
    other: json('/v1/keys', { name: 'one', role: 'write' }),
  }),
  'POST /v1/keys/:id/rotate': onEither(newKey, (id) => `/v1/keys/${id}/rotate`),
  'POST /v1/tenants': async () => ({
    request: json('/v1/tenants', { name: 'one' }),
    other: json('/v1/tenants', { name: 'two' }),
  }),
};

/** Nothing is made by these: to do them twice is to do them once. */
const idempotentAnyway = ['POST /v1/codes/:id/restore'];

/** What tells one thing that was made, or one change, from the next. */
function identityOf(answer: { json: () => Record<string, unknown> }): unknown {
  const { id, secret, key, version } = answer.json();
  return { id, secret, key, version };
}

let keys = 0;
const newIdempotencyKey = (): Record<string, string> => ({ 'idempotency-key': `route-${keys++}` });
const isDone = ({ status }: { status: number }): boolean => status >= 200 && status < 300;

it('every POST of the API is in this table, and its document names Idempotency-Key', () => {
  const posts = Object.keys(operations).filter((route) => route.startsWith('POST /v1/'));
  expect(Object.keys(cases).sort()).toEqual(posts.filter((route) => !idempotentAnyway.includes(route)).sort());
  for (const route of Object.keys(cases) as (keyof typeof operations)[])
    expect(operations[route]?.headers).toContain('Idempotency-Key');
});

describe.each(Object.entries(cases))('%s', (_, prepare) => {
  it('answers the same request again, and refuses another under its key', async () => {
    const { request, other } = await prepare();
    const key = newIdempotencyKey();
    const first = await send(request, key);
    expect([isDone(first), first.headers.has('idempotency-replayed')]).toEqual([true, false]);
    const second = await send(request, key);
    expect([isDone(second), second.headers.get('idempotency-replayed')]).toEqual([true, 'true']);
    expect(identityOf(second)).toEqual(identityOf(first));
    if (other === null) return;
    const refused = await send(other, key);
    expect([refused.status, refused.json().code]).toEqual([422, 'idempotency_key_reused']);
  });

  it('does it once when many ask at the same time', async () => {
    const { request } = await prepare();
    const key = newIdempotencyKey();
    const answers = await Promise.all(Array.from({ length: 12 }, () => send(request, key)));
    expect(answers.filter((answer) => !isDone(answer)).every(({ status }) => status === 409)).toBe(true);
    const done = answers.filter(isDone);
    expect(done.filter(({ headers }) => !headers.has('idempotency-replayed'))).toHaveLength(1);
    expect(new Set(done.map((answer) => JSON.stringify(identityOf(answer)))).size).toBe(1);
  });

  it('does it once when the first request died before its answer, and its lease ran out', async () => {
    const { request } = await prepare();
    const key = newIdempotencyKey();
    const { answered } = api.database.idempotency;
    api.database.idempotency.answered = () => Promise.reject(new Error('killed'));
    const first = await send(request, key);
    api.database.idempotency.answered = answered;
    expect((await send(request, key)).json()).toMatchObject({ status: 409, code: 'idempotency_in_progress' });
    api.advance(61_000);
    const second = await send(request, key);
    expect([isDone(first), isDone(second)]).toEqual([true, true]);
    expect(identityOf(second)).toEqual(identityOf(first));
  });
});

/** The write that makes what a POST makes, and the ids of what it makes. */
const writes: [route: string, store: 'batches' | 'codes' | 'deliveries' | 'keys' | 'webhooks', method: string][] = [
  ['POST /v1/batches', 'batches', 'accept'],
  ['POST /v1/codes', 'codes', 'insert'],
  ['POST /v1/keys', 'keys', 'insert'],
  ['POST /v1/webhooks', 'webhooks', 'insert'],
  ['POST /v1/webhooks/:id/test', 'deliveries', 'insert'],
  ['POST /v1/webhooks/:id/rotate-secret', 'webhooks', 'replace'],
  ['POST /v1/callback-secret/rotate', 'webhooks', 'replaceCallbackSecrets'],
];

type Made = { id?: string; secrets?: { id: string }[] };

describe.each(writes)('%s', (route, store, method) => {
  it('makes one thing when the database goes away behind its write and the request comes again at once', async () => {
    const { request } = (await cases[route]?.()) ?? { request: { path: '/' } };
    const key = newIdempotencyKey();
    const methods = api.database[store] as unknown as Record<string, (...made: unknown[]) => Promise<unknown>>;
    const write = methods[method]?.bind(methods);
    const made = new Set<string>();
    let calls = 0;
    methods[method] = async (...given) => {
      for (const { id, secrets } of [given[0]].flat() as Made[])
        made.add((method.startsWith('replace') ? secrets?.[0]?.id : id) ?? '');
      const answer = await write?.(...given);
      if (++calls === 1) throw unavailable('database_unavailable', 'The database went away');
      return answer;
    };
    const [first, second, third] = [await send(request, key), await send(request, key), await send(request, key)];
    methods[method] = write as (typeof methods)[string];
    expect([first.status, isDone(second), third.headers.get('idempotency-replayed')]).toEqual([503, true, 'true']);
    expect(identityOf(third)).toEqual(identityOf(second));
    expect(made.size).toBe(1);
  });
});
