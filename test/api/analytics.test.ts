import { beforeAll, describe, expect, it } from 'vitest';
import { type AnalyticsAnswer, analyticsAnswerSchema } from '../../shared/contract/analytics-answer.ts';
import { breakdownNames } from '../../shared/domain/scans/roll-up.ts';
import { countBuckets } from '../../workers/count-buckets.ts';
import { type ApiUnderTest, operatorKey, startApi } from './support/api-under-test.ts';
import { codeRow } from './support/code-row.ts';
import { scanRow } from './support/scan-row.ts';

const codeId = 'cod_berlin';
const otherId = 'cod_paris';

/** Around the night in which Berlin's clocks go back, at 01:00 UTC; `v1` … are visitors, whose day is UTC's. */
const ledger = [
  scanRow('2024-10-26T21:30:00Z', { codeId, visitor: 'v1', city: 'Berlin' }),
  scanRow('2024-10-26T21:59:59.999Z', { codeId, visitor: 'v2', city: 'Berlin' }),
  scanRow('2024-10-26T22:00:00Z', { codeId, visitor: 'v1' }),
  scanRow('2024-10-26T23:59:00Z', { codeId, visitor: 'b1', source: 'link', bot: true, device: 'other' }),
  scanRow('2024-10-27T00:10:00Z', { codeId, visitor: 'v1' }),
  scanRow('2024-10-27T00:50:00Z', { codeId, visitor: 'v1', source: 'link' }),
  scanRow('2024-10-27T01:10:00Z', { codeId, visitor: 'v3' }),
  scanRow('2024-10-27T01:10:00Z', { codeId, visitor: 'v2', source: null }),
  scanRow('2024-10-27T12:00:00Z', { codeId, visitor: 'v4', country: 'US', city: 'New York' }),
  scanRow('2024-10-27T12:07:00Z', { codeId, visitor: 'v4', country: 'US', city: 'New York', source: 'link' }),
  scanRow('2024-10-27T22:59:59Z', { codeId, visitor: 'v5', browser: null }),
  scanRow('2024-10-27T23:00:00Z', { codeId, visitor: 'v5', browser: 'Firefox' }),
  scanRow('2024-10-27T12:05:00Z', { codeId: otherId, visitor: 'v6', country: 'FR', city: 'Paris' }),
];

async function startWithLedger(): Promise<ApiUnderTest> {
  const api = await startApi();
  const { codes, scans } = api.database;
  await codes.insert([
    codeRow({ id: codeId, slug: 'berlin' }),
    codeRow({ id: otherId, slug: 'paris', tags: ['france'], batchId: 'bat_1' }),
    codeRow({ id: 'cod_foreign', slug: 'foreign', tenantId: 'other', tags: ['france'] }),
  ]);
  const foreign = scanRow('2024-10-27T12:05:00Z', { codeId: 'cod_foreign', tenantId: 'other', visitor: 'v7' });
  await scans.record('segment-1', [...ledger, foreign], Date.now());
  await countBuckets(api.database, await scans.dirtyBuckets(1000));
  return api;
}

let api: ApiUnderTest;
beforeAll(async () => {
  api = await startWithLedger();
});

async function analytics(
  query: Record<string, string>,
  path = `/v1/codes/${codeId}/analytics`,
): Promise<AnalyticsAnswer> {
  const answer = await api.call(`${path}?${new URLSearchParams(query)}`);
  if (answer.status !== 200) throw new Error(`${answer.status} ${answer.body}`);
  const read = analyticsAnswerSchema.strict().parse(answer.json());
  for (const name of breakdownNames)
    expect(read[name].reduce((sum, { scanCount }) => sum + scanCount, 0)).toBe(read.scanCount);
  expect(read.series.reduce((sum, { scanCount }) => sum + scanCount, 0)).toBe(read.scanCount);
  expect(read.series.reduce((sum, point) => sum + point.dailyUniqueCount, 0)).toBe(read.dailyUniqueCount);
  return read;
}

const inBerlin = { from: '2024-10-26', to: '2024-10-29', timeZone: 'Europe/Berlin' };
const totals = ({ scanCount, dailyUniqueCount }: AnalyticsAnswer): [number, number] => [scanCount, dailyUniqueCount];

