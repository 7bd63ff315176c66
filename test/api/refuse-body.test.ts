import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { describe, expect, it } from 'vitest';
import { operatorKey, startApi } from './support/api-under-test.ts';

const api = await startApi();
const json = { 'content-type': 'application/json' };

async function newBatch(): Promise<string> {
  const csv = { body: 'url\nhttps://example.com\n', headers: { 'content-type': 'text/csv' } };
  return (await api.call('/v1/batches', csv)).json().id as string;
}
const statusOf = async (id: string) => (await api.call(`/v1/batches/${id}`)).json().status;
const cancel = (id: string, sent: { headers?: Record<string, string>; body?: string | Buffer } = {}) =>
  api.call(`/v1/batches/${id}/cancel`, { method: 'POST', ...sent });

describe('a body where none is read', () => {
  it('is refused, field by field, and nothing is done', async () => {
    const id = await newBatch();
    const before = await statusOf(id);
    const answer = await cancel(id, { headers: json, body: '{"force":true,"reason":"late"}' });
    expect(answer.status).toBe(422);
    expect(answer.json().errors).toMatchObject([
      { in: 'body', pointer: '/force', code: 'unknown_field', detail: 'force is not known here; accepted: none.' },
      { in: 'body', pointer: '/reason', code: 'unknown_field' },
    ]);
    expect(await statusOf(id)).toBe(before);
  });

  it.each(['[]', '"cancel"', '1'])('is refused when it is %s', async (body) => {
    const answer = await cancel(await newBatch(), { headers: json, body });
    expect([answer.status, answer.json().errors]).toMatchObject([422, [{ pointer: '', code: 'invalid_type' }]]);
  });

  it('keeps a DELETE from deleting', async () => {
    const { id } = (await api.post('/v1/codes', { target: 'https://example.com' })).json();
    const answer = await api.call(`/v1/codes/${id}`, { method: 'DELETE', headers: json, body: '{"dryRun":true}' });
    expect(answer.status).toBe(422);
    expect((await api.call(`/v1/codes/${id}`)).json().status).toBe('active');
  });

  it.each([
    ['no body', {}],
    ['an empty one', { headers: json, body: '' }],
    ['an empty object', { headers: json, body: '{}' }],
    ['null', { headers: json, body: 'null' }],
  ])('may be %s', async (_, sent) => {
    expect((await cancel(await newBatch(), sent)).status).toBeLessThan(300);
  });

  it('may be one without a length and without a byte, whatever it calls itself', async () => {
    const path = `/v1/batches/${await newBatch()}/cancel`;
    const headers = { authorization: `Bearer ${operatorKey}`, 'transfer-encoding': 'chunked' };
    const sent = request({ port: api.port, path, method: 'POST', headers }).end();
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    answer.resume();
    expect(answer.statusCode).toBeLessThan(300);
  });
});
