import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createStandBy } from '../../workers/stand-by.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it('has batch work rest from the first single render until none has come for two seconds', () => {
  const calls: string[] = [];
  const lane = (name: string) => ({
    rest: () => void calls.push(`${name} rests`),
    goOn: () => void calls.push(`${name} goes on`),
  });
  const seen = createStandBy([lane('rows'), lane('zip')]);
  seen();
  expect(calls).toEqual(['rows rests', 'zip rests']);
  vi.advanceTimersByTime(1500);
  seen();
  vi.advanceTimersByTime(1500);
  expect(calls).toHaveLength(2);
  vi.advanceTimersByTime(500);
  expect(calls.slice(2)).toEqual(['rows goes on', 'zip goes on']);
  seen();
  expect(calls.slice(4)).toEqual(['rows rests', 'zip rests']);
});
