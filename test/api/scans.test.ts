import { parse } from 'csv-parse/sync';
import { beforeAll, describe, expect, it } from 'vitest';
import { type ScanAnswer, scanListSchema } from '../../shared/contract/scan-answer.ts';
import { unavailable } from '../../shared/errors.ts';
import { publicUrl, startApi } from './support/api-under-test.ts';
import { codeRow } from './support/code-row.ts';
import { scanRow } from './support/scan-row.ts';

const api = await startApi();
const codeId = 'cod_ledger';
const path = `/v1/codes/${codeId}/scans`;
const first = 'https://example.com/first';
const second = 'https://example.com/second?a=1,2';

const ledger = [
  scanRow('2026-10-01T10:00:00Z', { codeId }),
  scanRow('2026-10-01T10:00:01.500Z', { codeId, bot: true, source: 'link', device: 'other' }),
  scanRow('2026-10-02T10:00:00Z', { codeId, version: 2, source: 'link', browser: '=1+1', referrer: 'a.example' }),
  scanRow('2026-10-02T10:00:00Z', { codeId, version: 2, city: 'Nürnberg, "Mitte"', source: null }),
  scanRow('2026-10-03T10:00:00Z', { codeId, version: null, fallbackTarget: 'https://example.com/closed' }),
];

beforeAll(async () => {
  const { codes, scans } = api.database;
  const code = codeRow({ id: codeId, slug: 'my-ledger', target: first });
  await codes.insert([code, codeRow({ id: 'cod_foreign', slug: 'foreign', tenantId: 'other' })]);
  const current = { version: 2, target: second, from: 2000, changedBy: 'key_1' };
  expect(await codes.replace({ ...code, current, revision: 2 })).toBe(true);
  await scans.record('segment-1', ledger, Date.now());
});

async function page(query = ''): Promise<{ data: ScanAnswer[]; nextCursor: string | null; link: string | null }> {
  const answer = await api.call(`${path}${query}`);
  if (answer.status !== 200) throw new Error(answer.body.toString());
  return { ...scanListSchema.strict().parse(answer.json()), link: answer.headers.get('link') };
}

const numbersOf = (scans: { id: string }[]): number[] =>
  scans.map(({ id }) => ledger.findIndex((row) => row.id === id) + 1);

describe('GET /v1/codes/:id/scans', () => {
  it('shows the ledger newest first, bots included, each scan with the target that it was sent to', async () => {
    const { data, nextCursor } = await page();
    expect(numbersOf(data)).toEqual([5, 4, 3, 2, 1]);
    expect(nextCursor).toBeNull();
    expect(data.map(({ target, version }) => [version, target])).toEqual([
      [null, 'https://example.com/closed'],
      [2, second],
      [2, second],
      [1, first],
      [1, first],
    ]);
    expect(data[3]).toEqual({
      object: 'scan',
      id: ledger[1]?.id,
      at: '2026-10-01T10:00:01.500Z',
      codeId,
      version: 1,
      target: first,
      source: 'link',
      country: 'DE',
      city: null,
      device: 'other',
      system: 'iOS',
      browser: 'Safari',
      referrer: null,
      language: 'de',
      bot: true,
    });
  });

  it.each([
    ['?sort=at', [1, 2, 3, 4, 5]],
    ['?sort=createdAt', [1, 2, 3, 4, 5]],
    ['?sort=-createdAt', [5, 4, 3, 2, 1]],
    ['?bots=exclude', [5, 4, 3, 1]],
    ['?bots=only', [2]],
    ['?source=link', [3, 2]],
    ['?from=2026-10-02&to=2026-10-03T10:00:00Z', [4, 3]],
    ['?from=2026-10-03T10:00:00Z', [5]],
  ])('filters and sorts by %s', async (query, expected) => {
    expect(numbersOf((await page(query)).data)).toEqual(expected);
  });

  it.each(['at', '-at'])('pages by cursor and Link without a gap, sorted by %s', async (sort) => {
    const all: ScanAnswer[] = [];
    let query: string | null = `?limit=2&sort=${sort}`;
    while (query !== null) {
      const { data, nextCursor, link } = await page(query);
      all.push(...data);
      const next = link === null ? null : new URL(/^<(.*)>; rel="next"$/.exec(link)?.[1] ?? '');
      expect(next?.searchParams.get('cursor') ?? null).toBe(nextCursor);
      if (next !== null) expect(`${next.origin}${next.pathname}`).toBe(`${publicUrl}${path}`);
      query = next?.search ?? null;
    }
    expect(all).toEqual((await page(`?sort=${sort}`)).data);
  });

  it('takes no cursor of another order or of another code', async () => {
    const { nextCursor } = await page('?limit=2');
    const codeOf = async (url: string) => {
      const answer = await api.call(url);
      return [answer.status, (answer.json().errors as { code: string }[])[0]?.code];
    };
    expect(await codeOf(`${path}?sort=at&cursor=${nextCursor}`)).toEqual([422, 'cursor_of_other_sort']);
    await api.database.codes.insert([codeRow({ id: 'cod_sibling', slug: 'sibling' })]);
    expect(await codeOf(`/v1/codes/cod_sibling/scans?cursor=${nextCursor}`)).toEqual([422, 'cursor_of_other_list']);
    expect(await codeOf(`${path}?cursor=MSBh`)).toEqual([422, 'cursor_of_other_list']);
  });

  it.each([
    ['limit=0&sort=id&cursor=x&bots=1', ['bots', 'cursor', 'limit', 'sort']],
    ['format=xml&page=2', ['format', 'page']],
    ['format=csv&limit=5&cursor=MSBh', ['cursor', 'limit']],
    ['from=2026-10-02&to=2026-10-01', ['to']],
  ])('names everything that is wrong with %s', async (query, names) => {
    const answer = await api.call(`${path}?${query}`);
    expect(answer.status).toBe(422);
    expect((answer.json().errors as { name: string }[]).map(({ name }) => name).sort()).toEqual(names);
  });

  it('tells nobody of the scans of others', async () => {
    expect((await api.call('/v1/codes/cod_foreign/scans')).status).toBe(404);
    expect((await api.call(path, { key: null })).status).toBe(401);
  });
});

