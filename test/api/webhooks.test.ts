import { describe, expect, it } from 'vitest';
import {
  deliveryAnswerSchema,
  deliveryListSchema,
  webhookAnswerSchema,
  webhookListSchema,
} from '../../shared/contract/webhook-answer.ts';
import { createSigningSecrets } from '../../shared/signing-secrets.ts';
import { publicUrl, startApi } from './support/api-under-test.ts';

const api = await startApi();
const { database } = api;
const key = (name: string): Record<string, string> => ({ 'idempotency-key': name });
let counter = 0;
const body = (more: Record<string, unknown> = {}) => ({
  url: `https://example.com/hook/${++counter}`,
  events: ['render.completed', 'batch.completed'],
  ...more,
});

async function make(more: Record<string, unknown> = {}) {
  const answer = await api.post('/v1/webhooks', body(more));
  expect(answer.status).toBe(201);
  return webhookAnswerSchema.strict().parse(answer.json());
}

const patch = (id: string, change: unknown) =>
  api.call(`/v1/webhooks/${id}`, {
    method: 'PATCH',
    body: JSON.stringify(change),
    headers: { 'content-type': 'application/json' },
  });

describe('POST /v1/webhooks', () => {
  it('makes an endpoint and shows its secret this once', async () => {
    const answer = await api.post('/v1/webhooks', body({ description: 'Our shop' }));
    const made = webhookAnswerSchema.strict().parse(answer.json());
    expect(answer.headers.get('location')).toBe(`${publicUrl}/v1/webhooks/${made.id}`);
    expect(made).toMatchObject({ status: 'active', disabledReason: null, description: 'Our shop' });
    expect(made.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    const shown = (await api.call(`/v1/webhooks/${made.id}`)).json();
    expect(shown).toEqual({ ...made, secret: undefined });
    expect(JSON.stringify(await database.webhooks.find(made.id))).not.toContain(made.secret?.slice(6, 30));
  });

  it.each([
    ['/url', 'http://127.0.0.1/'],
    ['/url', 'http://2130706433/'],
    ['/url', 'http://0x7f.1/'],
    ['/url', 'https://[::ffff:127.0.0.1]/'],
    ['/url', 'http://169.254.169.254/latest/meta-data'],
    ['/url', 'http://localhost:8080/'],
    ['/url', 'http://user:pass@example.com/'],
    ['/url', 'ftp://example.com/'],
    ['/url', 'javascript:alert(1)'],
    ['/url', 'https://example.com/#part'],
    ['/url', 'example.com/hook'],
    ['/url', `https://example.com/${'x'.repeat(2048)}`],
    ['/url', null],
    ['/events', []],
    ['/events', ['render.done']],
    ['/events', 'render.completed'],
    ['/description', 'two\nlines'],
    ['/secret', 'whsec_mine'],
  ])('refuses %s: %s', async (pointer, value) => {
    const answer = await api.post('/v1/webhooks', body({ [pointer.slice(1)]: value }));
    expect(answer.status).toBe(422);
    expect((answer.json().errors as { pointer: string }[])[0]?.pointer).toMatch(pointer);
    expect(answer.body.toString()).not.toContain('pass@');
  });

  it('takes private addresses that OUTBOUND_ALLOW opens', async () => {
    const open = await startApi({ config: { webhooks: { outboundAllow: ['127.0.0.0/8'], timeScale: 1 } } });
    for (const url of ['http://127.1:8080/', 'http://localhost/'])
      expect((await open.post('/v1/webhooks', body({ url }))).status).toBe(201);
    expect((await open.post('/v1/webhooks', body({ url: 'http://10.0.0.1/' }))).status).toBe(422);
  });

  it('answers the same request again with the secret, for as long as the key is kept', async () => {
    const request = body();
    const [first, second] = [
      await api.post('/v1/webhooks', request, key('hook')),
      await api.post('/v1/webhooks', request, key('hook')),
    ];
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.headers.get('idempotency-replayed')).toBe('true');
    expect(second.json()).toEqual(first.json());
    const secret = String(first.json().secret);
    const record = await database.idempotency.claim(
      {
        scope: 'default POST /v1/webhooks hook',
        tenantId: 'default',
        fingerprint: '',
        resourceId: '',
        holder: '',
        leaseUntil: 0,
        expiresAt: 0,
      },
      Date.now(),
    );
    expect(record.row.sealedSecret).toBeTruthy();
    expect(JSON.stringify(record.row)).not.toContain(secret.slice(6, 30));
    expect((await api.post('/v1/webhooks', body(), key('hook'))).status).toBe(422);
  });

  it('makes one endpoint of a request that was cut off and comes again', async () => {
    const request = body();
    const { answered } = database.idempotency;
    database.idempotency.answered = () => Promise.reject(new Error('cut off'));
    const first = (await api.post('/v1/webhooks', request, key('cut'))).json();
    database.idempotency.answered = answered;
    api.advance(61_000);
    const second = (await api.post('/v1/webhooks', request, key('cut'))).json();
    expect([second.id, second.secret]).toEqual([first.id, first.secret]);
  });

  it('needs a key that may write', async () => {
    await api.addKey('reader', 'read', 'default');
    expect((await api.post('/v1/webhooks', body(), {}, 'reader')).status).toBe(403);
    expect((await api.call('/v1/webhooks', { key: 'reader' })).status).toBe(200);
  });
});

