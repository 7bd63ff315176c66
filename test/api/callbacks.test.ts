import { describe, expect, it } from 'vitest';
import { callbackSecretAnswerSchema, deliveryListSchema } from '../../shared/contract/webhook-answer.ts';
import { createSigningSecrets } from '../../shared/signing-secrets.ts';
import { newBody, publicUrl, startApi } from './support/api-under-test.ts';
import { plantCallbackDelivery } from './support/fixtures.ts';

const api = await startApi();
const { database } = api;
const key = (name: string): Record<string, string> => ({ 'idempotency-key': name });

describe('callbackUrl', () => {
  const callbacksOf = async (id: string) => {
    const told = (await database.renders.toTell(1000)).find(({ row }) => row.id === id);
    return told?.ends.flatMap(({ callbacks }) => callbacks) ?? [];
  };

  it('is stored with the render and told at its end, once for each accepted POST', async () => {
    const request = newBody({ callbackUrl: 'https://example.com/done?x=1' });
    const first = await api.post('/v1/renders', request, key('call'));
    expect(first.status).toBe(200);
    const id = String(first.json().id);
    await api.post('/v1/renders', request, key('call'));
    await api.post('/v1/renders', request);
    const callbacks = await callbacksOf(id);
    expect(callbacks.map(({ url }) => url)).toEqual(Array(2).fill('https://example.com/done?x=1'));
    expect(new Set(callbacks.map(({ id }) => id)).size).toBe(2);
    expect(api.queues.jobs.some(({ name }) => name === 'relay-events')).toBe(true);
  });

  it('is told by deliveries that are listed with every attempt and sent again, whoever else has deliveries', async () => {
    const ids = [await plantCallbackDelivery(api, 'bat_one'), await plantCallbackDelivery(api, 'bat_two')];
    const planted = await database.deliveries.find(ids[0] as string);
    if (planted === null) throw new Error('It was not planted');
    await database.deliveries.insert([{ ...planted, id: 'msg_other', tenantId: 'other' }]);
    const list = async (query = '') => {
      const answer = await api.call(`/v1/callback-deliveries${query}`);
      expect(answer.status).toBe(200);
      return deliveryListSchema.parse(answer.json());
    };
    const known = (await list()).data.filter(({ id }) => ids.includes(id) || id === 'msg_other');
    expect(known.map(({ resourceId }) => resourceId).sort()).toEqual(['bat_one', 'bat_two']);
    const first = await list('?limit=1');
    const second = await list(`?limit=1&cursor=${first.nextCursor}`);
    expect(new Set([...first.data, ...second.data].map(({ id }) => id))).toEqual(new Set(ids));
    expect((await list('?resourceId=bat_two')).data.map(({ id }) => id)).toEqual([ids[1]]);
    expect((await list('?resourceId=bat_two&status=failed')).data).toEqual([]);
    const attempt = { at: Date.now(), httpStatus: 500, latencyMs: 3, error: null, body: 'oh' };
    const error = { code: 'attempts_exhausted', detail: 'none', pointer: null };
    await database.deliveries.record(planted.id, planted.nextAttemptAt ?? 0, attempt, { status: 'failed', error });
    const failed = (await list('?status=failed')).data.find(({ id }) => id === ids[0]);
    expect(failed).toMatchObject({ webhookId: null, callbackUrl: 'https://hooks.example.com/done', error });
    expect(failed?.attempts).toMatchObject([{ httpStatus: 500, body: 'oh' }]);
    const answer = await api.post(`/v1/callback-deliveries/${ids[0]}/redeliver`, {});
    expect([answer.status, answer.headers.get('location')]).toEqual([202, `${publicUrl}/v1/callback-deliveries`]);
    expect(answer.json()).toMatchObject({ status: 'queued', attempts: [{ httpStatus: 500 }] });
    expect(api.queues.jobs.at(-1)).toMatchObject({ name: 'send-webhook', payload: { deliveryId: ids[0] } });
    const endpoint = { url: 'https://example.com/hook', events: ['render.completed'] };
    const { id: webhookId } = (await api.post('/v1/webhooks', endpoint)).json();
    const { id: ofWebhook } = (await api.post(`/v1/webhooks/${webhookId}/test`, {})).json();
    for (const id of ['msg_other', ofWebhook, 'msg_none'])
      expect((await api.post(`/v1/callback-deliveries/${id}/redeliver`, {})).status).toBe(404);
  });

  it('has no part in the id: the same render without it is the same', async () => {
    const request = newBody();
    const [plain, called] = [
      (await api.post('/v1/renders', request)).json().id,
      (await api.post('/v1/renders', { ...request, callbackUrl: 'https://example.com/' })).json().id,
    ];
    expect(called).toBe(plain);
  });

  it('makes another request of it for the same Idempotency-Key', async () => {
    const request = newBody();
    await api.post('/v1/renders', request, key('call other'));
    const other = { ...request, callbackUrl: 'https://example.com/' };
    expect((await api.post('/v1/renders', other, key('call other'))).status).toBe(422);
  });

  it.each(['http://127.0.0.1/', 'ftp://example.com', 7, 'https://a:b@example.com/'])(
    'is refused: %s',
    async (callbackUrl) => {
      const answer = await api.post('/v1/renders', newBody({ callbackUrl, size: 1 }));
      expect(answer.status).toBe(422);
      const pointers = (answer.json().errors as { pointer: string }[]).map(({ pointer }) => pointer);
      expect(pointers.sort()).toEqual(['/callbackUrl', '/size']);
    },
  );
});

describe('POST /v1/callback-secret/rotate', () => {
  it('shows a new secret of the tenant, and the same to the same request', async () => {
    const rotate = (name: string) => api.post('/v1/callback-secret/rotate', {}, key(name));
    const [first, again, next] = [await rotate('one'), await rotate('one'), await rotate('two')];
    const made = callbackSecretAnswerSchema.strict().parse(first.json());
    expect(made).toMatchObject({ secret: expect.stringMatching(/^whsec_/), previousSecretExpiresAt: null });
    expect(again.json()).toEqual(made);
    expect(next.json()).toMatchObject({ previousSecretExpiresAt: expect.any(String) });
    const kept = await database.webhooks.findCallbackSecrets('default');
    const { live } = createSigningSecrets(api.deps.config.secretKey);
    expect(live(kept?.secrets ?? [], api.deps.now())).toEqual([next.json().secret, made.secret]);
  });
});
