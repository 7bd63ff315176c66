import { describe, expect, it } from 'vitest';
import { eventually } from '../support/client.ts';
import { operatorKey, startApi } from './support/api-under-test.ts';

const api = await startApi();

let counter = 0;
const newData = (): string => `qr-${process.pid}-${counter++}`;

describe('GET /v1/qr', () => {
  it('answers the image without a key, for a day and for every site', async () => {
    const answer = await api.call(`/v1/qr?data=${newData()}&size=200`, { key: null });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('public, max-age=86400');
    expect(answer.headers.get('content-type')).toBe('image/png');
    expect(answer.headers.get('cross-origin-resource-policy')).toBe('cross-origin');
    expect(answer.headers.get('etag')).toMatch(/^"[0-9a-f]{64}"$/);
  });

  it('answers 304 before any work', async () => {
    const path = `/v1/qr?data=${newData()}`;
    const etag = (await api.call(path, { key: null })).headers.get('etag') ?? '';
    const [jobs, reads] = [api.queues.jobs.length, api.objects.read.length];
    const answer = await api.call(path, { key: null, headers: { 'if-none-match': etag } });
    expect([answer.status, api.queues.jobs.length, api.objects.read.length]).toEqual([304, jobs, reads]);
  });

  it('belongs to the key that comes along, and is private then', async () => {
    const answer = await api.call(`/v1/qr?data=${newData()}`, { key: operatorKey });
    expect(answer.headers.get('cache-control')).toBe('private, max-age=86400');
    const { data } = (await api.call('/v1/renders?limit=1')).json() as { data: { encodedText: string }[] };
    expect(data[0]?.encodedText).toBe(`qr-${process.pid}-${counter - 1}`);
    expect((await api.call('/v1/qr?data=x', { key: 'nonsense-key' })).status).toBe(401);
  });

  it.each([
    ['image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8', 'image/png'],
    ['image/svg+xml', 'image/svg+xml'],
    ['image/svg+xml, text/html', 'image/svg+xml'],
    ['*/*', 'image/png'],
    ['text/html', 'image/png'],
  ])('chooses the format for Accept: %s when the URL names none', async (accept, type) => {
    const answer = await api.call(`/v1/qr?data=${newData()}`, { key: null, headers: { accept } });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, type]);
    expect(answer.headers.get('vary')).toContain('Accept');
  });

  it('lets format beat Accept', async () => {
    const answer = await api.call(`/v1/qr?data=${newData()}&format=svg`, { headers: { accept: 'image/png' } });
    expect(answer.headers.get('content-type')).toBe('image/svg+xml');
    expect(answer.headers.has('vary')).toBe(false);
  });

  it('reads plus signs as spaces, escapes and bare bytes as UTF-8', async () => {
    const answer = await api.call('/v1/qr?data=a+b%2Bc%20%C3%A9', { key: null });
    expect(answer.body.toString()).toContain('a b+c é');
  });

  it.each(['data=%', 'data=%ff', 'data=%zz'])('refuses a query that cannot be decoded: %s', async (query) => {
    const answer = await api.call(`/v1/qr?${query}`, { key: null });
    const received = query.slice('data='.length);
    const errors = [{ in: 'query', name: 'data', received }];
    expect([answer.status, answer.json()]).toMatchObject([400, { code: 'malformed_query', errors }]);
  });

  it.each([
    ['', 'data'],
    ['data=x&size=99', 'size'],
    ['data=x&size=big', 'size'],
    ['data=x&margin=21', 'margin'],
    ['data=x&errorCorrection=X', 'errorCorrection'],
    ['data=x&format=gif', 'format'],
    ['data=x&foreground=red', 'foreground'],
    ['data=x&background=no', 'background'],
    ['data=x&foreground=%23ffffff&background=%23000000', 'foreground'],
    ['data=x&type=morse', 'type'],
    ['data=x&logoRatio=0.9&logoId=logo_x', 'logoRatio'],
    ['data=x&logoId=logo_none', 'logoId'],
    ['data=x&colour=red', 'colour'],
    [`data=${'x'.repeat(2500)}&errorCorrection=H`, 'data'],
    [`data=${'x'.repeat(1000)}&size=100`, 'size'],
    [`type=url&url=https%3A%2F%2Fexample.com%2F${'x'.repeat(2500)}&errorCorrection=H`, 'url'],
  ])('names what is wrong in ?%.40s', async (query, name) => {
    const answer = await api.call(`/v1/qr?${query}`, { key: null });
    expect(answer.status).toBe(422);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const errors = answer.json().errors as { in: string; name: string; pointer: string | null }[];
    expect(errors).toContainEqual(expect.objectContaining({ in: 'query', name, pointer: null }));
  });

  it('answers 503, not to be stored, when the image is not ready in time', async () => {
    const other = await startApi({ beside: api });
    api.queues.isHeld = true;
    const jobs = api.queues.jobs.length;
    const waiting = other.call(`/v1/qr?data=${newData()}`, { key: null });
    await eventually('the render is enqueued', async () => api.queues.jobs.length > jobs);
    other.hurry.abort();
    const answer = await waiting;
    api.queues.isHeld = false;
    await api.queues.work();
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([503, 'no-store']);
    expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
  }, 9000);

  it.each(['/v1/qr?data=x', '/v1/create-qr-code/?data=x', '/qr?text=x', '/chart?cht=qr&chs=200x200&chl=x'])(
    'answers %s only with a key when OPEN_QR is false',
    async (path) => {
      const closed = await startApi({ beside: api, config: { openQr: false } });
      const answer = await closed.call(path, { key: null });
      expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="qrfactory"']);
      const withKey = await closed.call(path);
      expect([withKey.status, withKey.headers.get('cache-control')]).toEqual([200, 'private, max-age=86400']);
    },
  );
});
