import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { queryWords, searchWords } from '../../../shared/domain/search-words.ts';

const bare = { slug: 'ab3de9xk', externalId: null, title: null, tags: [], target: 'https://example.com' };

describe('the words of a code', () => {
  it("are those of slug, external id, title, tags, and the target's host and path, each once", () => {
    const target = 'https://Shop.example.com:8080/caf%C3%A9/menu?table=4#today';
    const code = {
      slug: 'spring-menu',
      externalId: 'SKU-01/ä',
      title: 'Spring: the menu!',
      tags: ['A b', 'b'],
      target,
    };
    const words = 'spring menu sku 01 a the b shop example com 8080 cafe';
    expect(searchWords(code)).toEqual(words.split(' '));
  });

  it('take a path that is no percent-encoding as it stands', () => {
    expect(searchWords({ ...bare, target: 'https://e.com/100%/x' })).toEqual(['ab3de9xk', 'e', 'com', '100', 'x']);
  });

  it.each([
    ['Ångström ÉTÉ', ['angstrom', 'ete']],
    ['ΟΔΟΣ οδος', ['οδοσ']],
    ['İstanbul', ['istanbul']],
    ['ﬁx ４２ ℌ', ['fix', '42', 'h']],
    ['한국어 日本 नमस्ते', ['한국어', '日本', 'नमस्ते']],
    ['\uD800 🍕 \u{F0000}', []],
  ])('spell equal letters alike: %s', (title, words) => {
    expect(searchWords({ ...bare, title }).slice(1, -2)).toEqual(words);
  });

  it('are at most 64 of at most 32 characters, those of the slug first', () => {
    const title = Array.from({ length: 100 }, (_, index) => `${index}${'𝒳'.repeat(40)}`).join(' ');
    const words = searchWords({ ...bare, title });
    expect(words).toHaveLength(64);
    expect(words[0]).toBe(bare.slug);
    expect([...(words[64 - 1] as string)]).toHaveLength(32);
  });

  it('hold whatever somebody types of the title', () => {
    const property = fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (title) => {
      const words = searchWords({ ...bare, title });
      expect(words).toEqual(expect.arrayContaining(queryWords(title)));
      expect(words.flatMap(queryWords)).toEqual(words);
      expect(words.filter((word) => !/^[\p{L}\p{N}\p{M}]{1,32}$/u.test(word))).toEqual([]);
    });
    fc.assert(property, { numRuns: 300 });
  });
});

describe('the words of a search text', () => {
  it('are its first eight, each once', () => {
    expect(queryWords('  B a-c, D "e" f* g:h a i j k ')).toEqual(['b', 'a', 'c', 'd', 'e', 'f', 'g', 'h']);
    expect(queryWords('* " -')).toEqual([]);
  });
});
