import { afterAll, describe, expect, it } from 'vitest';
import { createRateLimits } from '../../api/middleware/rate-limits.ts';
import { connectRateWindows } from '../../shared/adapters/rate-windows.ts';
import { parseConfig } from '../../shared/config.ts';
import { createLog } from '../../shared/log.ts';
import { redisUrl, uniquePrefix } from '../support/servers.ts';
import { type ApiUnderTest, newBody, newPng, startApi } from './support/api-under-test.ts';

const windows = await connectRateWindows({ url: redisUrl(), prefix: uniquePrefix() }, createLog('test', 'silent'));
afterAll(() => windows.close());
const first = await startApi();

/** Starts the API as the variable makes it. */
async function startWith(variable: string, value: number): Promise<ApiUnderTest> {
  const { limits, wait, rateLimits: rates } = parseConfig({ [variable]: String(value) }, 'start');
  const off = { perKey: 0, perAddress: 0, failedAuthPerMinute: 0, unknownPerMinute: 0 };
  const rateLimits = createRateLimits({
    rates: variable.startsWith('RATE_') ? rates : off,
    windows: { limit: (policy, keyOf) => windows.limit({ ...policy, windowS: 60 }, keyOf) },
    secretKey: 'a secret that is only for tests',
    clientAddress: () => `${variable}.test`,
  });
  return startApi({ config: { limits, wait: { ...wait, defaultMs: 0 } }, rateLimits, beside: first });
}

const bytes = (count: number): string => 'x'.repeat(count);
const withLogo = (sizeBytes: number) =>
  newBody({ logo: { data: `data:image/png;base64,${newPng(sizeBytes).toString('base64')}` } });
const png = (sizeBytes: number) => ({ body: newPng(sizeBytes), headers: { 'content-type': 'image/png' } });
const csv = (body: string) => ({ body, headers: { 'content-type': 'text/csv' } });
const twice = async (ask: () => Promise<{ status: number }>, times: number) => {
  for (let n = 0; n < times; n++) await ask();
};

type Row = [
  variable: string,
  value: number,
  how: string,
  below: ((api: ApiUnderTest) => Promise<{ status: number }>) | null,
  cross: (api: ApiUnderTest) => ReturnType<ApiUnderTest['call']>,
  status: number,
  code: string,
];

/** Every limit that the API holds at once: what crosses it, and what that is told. */
const rows: Row[] = [
  [
    'MAX_BODY_BYTES',
    2000,
    'a body of 3,000 bytes',
    (api) => api.post('/v1/renders', newBody()),
    (api) => api.post('/v1/renders', { filler: bytes(3000) }),
    413,
    'body_too_large',
  ],
  [
    'MAX_LOGO_BODY_BYTES',
    70_000,
    'a body with a logo of 75,000 bytes',
    (api) => api.post('/v1/renders', withLogo(500)),
    (api) => api.post('/v1/renders', withLogo(57_000)),
    413,
    'body_too_large',
  ],
  [
    'MAX_LOGO_BYTES',
    2048,
    'a logo of 2,049 bytes',
    (api) => api.call('/v1/logos', png(2048)),
    (api) => api.call('/v1/logos', png(2049)),
    413,
    'logo_too_large',
  ],
  [
    'MAX_LOGO_BYTES',
    2048,
    'an inline logo of 2,049 bytes',
    (api) => api.post('/v1/renders', withLogo(2048)),
    (api) => api.post('/v1/renders', withLogo(2049)),
    413,
    'logo_too_large',
  ],
  [
    'MAX_LOGO_PIXELS',
    159_999,
    'a logo of 400 × 400 px',
    null,
    (api) => api.call('/v1/logos', png(200)),
    413,
    'logo_too_many_pixels',
  ],
  [
    'MAX_CSV_BYTES',
    1024,
    'a CSV of 1,100 bytes',
    (api) => api.call('/v1/batches', csv('url\nhttps://example.com\n')),
    (api) => api.call('/v1/batches', csv(`url\n${bytes(1096)}`)),
    413,
    'csv_too_large',
  ],
  [
    'RATE_LIMIT_PER_KEY',
    1,
    'three calls at once',
    (api) => api.call('/v1/me'),
    (api) => twice(() => api.call('/v1/me'), 2).then(() => api.call('/v1/me')),
    429,
    'too_many_requests',
  ],
  [
    'RATE_LIMIT_PER_ADDRESS',
    1,
    'two images in a second',
    (api) => api.call('/v1/qr?data=a', { key: null }),
    (api) => api.call('/v1/qr?data=b', { key: null }),
    429,
    'too_many_requests',
  ],
  [
    'RATE_LIMIT_FAILED_AUTH',
    2,
    'three wrong keys in a minute',
    null,
    (api) => twice(() => api.call('/v1/me', { key: 'wrong' }), 2).then(() => api.call('/v1/me', { key: 'wrong' })),
    429,
    'too_many_requests',
  ],
  [
    'RATE_LIMIT_UNKNOWN',
    2,
    'three unknown slugs in a minute',
    (api) => api.call('/healthz'),
    (api) => twice(() => api.call('/nowhere-1', { key: null }), 2).then(() => api.call('/nowhere-2', { key: null })),
    429,
    'too_many_requests',
  ],
];

/** A file that is over a limit once it has `count` times `unit`. */
const many = (unit: string, count: number): string => Array<string>(count).fill(unit).join('');
const csvRows: Row[] = [
  [
    'MAX_CSV_ROWS',
    3,
    'a CSV of four rows',
    (api) => api.call('/v1/batches', csv(`url\n${many('https://e.example\n', 3)}`)),
    (api) => api.call('/v1/batches', csv(`url\n${many('https://e.example\n', 4)}`)),
    413,
    'csv_too_many_rows',
  ],
  [
    'MAX_CSV_COLUMNS',
    2,
    'a CSV of three columns',
    (api) => api.call('/v1/batches', csv('url,a\nhttps://e.example,1\n')),
    (api) => api.call('/v1/batches', csv('url,a,b\nhttps://e.example,1,2\n')),
    422,
    'csv_too_many_columns',
  ],
  [
    'MAX_CSV_LINE_BYTES',
    1024,
    'a CSV with a line of 1,100 bytes',
    (api) => api.call('/v1/batches', csv('url\nhttps://e.example\n')),
    (api) => api.call('/v1/batches', csv(`url\n${many('x', 1100)}\n`)),
    422,
    'csv_line_too_long',
  ],
];

describe('limits are what their variables say:', () => {
  it.each([...rows, ...csvRows])('%s=%i, crossed by %s', async (variable, value, _how, below, cross, status, code) => {
    const api = await startWith(variable, value);
    if (below) expect((await below(api)).status).toBeLessThan(300);
    const answer = await cross(api);
    expect([answer.status, answer.json().code]).toEqual([status, code]);
    expect(String(answer.json().detail).length).toBeGreaterThan(20);
  });

  it('MAX_WAIT_S=2 makes a longer wait as long as that, and says so', async () => {
    const api = await startWith('MAX_WAIT_S', 2);
    const answer = await api.post('/v1/renders', newBody(), { prefer: 'wait=30' });
    expect([answer.status, answer.headers.get('preference-applied')]).toEqual([200, 'wait=2']);
  });

  it('content is held by what a symbol can say, whatever is configured', async () => {
    const answer = await first.post('/v1/renders', { content: { type: 'text', text: bytes(3000) }, size: 2000 });
    expect([answer.status, answer.json().code]).toEqual([422, 'invalid_request']);
    expect(answer.json().errors).toMatchObject([{ pointer: '/content/text', code: 'content_too_long' }]);
  });
});
