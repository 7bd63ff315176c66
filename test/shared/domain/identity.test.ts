import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, logoId, rendererVersion, renderId } from '../../../shared/domain/identity.ts';
import type { RenderSpec } from '../../../shared/domain/render-spec.ts';

const spec: RenderSpec = {
  content: { type: 'url', url: 'https://example.com' },
  format: 'png',
  size: 300,
  margin: 4,
  marginPx: null,
  errorCorrection: 'M',
  foreground: '#000000',
  background: '#ffffff',
  logo: null,
};

/** The same value, every object's keys in reverse order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, member]) => [key, reversed(member)]),
  );
}

describe('canonical JSON', () => {
  it('is the same text whatever the order of keys', () => {
    expect(canonicalJson({ b: [{ d: 1, c: 2 }], a: null })).toBe('{"a":null,"b":[{"c":2,"d":1}]}');
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(canonicalJson(reversed(value))).toBe(canonicalJson(value));
      }),
    );
  });

  it('parses back to the same value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('leaves out what is undefined, and keeps the order of lists', () => {
    expect(canonicalJson({ a: undefined, b: [3, 1, 2] })).toBe('{"b":[3,1,2]}');
  });
});

describe("a render's id", () => {
  const id = renderId('key', 'default', spec);

  it('is made of a prefix and 160 bits in base64url', () => {
    expect(id).toMatch(/^rnd_[\w-]{27}$/);
  });

  it('stays the same for ever: published image links depend on it', () => {
    expect(renderId('key', 'default', spec, 1)).toBe('rnd_pBxvvDjGlyXzlG6Z5BjcZet2PSQ');
    expect(logoId('key', 'default', 'ab'.repeat(32))).toBe('logo_-drXo3Bj_tjkIeAKXKWgu1XRC8k');
  });

  it('follows from the spec, not from its spelling', () => {
    expect(renderId('key', 'default', reversed(spec) as RenderSpec)).toBe(id);
  });

  it.each([
    ['another key', renderId('other', 'default', spec)],
    ['another tenant', renderId('key', 'other', spec)],
    ['another renderer', renderId('key', 'default', spec, rendererVersion + 1)],
    ['another spec', renderId('key', 'default', { ...spec, size: 301 })],
  ])('is another for %s', (_what, other) => {
    expect(other).not.toBe(id);
  });

  it('does not run one part into the next', () => {
    expect(logoId('key', 'ab', 'c')).not.toBe(logoId('key', 'a', 'bc'));
  });

  it('tells lone surrogates apart', () => {
    const idOf = (text: string) => renderId('key', 'default', { ...spec, content: { type: 'text', text } });
    expect(idOf('\ud800')).not.toBe(idOf('\ud801'));
  });
});
