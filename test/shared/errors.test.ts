import { describe, expect, it } from 'vitest';
import { AppError, shortened, unavailable } from '../../shared/errors.ts';

describe('an AppError', () => {
  it('carries kind, code, message and cause, and empty details where there are none', () => {
    const cause = new Error('refused');
    const error = new AppError('conflict', 'render_running', 'The render runs', { cause });
    expect(error).toMatchObject({
      name: 'AppError',
      kind: 'conflict',
      code: 'render_running',
      message: 'The render runs',
    });
    expect(error).toMatchObject({ cause, details: [], retryAfterS: null, headers: {} });
  });

  it('has no cause at all where none was given', () => {
    expect('cause' in new AppError('gone', 'gone', 'Gone')).toBe(false);
  });
});

describe('unavailable', () => {
  it('asks the caller to come back in a second', () => {
    const cause = new Error('ECONNREFUSED');
    expect(unavailable('queue_unavailable', 'The queue is away', cause)).toMatchObject({
      kind: 'unavailable',
      code: 'queue_unavailable',
      retryAfterS: 1,
      cause,
    });
  });
});

describe('shortened', () => {
  it.each([
    ['a string as it came', 'abc', 'abc'],
    ['an empty string', '', ''],
    ['a number', 12, '12'],
    ['null', null, 'null'],
    ['an object as JSON', { a: [1] }, '{"a":[1]}'],
    ['80 characters whole', 'x'.repeat(80), 'x'.repeat(80)],
    ['81 characters cut to 80, the last an ellipsis', 'x'.repeat(81), `${'x'.repeat(79)}…`],
    ['a value that JSON has no word for', Symbol('s'), 'Symbol(s)'],
  ])('shows %s', (_name, received, shown) => {
    expect(shortened(received)).toBe(shown);
  });

  it('shows nothing of what did not come', () => {
    expect(shortened(undefined)).toBeNull();
  });

  it('never cuts a character in two', () => {
    expect(shortened(`${'x'.repeat(78)}😀😀`)).toBe(`${'x'.repeat(78)}…`);
  });
});
