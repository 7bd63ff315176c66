import { describe, expect, it } from 'vitest';
import { newBody, startApi } from './support/api-under-test.ts';

const api = await startApi();
await api.addKey('reader-key', 'read', 'default');
await api.addKey('writer-key', 'write', 'default');

describe('API keys', () => {
  it.each([
    ['none', {}],
    ['of another scheme', { authorization: 'Basic b3BlcmF0b3I6' }],
    ['an unknown one', { authorization: 'Bearer qrf_unknown' }],
    ['an empty one', { authorization: 'Bearer ' }],
    ['of several words', { authorization: 'Bearer operator-key-for-tests and more' }],
  ])('are needed: %s is refused with 401', async (_, headers) => {
    const answer = await api.call('/v1/renders', { key: null, headers });
    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="qrfactory"']);
  });

  it('are named as what is wrong when their header cannot be read, and never repeated', async () => {
    const answer = await api.call('/v1/renders', { key: null, headers: { authorization: 'Basic c2VjcmV0' } });
    expect(answer.json().errors).toMatchObject([
      { in: 'header', name: 'Authorization', code: 'invalid_authorization', received: null },
    ]);
    expect(answer.body.toString()).not.toContain('c2VjcmV0');
  });

  it('are matched whatever the case of the scheme', async () => {
    const headers = { authorization: 'bearer operator-key-for-tests' };
    expect((await api.call('/v1/renders', { key: null, headers })).status).toBe(200);
  });

  it('may do what their role allows, and no more', async () => {
    const { id } = (await api.post('/v1/renders', newBody(), {}, 'writer-key')).json();
    expect((await api.call(`/v1/renders/${id}`, { key: 'reader-key' })).status).toBe(200);
    const post = await api.post('/v1/renders', newBody(), {}, 'reader-key');
    expect([post.status, post.json().code]).toEqual([403, 'forbidden']);
    expect((await api.call(`/v1/renders/${id}`, { key: 'reader-key', method: 'DELETE' })).status).toBe(403);
    expect((await api.call('/v1/logos', { key: 'reader-key', body: Buffer.from('x') })).status).toBe(403);
    expect((await api.call(`/v1/renders/${id}`, { key: 'writer-key', method: 'DELETE' })).status).toBe(204);
  });

  it('are looked up once in a few seconds, found or not', async () => {
    let lookups = 0;
    const { findByHash } = api.database.keys;
    api.database.keys.findByHash = (hash) => {
      lookups++;
      return findByHash(hash);
    };
    await api.addKey('fresh-key', 'read', 'default');
    for (let n = 0; n < 5; n++) {
      await api.call('/v1/renders', { key: 'fresh-key' });
      await api.call('/v1/renders', { key: 'guessed-key' });
    }
    api.database.keys.findByHash = findByHash;
    expect(lookups).toBe(2);
  });
});
