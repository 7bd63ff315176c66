import { describe, expect, it } from 'vitest';
import { parseListQuery, writeCursor } from '../../../shared/contract/lists.ts';

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

  it('tells every parameter that is wrong at once', () => {
    const read = () => parseListQuery({ limit: '0', sort: 'x', status: 'failed' }, { withStatus: false });
    expect(read).toThrow(/limit.*sort.*status/s);
  });

  it('refuses names that every object has', () => {
    expect(() => parseListQuery({ sort: 'constructor' }, { withStatus: true })).toThrow(/sort must be/);
    expect(() => parseListQuery({ constructor: 'x' }, { withStatus: true })).toThrow(/not known/);
  });
});