describe('webhooks', () => {
  it('list page by page, without secrets', async () => {
    await api.addKey('lister', 'write', 'lists');
    const ids: unknown[] = [];
    for (let made = 0; made < 3; made++) ids.push((await api.post('/v1/webhooks', body(), {}, 'lister')).json().id);
    const first = await api.call('/v1/webhooks?limit=2&sort=createdAt', { key: 'lister' });
    const page = webhookListSchema.parse(first.json());
    expect(first.headers.get('link')).toContain('rel="next"');
    const rest = await api.call(`/v1/webhooks?limit=2&sort=createdAt&cursor=${page.nextCursor}`, { key: 'lister' });
    const listed = [...page.data, ...webhookListSchema.parse(rest.json()).data];
    expect(new Set(listed.map(({ id }) => id))).toEqual(new Set(ids));
    expect(first.body.toString()).not.toContain('whsec_');
  });

  it('are changed by a merge patch', async () => {
    const { id, url } = await make({ description: 'before' });
    const changed = await patch(id, { events: ['code.scanned', 'code.scanned'], description: null });
    expect(changed.json()).toMatchObject({ url, events: ['code.scanned'], description: null, status: 'active' });
    expect((await patch(id, { status: 'disabled' })).json()).toMatchObject({ disabledReason: 'by_request' });
    const active = (await patch(id, { status: 'active', url: 'https://example.com/new' })).json();
    expect(active).toMatchObject({ status: 'active', disabledReason: null, url: 'https://example.com/new' });
    for (const wrong of [{ url: 'http://127.1/' }, { url: null }, { status: 'gone' }, { secret: 'x' }, { events: [] }])
      expect((await patch(id, wrong)).status).toBe(422);
  });

  it('stay as they are by a patch that says nothing new, which is not on record', async () => {
    const made = await make();
    for (const same of [{}, { url: made.url, status: 'active', description: null }])
      expect((await patch(made.id, same)).json()).toMatchObject({ updatedAt: made.updatedAt });
    const record = (await api.call(`/v1/audit?objectId=${made.id}`)).json().data as { action: string }[];
    expect(record.map(({ action }) => action)).toEqual(['webhook.create']);
  });

  it('are deleted', async () => {
    const { id } = await make();
    expect((await api.call(`/v1/webhooks/${id}`, { method: 'DELETE' })).status).toBe(204);
    for (const method of ['GET', 'DELETE']) expect((await api.call(`/v1/webhooks/${id}`, { method })).status).toBe(404);
  });

  it("are another tenant's business: 404 everywhere", async () => {
    const { id } = await make();
    await api.addKey('stranger', 'admin', 'strangers');
    const test = await api.post(`/v1/webhooks/${id}/test`, {});
    const paths = ['', '/deliveries', '/rotate-secret', '/test', `/deliveries/${test.json().id}/redeliver`];
    const statuses = paths.map(async (path, index) => {
      const method = index < 2 ? 'GET' : 'POST';
      return (await api.call(`/v1/webhooks/${id}${path}`, { method, key: 'stranger' })).status;
    });
    expect(await Promise.all(statuses)).toEqual([404, 404, 404, 404, 404]);
    expect((await api.call(`/v1/webhooks/${id}`, { method: 'DELETE', key: 'stranger' })).status).toBe(404);
  });

  it('rotate their secret: the one before signs on for a day, and a repeated request rotates once', async () => {
    const { id, secret } = await make();
    const rotate = () => api.post(`/v1/webhooks/${id}/rotate-secret`, {}, key(`rotate ${id}`));
    const [first, second] = [await rotate(), await rotate()];
    const rotated = webhookAnswerSchema.strict().parse(first.json());
    expect(rotated.secret).not.toBe(secret);
    expect(second.json()).toEqual(first.json());
    expect(rotated.previousSecretExpiresAt).not.toBeNull();
    const { live } = createSigningSecrets(api.deps.config.secretKey);
    const secrets = (await database.webhooks.find(id))?.secrets ?? [];
    expect(live(secrets, Date.now())).toEqual([rotated.secret, secret]);
    const third = (await api.post(`/v1/webhooks/${id}/rotate-secret`, {})).json();
    const now = (await database.webhooks.find(id))?.secrets ?? [];
    expect(live(now, api.deps.now())).toEqual([third.secret, rotated.secret]);
  });
});

