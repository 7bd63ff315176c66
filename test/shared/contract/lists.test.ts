import { describe, expect, it } from 'vitest';
import { parseDeliveryQuery, parseListQuery, writeCursor } from '../../../shared/contract/lists.ts';
import { codesOf, refusal } from './refusal.ts';

describe('parseListQuery', () => {
  it('has fifty of the newest as its default', () => {
    expect(parseListQuery({}, { withStatus: true })).toEqual({
      limit: 50,
      order: 'newest-first',
      after: null,
      status: null,
    });
  });

  it('reads back the cursor that it wrote', () => {
    const position = { createdAt: 1_790_000_000_123, id: 'rnd_a-B_9' };
    const query = { cursor: writeCursor(position), limit: '200', sort: 'createdAt', status: 'failed' };
    expect(parseListQuery(query, { withStatus: true })).toEqual({
      limit: 200,
      order: 'oldest-first',
      after: position,
      status: 'failed',
    });
  });

  it('refuses a cursor of another list, and one of another order', () => {
    const position = { createdAt: 1, id: 'rnd_a' };
    const newest = writeCursor(position, { list: 'renders', order: 'newest-first' });
    const read = (query: Record<string, string>) => parseListQuery(query, { withStatus: true, list: 'renders' }).after;
    expect(read({ cursor: newest })).toEqual(position);
    const other = writeCursor(position, { list: 'logos', order: 'newest-first' });
    expect(codesOf(refusal(() => read({ cursor: other })))).toEqual(['cursor cursor_of_other_list']);
    expect(codesOf(refusal(() => read({ cursor: writeCursor(position) })))).toEqual(['cursor cursor_of_other_list']);
    expect(codesOf(refusal(() => read({ cursor: newest, sort: 'createdAt' })))).toEqual([
      'cursor cursor_of_other_sort',
    ]);
  });

  it('tells every parameter that is wrong at once', () => {
    const read = () => parseListQuery({ limit: '0', sort: 'x', status: 'failed' }, { withStatus: false });
    expect(read).toThrow(/limit.*sort.*status/s);
  });

  it('names the parameter that is meant, and all that are known', () => {
    const read = () => parseListQuery({ curser: 'x' }, { withStatus: false });
    expect(read).toThrow('curser is not known here, perhaps cursor is meant; accepted: limit, sort, cursor.');
  });

  it('refuses names that every object has', () => {
    expect(() => parseListQuery({ sort: 'constructor' }, { withStatus: true })).toThrow(/sort must be/);
    expect(() => parseListQuery({ constructor: 'x' }, { withStatus: true })).toThrow(/not known/);
  });
});

describe('parseDeliveryQuery', () => {
  it('reads what the deliveries tell of beside what every list has', () => {
    expect(parseDeliveryQuery({ resourceId: 'bat_a', status: 'failed' })).toMatchObject({
      resourceId: 'bat_a',
      status: 'failed',
      limit: 50,
    });
    expect(parseDeliveryQuery({}).resourceId).toBeNull();
  });

  it('refuses an empty id', () => {
    expect(codesOf(refusal(() => parseDeliveryQuery({ resourceId: '' })))).toEqual(['resourceId invalid_resource_id']);
  });
});
