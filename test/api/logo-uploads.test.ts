import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { logoAnswerSchema } from '../../shared/contract/logo-answer.ts';
import { logoKey } from '../../shared/domain/object-key.ts';
import { eventually } from '../support/client.ts';
import { newBody, newPng, operatorKey, publicUrl, startApi } from './support/api-under-test.ts';

const api = await startApi();
const png = { 'content-type': 'image/png' };
const upload = (bytes: Buffer, key = operatorKey) => api.call('/v1/logos', { body: bytes, headers: png, key });

type Init = Parameters<typeof api.call>[1] & object;

function form(parts: [string, Buffer | string][]): FormData {
  const data = new FormData();
  for (const [name, value] of parts) {
    if (typeof value === 'string') data.append(name, value);
    else data.append(name, new Blob([value]), 'logo.png');
  }
  return data;
}

const cutForm = '--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nabc';

describe('POST /v1/logos', () => {
  it('answers 201 once a worker has decoded it, and 200 when it was there', async () => {
    const bytes = newPng();
    const first = await upload(bytes);
    expect(first.status).toBe(201);
    const logo = logoAnswerSchema.strict().parse(first.json());
    expect(first.headers.get('location')).toBe(`${publicUrl}/v1/logos/${logo.id}`);
    expect(logo).toMatchObject({ width: 400, height: 400, sizeBytes: bytes.length, contentType: 'image/png' });
    expect(api.objects.durable.has(logoKey(logo.id))).toBe(true);
    const second = await api.call('/v1/logos', { body: form([['file', bytes]]) });
    expect([second.status, second.json()]).toEqual([200, first.json()]);
  });

  it('goes by the first bytes, and knows image/jpg', async () => {
    const bytes = newPng();
    const id = (await upload(bytes)).json().id;
    const again = await api.call('/v1/logos', { body: bytes, headers: { 'content-type': 'image/jpg' } });
    expect([again.status, again.json()]).toMatchObject([200, { id, contentType: 'image/png' }]);
  });

  it.each([
    ['an SVG as a PNG', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), png, 415],
    ['an SVG as itself', Buffer.from('<svg/>'), { 'content-type': 'image/svg+xml' }, 415],
    ['a GIF', Buffer.from('GIF89a..........'), { 'content-type': 'application/octet-stream' }, 415],
    ['JSON', Buffer.from('{}'), { 'content-type': 'application/json' }, 415],
    ['nothing', Buffer.from(''), png, 422],
    ['a megabyte and a byte', newPng(1024 * 1024 + 1), png, 413],
    ['no boundary', Buffer.from('x'), { 'content-type': 'multipart/form-data' }, 400],
    [
      'a form that ends within its file',
      Buffer.from(cutForm),
      { 'content-type': 'multipart/form-data; boundary=b' },
      400,
    ],
    ['a boundary that is not there', Buffer.from('x'), { 'content-type': 'multipart/form-data; boundary=b' }, 400],
  ])('refuses %s', async (_, body, headers, status) => {
    const answer = await api.call('/v1/logos', { body, headers });
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
  });

  it.each<[string, FormData, number, string]>([
    ['without a file', form([]), 422, 'invalid_request'],
    ['with the file under another name', form([['logo', newPng()]]), 422, 'invalid_request'],
    [
      'with two files',
      form([
        ['file', newPng()],
        ['file', newPng()],
      ]),
      422,
      'invalid_request',
    ],
    [
      'with another field',
      form([
        ['file', newPng()],
        ['name', 'mine'],
      ]),
      422,
      'invalid_request',
    ],
    ['with a file that is too large', form([['file', newPng(1024 * 1024 + 1)]]), 413, 'logo_too_large'],
    ['that is too large altogether', form([['file', newPng(3 * 1024 * 1024)]]), 413, 'body_too_large'],
    [
      'with ten thousand fields',
      form(Array.from({ length: 10_000 }, (_, n) => [`f${n}`, 'x'])),
      422,
      'invalid_request',
    ],
  ])('refuses a form %s', async (_, body, status, code) => {
    const answer = await api.call('/v1/logos', { body });
    expect([answer.status, answer.json().code]).toEqual([status, code]);
  });

  it.each<[string, Init, object]>([
    ['a plain field instead of a file', { body: form([['file', 'abc']]) }, { pointer: '/file', code: 'invalid_type' }],
    [
      'another field beside it',
      {
        body: form([
          ['colour', 'red'],
          ['file', newPng()],
        ]),
      },
      { pointer: '/colour', code: 'unknown_field', received: 'colour' },
    ],
    [
      'a file under another name',
      { body: form([['a/b', newPng()]]) },
      { pointer: '/a~1b', code: 'unknown_field', received: 'a/b' },
    ],
    [
      'no boundary',
      { body: Buffer.from('x'), headers: { 'content-type': 'multipart/form-data' } },
      { in: 'header', name: 'Content-Type', code: 'malformed_multipart', received: 'multipart/form-data' },
    ],
    [
      'another content type',
      { body: Buffer.from('{}'), headers: { 'content-type': 'application/json' } },
      { in: 'header', name: 'Content-Type', code: 'unsupported_media_type', received: 'application/json' },
    ],
    [
      'a file of another kind',
      { body: form([['file', Buffer.from('GIF89a')]]) },
      { pointer: '/file', code: 'logo_type' },
    ],
    ['a body of another kind', { body: Buffer.from('GIF89a'), headers: png }, { pointer: '', code: 'logo_type' }],
    ['a cut body', { body: newPng().subarray(0, 60), headers: png }, { pointer: '', code: 'logo_damaged' }],
    ['too large a body', { body: newPng(1024 * 1024 + 1), headers: png }, { pointer: '', code: 'logo_too_large' }],
    [
      'too large a file',
      { body: form([['file', newPng(1024 * 1024 + 1)]]) },
      { pointer: '/file', code: 'logo_too_large' },
    ],
    [
      'two files',
      {
        body: form([
          ['file', newPng()],
          ['file', newPng()],
        ]),
      },
      { pointer: '/file', code: 'given_twice' },
    ],
  ])('names the place of what is wrong: %s', async (_, init, detail) => {
    const { errors } = (await api.call('/v1/logos', init)).json() as { errors: unknown[] };
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatchObject(detail);
  });

  it('tells whoever forgot the @ how a file is sent', async () => {
    const answer = await api.call('/v1/logos', { body: form([['file', 'logo.png']]) });
    expect(answer.json().detail).toContain('-F file=@logo.png');
  });

  it('has one code for a logo that is too large, however it comes', async () => {
    const bytes = newPng(1024 * 1024 + 1);
    const data = `data:image/png;base64,${bytes.toString('base64')}`;
    const answers = [
      await upload(bytes),
      await api.call('/v1/logos', { body: form([['file', bytes]]) }),
      await api.post('/v1/renders', newBody({ logo: { data } })),
      await api.post('/v1/codes', { target: 'https://example.com', imageOptions: { logo: { data } } }),
    ];
    expect(answers.map(({ status, json }) => [status, json().code])).toEqual(
      answers.map(() => [413, 'logo_too_large']),
    );
  });

  it.each([
    ['logo_too_many_pixels', 413],
    ['logo_damaged', 422],
    ['logo_type', 415],
  ])('tells a failed check by its own code: %s', async (code, status) => {
    api.queues.failure = { code, detail: 'The check failed', pointer: null };
    const bytes = newPng();
    const answer = await upload(bytes);
    api.queues.failure = null;
    expect([answer.status, answer.json().code]).toEqual([status, code]);
    expect((await upload(bytes)).status).toBe(201);
  });

  it('answers 503 when the check takes too long; the same upload later finds it checked', async () => {
    const other = await startApi({ beside: api });
    api.queues.isHeld = true;
    const jobs = api.queues.jobs.length;
    const bytes = newPng();
    const waiting = other.call('/v1/logos', { body: bytes, headers: png });
    await eventually('the check is enqueued', async () => api.queues.jobs.length > jobs);
    other.hurry.abort();
    const answer = await waiting;
    expect([answer.status, answer.headers.has('retry-after')]).toEqual([503, true]);
    api.queues.isHeld = false;
    await api.queues.work();
    expect((await upload(bytes)).status).toBe(200);
  });

  it('refuses and stores nothing while queue or object store are away', async () => {
    const bytes = newPng();
    const stored = api.objects.stored.size;
    api.queues.away = true;
    expect((await upload(bytes)).status).toBe(503);
    api.queues.away = false;
    api.objects.away = true;
    expect((await upload(bytes)).status).toBe(503);
    api.objects.away = false;
    expect(api.objects.stored.size).toBe(stored);
    expect((await upload(bytes)).status).toBe(201);
  });

  it('lets go of a form whose connection is cut', async () => {
    const lines = api.lines.length;
    const socket = connect(api.port, '127.0.0.1', () => {
      socket.write(
        `POST /v1/logos HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${operatorKey}\r\nContent-Length: 5000\r\n` +
          'Content-Type: multipart/form-data; boundary=b\r\n\r\n--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nabc',
        () => setTimeout(() => socket.destroy(), 50),
      );
    });
    await eventually('the request ends', async () => api.lines.slice(lines).find(({ status }) => status === 408));
  });
});
