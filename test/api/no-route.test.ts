import { describe, expect, it } from 'vitest';
import { startApi } from './support/api-under-test.ts';

const api = await startApi();

describe('what no route takes', () => {
  it.each(['/ab', '/my_menu', '/a.b', '/DOCS'])('is the small page for a browser that asks for %s', async (path) => {
    const answer = await api.call(path, { key: null, headers: { accept: 'text/html,*/*' } });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([404, 'text/html; charset=utf-8']);
    expect((await api.call(path, { key: null })).headers.get('content-type')).toBe('application/problem+json');
  });

  it('is 405 with what is allowed where a short URL may stand', async () => {
    const answer = await api.call('/my-menu', { key: null, method: 'PUT' });
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS']);
    expect((await api.call('/v1/nothing', { key: null, method: 'PUT' })).status).toBe(404);
  });
});

describe('a code made under an earlier SHORT_URL', () => {
  it('is no target either', async () => {
    const later = await startApi({ config: { shortOrigins: ['https://old.example.com'] } });
    const answer = await later.post('/v1/codes', { target: 'https://old.example.com/ab3de9xk' });
    expect([answer.status, answer.json().errors]).toMatchObject([422, [{ pointer: '/target', code: 'own_url' }]]);
  });
});
