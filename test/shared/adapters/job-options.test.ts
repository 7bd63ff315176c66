import { describe, expect, it } from 'vitest';
import { maxAttempts, retryDelayMs } from '../../../shared/adapters/job-options.ts';

describe('a job that is tried again', () => {
  it('rests a second, then twice as long each time, a minute at most', () => {
    const delays = [1, 2, 3, 4, 5, 6, 7, 8, 100].map(retryDelayMs);
    expect(delays).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  });

  it('is given up after about an hour', () => {
    let restedMs = 0;
    for (let attempt = 1; attempt < maxAttempts; attempt++) restedMs += retryDelayMs(attempt);
    expect(restedMs / 3_600_000).toBeCloseTo(1, 1);
  });
});
