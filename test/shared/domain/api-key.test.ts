import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeApiKey } from '../../../shared/domain/api-key.ts';

const bits = fc.uint8Array({ minLength: 16, maxLength: 16 });

describe('an API key', () => {
  it('is qrf_ and 28 letters and digits, whatever the bits', () => {
    fc.assert(fc.property(bits, (random) => /^qrf_[0-9A-Za-z]{28}$/.test(makeApiKey(random))));
  });

  it('differs for different bits and is the same for the same', () => {
    fc.assert(fc.property(bits, bits, (a, b) => Buffer.from(a).equals(b) === (makeApiKey(a) === makeApiKey(b))));
    const last = new Uint8Array(16).fill(255);
    expect(makeApiKey(last)).toBe(makeApiKey(Uint8Array.from(last)));
  });

  it('takes 16 bytes, no less', () => {
    expect(() => makeApiKey(new Uint8Array(15))).toThrow('takes 16 random bytes, got 15');
  });
});