describe('an export of scans', () => {
  it('is CSV by RFC 4180 with a safe name, no formula in it, and the credit in a link', async () => {
    const answer = await api.call(`${path}?format=csv&sort=at`);
    expect(answer.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(answer.headers.get('content-disposition')).toBe('attachment; filename="scans-my-ledger.csv"');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(answer.headers.get('link')).toContain('https://db-ip.com');
    const rows = parse(answer.body, { columns: true, recordDelimiter: '\r\n' }) as Record<string, string>[];
    const { data } = await page('?sort=at');
    expect(rows).toEqual(
      data.map(({ object: _, ...scan }) => {
        const cells = Object.entries(scan).map(([name, value]) => [name, value === null ? '' : String(value)]);
        return { ...Object.fromEntries(cells), ...(scan.browser === '=1+1' ? { browser: "'=1+1" } : {}) };
      }),
    );
  });

  it('is NDJSON, line for line what the pages say', async () => {
    const answer = await api.call(`${path}?bots=exclude`, { headers: { accept: 'application/x-ndjson' } });
    expect(answer.headers.get('content-type')).toBe('application/x-ndjson');
    expect(answer.headers.get('content-disposition')).toBe('attachment; filename="scans-my-ledger.ndjson"');
    const lines = answer.body.toString().split('\n');
    expect(lines.pop()).toBe('');
    expect(lines.map((line) => JSON.parse(line))).toEqual((await page('?bots=exclude')).data);
  });

  it.each([
    ['text/csv', '', 'text/csv; charset=utf-8'],
    ['text/csv;q=0.5, application/json', '', 'application/json; charset=utf-8'],
    ['text/csv', '?format=json', 'application/json; charset=utf-8'],
    ['text/html,*/*;q=0.8', '', 'application/json; charset=utf-8'],
  ])('is chosen by Accept: %s, which format beats: %s', async (accept, query, contentType) => {
    const answer = await api.call(`${path}${query}`, { headers: { accept } });
    expect([answer.headers.get('content-type'), answer.headers.get('vary')]).toEqual([contentType, 'Accept']);
  });

  it('has a head and no lines when there were no scans', async () => {
    expect((await api.call(`${path}?format=csv&from=2030-01-01`)).body.toString()).toMatch(/^id,at,[\w,]*bot\r\n$/);
    expect((await api.call(`${path}?format=ndjson&from=2030-01-01`)).body.toString()).toBe('');
  });

  it('has every scan of many pages once', async () => {
    const { codes, scans } = api.database;
    await codes.insert([codeRow({ id: 'cod_many', slug: 'many' })]);
    const rows = Array.from({ length: 2500 }, (_, n) => scanRow(Math.floor(n / 7), { codeId: 'cod_many' }));
    for (let at = 0; at < rows.length; at += 500) await scans.record(`many-${at}`, rows.slice(at, at + 500), 1);
    const answer = await api.call('/v1/codes/cod_many/scans?format=ndjson&sort=at');
    const lines = answer.body.toString().trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line).id)).toEqual(rows.map(({ id }) => id));
  });

  it('is refused when the ledger is away at first, and cut when it is lost on the way', async () => {
    let readable = 0;
    const { database } = api;
    const list: typeof database.scans.list = async (id, query) => {
      if (readable-- <= 0) throw unavailable('database_unavailable', 'The database is away');
      return database.scans.list(id, query);
    };
    const broken = await startApi({
      beside: { ...api, database: { ...database, scans: { ...database.scans, list } } },
    });
    expect((await broken.call('/v1/codes/cod_many/scans?format=csv')).status).toBe(503);
    readable = 2;
    await expect(broken.call('/v1/codes/cod_many/scans?format=csv')).rejects.toThrow('terminated');
  });
});