describe('GET /v1/codes/:id/analytics', () => {
  it('counts by day in Berlin, zeros included, each breakdown to the total', async () => {
    const read = await analytics({ ...inBerlin, to: '2024-10-30' });
    expect(read).toMatchObject({
      object: 'analytics',
      codeId,
      from: '2024-10-25T22:00:00.000Z',
      to: '2024-10-29T23:00:00.000Z',
      interval: 'day',
      timeZone: 'Europe/Berlin',
      bots: 'exclude',
      source: null,
      scanCount: 11,
      dailyUniqueCount: 7,
    });
    expect(read.series).toEqual([
      { start: '2024-10-26T00:00:00+02:00', scanCount: 2, dailyUniqueCount: 2 },
      { start: '2024-10-27T00:00:00+02:00', scanCount: 8, dailyUniqueCount: 5 },
      { start: '2024-10-28T00:00:00+01:00', scanCount: 1, dailyUniqueCount: 0 },
      { start: '2024-10-29T00:00:00+01:00', scanCount: 0, dailyUniqueCount: 0 },
    ]);
    expect(read.countries).toEqual([
      { key: 'DE', scanCount: 9 },
      { key: 'US', scanCount: 2 },
    ]);
    expect(read.cities).toEqual([
      { key: null, country: null, scanCount: 7 },
      { key: 'Berlin', country: 'DE', scanCount: 2 },
      { key: 'New York', country: 'US', scanCount: 2 },
    ]);
    expect(read.browsers).toEqual([
      { key: 'Safari', scanCount: 9 },
      { key: 'Firefox', scanCount: 1 },
      { key: null, scanCount: 1 },
    ]);
    expect(read.sources).toEqual([
      { key: 'qr', scanCount: 8 },
      { key: 'link', scanCount: 2 },
      { key: null, scanCount: 1 },
    ]);
    expect(read.attribution).toContain('https://db-ip.com');
  });

  it('counts the hour that is shown twice as two', async () => {
    const range = { from: '2024-10-27T00:00:00Z', to: '2024-10-27T02:00:00Z', timeZone: 'Europe/Berlin' };
    expect((await analytics({ ...range, interval: 'hour' })).series).toEqual([
      { start: '2024-10-27T02:00:00+02:00', scanCount: 2, dailyUniqueCount: 1 },
      { start: '2024-10-27T02:00:00+01:00', scanCount: 2, dailyUniqueCount: 2 },
    ]);
  });

  it.each<[string, string, [string, number][]]>([
    ['month', '2024-10-29', [['2024-10-01T00:00:00+05:30', 11]]],
    ['week', '2024-10-28', [['2024-10-21T00:00:00+05:30', 9]]],
    [
      'day',
      '2024-10-29',
      [
        ['2024-10-26T00:00:00+05:30', 0],
        ['2024-10-27T00:00:00+05:30', 9],
        ['2024-10-28T00:00:00+05:30', 2],
      ],
    ],
  ])('counts by %s in Kolkata', async (interval, to, expected) => {
    const read = await analytics({ from: '2024-10-26', to, interval, timeZone: 'Asia/Kolkata' });
    expect(read.series.map(({ start, scanCount }) => [start, scanCount])).toEqual(expected);
  });

  it.each<[Record<string, string>, [number, number]]>([
    [{ bots: 'include' }, [12, 8]],
    [{ bots: 'only' }, [1, 1]],
    [{ source: 'qr' }, [8, 6]],
    [{ source: 'link' }, [2, 2]],
    [{ source: 'link', bots: 'include' }, [3, 3]],
    [{ source: 'qr', bots: 'only' }, [0, 0]],
  ])('counts what passes %j, each visitor at its first scan among them', async (filter, expected) => {
    expect(totals(await analytics({ ...inBerlin, ...filter }))).toEqual(expected);
  });

  it.each([
    ['2024-10-27T12:03:00Z', '2024-10-27T12:08:00Z', [1, 0]],
    ['2024-10-27T12:00:00Z', '2024-10-27T12:07:00Z', [1, 1]],
    ['2024-10-27T12:00:00.001Z', '2024-10-27T12:07:00.001Z', [1, 0]],
    ['2024-10-27T11:58:00Z', '2024-10-27T12:05:00Z', [1, 1]],
    ['2024-10-27T00:45:00Z', '2024-10-27T12:01:00Z', [4, 3]],
    ['2024-10-27T00:05:00Z', '2024-10-27T12:07:30Z', [6, 4]],
    ['2024-10-26T21:59:59.999Z', '2024-10-26T22:00:00Z', [1, 1]],
  ])('counts to the millisecond where a range cuts a quarter of an hour: %s to %s', async (from, to, expected) => {
    const read = await analytics({ from, to });
    expect([read.from, read.to]).toEqual([new Date(from).toISOString(), new Date(to).toISOString()]);
    expect(totals(read)).toEqual(expected);
  });

  it('takes an unescaped plus of an offset for what it is', async () => {
    const path = `/v1/codes/${codeId}/analytics?from=2024-10-26T00:00:00+02:00&to=2024-10-26T23:59:59.999+02:00`;
    expect((await api.call(path)).json()).toMatchObject({ from: '2024-10-25T22:00:00.000Z', scanCount: 1 });
  });

  it('shows the last 30 days and today unless asked for another range', async () => {
    const read = await analytics({});
    expect(read.series).toHaveLength(31);
    expect(read).toMatchObject({ interval: 'day', timeZone: 'UTC', bots: 'exclude' });
  });

  it.each<[string, string[]]>([
    ['from=yesterday&to=2024-13-01', ['from invalid_from', 'to invalid_to']],
    [
      'timeZone=Europe/Berlim&bots=no&interval=minute',
      ['bots invalid_bots', 'interval invalid_interval', 'timeZone invalid_time_zone'],
    ],
    ['timezone=UTC&tag=a', ['tag unknown_field', 'timezone unknown_field']],
    ['from=2024-10-27&to=2024-10-27', ['to empty_range']],
    ['from=2999-01-01', ['from empty_range']],
    ['from=2000-01-01&to=2024-01-01&interval=hour', ['interval too_many_intervals']],
    ['source=QR&source=qr', ['source given_twice']],
  ])('names everything that is wrong with %s', async (query, expected) => {
    const answer = await api.call(`/v1/codes/${codeId}/analytics?${query}`);
    expect(answer.status).toBe(422);
    const errors = answer.json().errors as { name: string; code: string }[];
    expect(errors.map(({ name, code }) => `${name} ${code}`).sort()).toEqual(expected);
  });

  it('tells nobody of the codes of others', async () => {
    expect((await api.call('/v1/codes/cod_foreign/analytics')).status).toBe(404);
    expect((await api.call('/v1/codes/cod_none/analytics')).status).toBe(404);
    expect((await api.call(`/v1/codes/${codeId}/analytics`, { key: null })).status).toBe(401);
  });

  it('lets the role read in', async () => {
    await api.addKey('reader-key-for-tests', 'read', 'default');
    expect((await api.call(`/v1/codes/${codeId}/analytics`, { key: 'reader-key-for-tests' })).status).toBe(200);
  });
});