describe('deliveries', () => {
  it('begin with a test message, which shows the endpoint', async () => {
    const { id, secret } = await make();
    const answer = await api.post(`/v1/webhooks/${id}/test`, {}, key(`test ${id}`));
    expect(answer.status).toBe(202);
    const delivery = deliveryAnswerSchema.strict().parse(answer.json());
    expect(delivery).toMatchObject({ webhookId: id, type: 'webhook.test', status: 'queued', attempts: [] });
    const again = await api.post(`/v1/webhooks/${id}/test`, {}, key(`test ${id}`));
    expect(again.json().id).toBe(delivery.id);
    expect(api.queues.jobs.at(-1)).toMatchObject({ name: 'send-webhook', payload: { deliveryId: delivery.id } });
    const stored = await database.deliveries.find(delivery.id);
    expect(stored?.requestId).toBe(answer.headers.get('request-id'));
    expect(JSON.parse(stored?.body ?? '')).toMatchObject({ type: 'webhook.test', data: { object: 'webhook', id } });
    expect(stored?.body).not.toContain(secret);
    const listed = deliveryListSchema.parse((await api.call(`/v1/webhooks/${id}/deliveries?status=queued`)).json());
    expect(listed.data).toEqual([delivery]);
    expect((await api.call(`/v1/webhooks/${id}/deliveries?resourceId=${id}`)).json().data).toEqual([delivery]);
    expect((await api.call(`/v1/webhooks/${id}/deliveries?resourceId=rnd_a`)).json().data).toEqual([]);
    expect((await api.call(`/v1/webhooks/${id}/deliveries?status=failed`)).json().data).toEqual([]);
  });

  it('are sent again under the same id, once for each Idempotency-Key', async () => {
    const { id } = await make();
    const { id: deliveryId } = (await api.post(`/v1/webhooks/${id}/test`, {})).json();
    const attempt = { at: Date.now(), httpStatus: 500, latencyMs: 3, error: null, body: 'oh' };
    const row = await database.deliveries.find(String(deliveryId));
    const error = { code: 'attempts_exhausted', detail: 'none', pointer: null };
    await database.deliveries.record(String(deliveryId), row?.nextAttemptAt ?? 0, attempt, { status: 'failed', error });
    const path = `/v1/webhooks/${id}/deliveries/${deliveryId}/redeliver`;
    const answer = await api.post(path, {}, key(`again ${id}`));
    expect(answer.status).toBe(202);
    expect(answer.json()).toMatchObject({
      id: deliveryId,
      status: 'queued',
      error: null,
      attempts: [{ httpStatus: 500 }],
    });
    await database.deliveries.fail(String(deliveryId), error, Date.now());
    expect((await api.post(path, {}, key(`again ${id}`))).json().status).toBe('failed');
    expect((await api.post(path, {})).json().status).toBe('queued');
    const other = await make();
    const elsewhere = `/v1/webhooks/${other.id}/deliveries/${deliveryId}/redeliver`;
    expect((await api.post(elsewhere, {})).status).toBe(404);
    expect((await api.post(`/v1/webhooks/${id}/deliveries/msg_none/redeliver`, {})).status).toBe(404);
  });

  it('are not made for a disabled endpoint: 409 that names the way out', async () => {
    const { id } = await make();
    const { id: deliveryId } = (await api.post(`/v1/webhooks/${id}/test`, {})).json();
    await patch(id, { status: 'disabled' });
    for (const path of ['test', `deliveries/${deliveryId}/redeliver`]) {
      const answer = await api.post(`/v1/webhooks/${id}/${path}`, {});
      expect([answer.status, answer.json().code]).toEqual([409, 'webhook_disabled']);
      expect(answer.json().detail).toContain('active');
    }
  });
});
