import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesPerSlug, isReservedSlug, normaliseSlug, slugAlphabet, slugFrom } from '../../../shared/domain/slug.ts';

describe('normaliseSlug', () => {
  it.each([
    ['abc', 'abc'],
    ['Spring-Menu', 'spring-menu'],
    ['2024', '2024'],
    ['a--b', 'a--b'],
    ['x'.repeat(64), 'x'.repeat(64)],
  ])('makes %s lower case', (text, slug) => {
    expect(normaliseSlug(text)).toBe(slug);
  });

  it.each([
    '',
    'ab',
    'x'.repeat(65),
    '-abc',
    'abc-',
    'a b c',
    'a/b',
    'a.b.c',
    'a_b_c',
    'müller',
    'abc\n',
    // The Kelvin sign becomes a k in lower case.
    '\u212aelvin',
    '%61bc',
  ])('finds no slug in %j', (text) => {
    expect(normaliseSlug(text)).toBeNull();
  });

  it('leaves its own results as they are', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-zA-Z0-9-]{1,66}$/), (text) => {
        const slug = normaliseSlug(text);
        if (slug !== null) expect([normaliseSlug(slug), slug]).toEqual([slug, slug.toLowerCase()]);
      }),
    );
  });
});

describe('isReservedSlug', () => {
  it.each(['qr', 'chart', 'v1', 'v2', 'v99', 'healthz', 'docs', 'console', 'admin', 'openapi'])('keeps %s', (word) => {
    expect(isReservedSlug(word)).toBe(true);
  });

  it.each(['menu', 'v1a', 'vip', 'contact', 'constructor'])('gives %s away', (word) => {
    expect(isReservedSlug(word)).toBe(false);
  });
});

describe('slugFrom', () => {
  it('makes slugs of eight characters of the alphabet with a letter among them, or none', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 0, maxLength: bytesPerSlug }), (bytes) => {
        const slug = slugFrom(bytes);
        if (slug === null) return;
        expect(slug).toMatch(new RegExp(`^(?=.*[a-z])[${slugAlphabet}]{8}$`));
        expect(normaliseSlug(slug)).toBe(slug);
      }),
    );
  });

  it('takes each character for as many bytes as any other', () => {
    const counts = new Map<string, number>();
    for (let byte = 0; byte < 256; byte++) {
      const slug = slugFrom(Uint8Array.from([byte, 30, 30, 30, 30, 30, 30, 30]));
      if (slug !== null) counts.set(slug.slice(0, 1), (counts.get(slug.slice(0, 1)) ?? 0) + 1);
    }
    expect(counts.size).toBe(slugAlphabet.length);
    expect(new Set(counts.values())).toEqual(new Set([8]));
  });

  it('makes none of digits alone, and none of too few bytes', () => {
    expect(slugFrom(new Uint8Array(bytesPerSlug))).toBeNull();
    expect(slugFrom(Uint8Array.from([9, 9, 9, 9, 9, 9, 9]))).toBeNull();
    expect(slugFrom(new Uint8Array(bytesPerSlug).fill(255))).toBeNull();
  });
});