describe('GET /v1/analytics', () => {
  it.each<[Record<string, string>, number, Record<string, unknown>]>([
    [{}, 12, { codeId: null, tag: null, batchId: null }],
    [{ tag: 'france' }, 1, { codeId: null, tag: 'france', batchId: null }],
    [{ batchId: 'bat_1' }, 1, { codeId: null, tag: null, batchId: 'bat_1' }],
    [{ tag: 'nowhere' }, 0, { tag: 'nowhere' }],
  ])('counts over the codes with %j', async (wanted, scanCount, subject) => {
    expect(await analytics({ ...inBerlin, ...wanted }, '/v1/analytics')).toMatchObject({ scanCount, ...subject });
  });

  it('counts to the millisecond over several codes', async () => {
    const range = { from: '2024-10-27T12:04:00Z', to: '2024-10-27T12:08:00Z' };
    expect(totals(await analytics(range, '/v1/analytics'))).toEqual([2, 1]);
  });

  it('counts another tenant its own', async () => {
    await api.addKey('other-key-for-tests', 'read', 'other');
    const query = new URLSearchParams({ ...inBerlin, tag: 'france' });
    const answer = await api.call(`/v1/analytics?${query}`, { key: 'other-key-for-tests' });
    expect(answer.json()).toMatchObject({ scanCount: 1, dailyUniqueCount: 1 });
  });

  it('takes tag or batchId, not both', async () => {
    const answer = await api.call('/v1/analytics?tag=a&batchId=b', { key: operatorKey });
    expect([answer.status, (answer.json().errors as { name: string }[])[0]?.name]).toEqual([422, 'batchId']);
  });
});

describe('where the ledger was purged', () => {
  it('counts whole quarters of an hour, and says so', async () => {
    const purged = await startWithLedger();
    const { scans } = purged.database;
    await scans.closeLedgerBefore(Date.parse('2024-10-27T00:00:00Z'));
    expect(await scans.purgeLedger(1000)).toBe(4);
    const query = new URLSearchParams({ from: '2024-10-26T21:50:00Z', to: '2024-10-27T00:20:00Z' });
    const answer = await purged.call(`/v1/codes/${codeId}/analytics?${query}`);
    expect(answer.json()).toMatchObject({
      from: '2024-10-26T21:45:00.000Z',
      to: '2024-10-27T00:20:00.000Z',
      scanCount: 3,
      dailyUniqueCount: 2,
    });
  });
});
