import { describe, expect, it } from 'vitest';
import {
  parseCodeList,
  parseHistoryQuery,
  writeCodeCursor,
  writeHistoryCursor,
} from '../../../shared/contract/code-list.ts';
import { codesOf, refusal } from './refusal.ts';

describe('the query of a list of codes', () => {
  it('has fifty of the newest as its default', () => {
    expect(parseCodeList({})).toEqual({
      limit: 50,
      sort: 'createdAt',
      descending: true,
      after: null,
      words: [],
      tag: null,
      status: null,
      slug: null,
      externalId: null,
      batchId: null,
    });
  });

  it('takes every parameter', () => {
    const query = { limit: '200', sort: 'title', q: 'Spring Ménu!', tag: 'Spring', status: 'paused', slug: 'Menu' };
    expect(parseCodeList({ ...query, externalId: 'table 7', batchId: 'bat_x' })).toEqual({
      limit: 200,
      sort: 'title',
      descending: false,
      after: null,
      words: ['spring', 'menu'],
      tag: 'Spring',
      status: 'paused',
      slug: 'menu',
      externalId: 'table 7',
      batchId: 'bat_x',
    });
  });

  it.each([
    ['createdAt', true, 1_790_000_000_123],
    ['updatedAt', false, 0],
    ['scanCount', true, 120],
    ['lastScannedAt', true, null],
    ['title', false, 'Größe "7"'],
    ['title', true, null],
  ] as const)('reads back the cursor that was written by %s', (sort, descending, value) => {
    const cursor = writeCodeCursor({ sort, descending }, { value, id: 'cod_a-B_9' });
    expect(cursor).toMatch(/^[\w-]+$/);
    const read = parseCodeList({ cursor, sort: `${descending ? '-' : ''}${sort}` });
    expect(read).toMatchObject({ sort, descending, after: { value, id: 'cod_a-B_9' } });
  });

  it('refuses a cursor of another order, and says of which', () => {
    const cursor = writeCodeCursor({ sort: 'scanCount', descending: true }, { value: 7, id: 'cod_x' });
    for (const query of [{ cursor }, { cursor, sort: 'scanCount' }, { cursor, sort: '-title' }]) {
      const error = refusal(() => parseCodeList(query));
      expect(codesOf(error)).toEqual(['cursor cursor_of_other_sort']);
      expect(error.message).toContain('sort=-scanCount');
    }
  });

  it.each([
    [{ cursor: 'nonsense' }, 'cursor invalid_cursor'],
    [{ cursor: Buffer.from('["-title",7,"cod_x"]').toString('base64url'), sort: '-title' }, 'cursor invalid_cursor'],
    [{ cursor: Buffer.from('["createdAt","x","cod_x"]').toString('base64url') }, 'cursor invalid_cursor'],
    [{ cursor: Buffer.from('["constructor",7,"cod_x"]').toString('base64url') }, 'cursor invalid_cursor'],
    [{ limit: '201' }, 'limit invalid_limit'],
    [{ sort: 'slug' }, 'sort invalid_sort'],
    [{ status: 'gone' }, 'status invalid_status'],
    [{ slug: 'a b' }, 'slug invalid_slug'],
    [{ q: '!!!' }, 'q invalid_q'],
    [{ q: 'x'.repeat(201) }, 'q invalid_q'],
    [{ tag: '' }, 'tag invalid_tag'],
    [{ tag: ['a', 'b'] }, 'tag given_twice'],
    [{ colour: 'red' }, 'colour unknown_field'],
  ])('refuses %j', (query, problem) => {
    expect(codesOf(refusal(() => parseCodeList(query)))).toEqual([problem]);
  });

  it('tells all mistakes at once', () => {
    expect(refusal(() => parseCodeList({ limit: '0', sort: 'x', q: '' })).details).toHaveLength(3);
  });
});

describe('the query of a history', () => {
  it('reads back the cursor that was written', () => {
    const last = { version: 7, from: 1_790_000_000_123 };
    const cursor = writeHistoryCursor(last, 'cod_a');
    expect(parseHistoryQuery({ cursor, limit: '2' }, 'cod_a')).toEqual({ limit: 2, before: last });
    expect(parseHistoryQuery({}, 'cod_a')).toEqual({ limit: 50, before: null });
  });

  it('refuses what it did not write', () => {
    expect(codesOf(refusal(() => parseHistoryQuery({ cursor: 'x', sort: 'version' }, 'cod_a')))).toEqual([
      'cursor invalid_cursor',
      'sort unknown_field',
    ]);
    const cursor = writeHistoryCursor({ version: 7, from: 1 }, 'cod_b');
    expect(codesOf(refusal(() => parseHistoryQuery({ cursor }, 'cod_a')))).toEqual(['cursor cursor_of_other_list']);
  });
});
