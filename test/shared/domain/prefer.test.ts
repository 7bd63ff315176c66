import { describe, expect, it } from 'vitest';
import { decideWait, parsePrefer } from '../../../shared/domain/prefer.ts';

const limits = { defaultMs: 300, maxMs: 30_000 };

describe('Prefer', () => {
  it.each([
    [undefined, 300, null],
    ['', 300, null],
    ['wait=10', 10_000, 'wait=10'],
    ['wait="7"', 7000, 'wait=7'],
    ['WAIT = 3', 3000, 'wait=3'],
    ['wait=0', 0, 'wait=0'],
    ['wait=999', 30_000, 'wait=30'],
    ['respond-async', 0, 'respond-async'],
    ['respond-async, wait=5', 5000, 'wait=5'],
    ['wait=5;foo=bar, handling=lenient', 5000, 'wait=5'],
    ['wait=1, wait=2', 1000, 'wait=1'],
    ['note="a, wait=9", wait=2', 2000, 'wait=2'],
    ['note="a\\", respond-async", wait=2', 2000, 'wait=2'],
    ['note="never closed, respond-async', 300, null],
    ['note; about="respond-async, wait=9", respond-async', 0, 'respond-async'],
    ['wait="1\\0"', 10_000, 'wait=10'],
    [', ,wait=4,', 4000, 'wait=4'],
    ['return=minimal', 300, null],
  ])('%s waits %i ms and applies %s', (header, waitMs, applied) => {
    expect(decideWait(parsePrefer(header), limits)).toEqual({ waitMs, applied });
  });

  it.each(['wait', 'wait=', 'wait=-1', 'wait=1.5', 'wait=soon', 'wait=9999999999'])('ignores %s', (header) => {
    expect(decideWait(parsePrefer(header), limits)).toEqual({ waitMs: 300, applied: null });
    expect(decideWait(parsePrefer(`${header}, respond-async`), limits).applied).toBe('respond-async');
  });
});
