import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseStrictJson } from '../../api/strict-json.ts';

const parse = (text: string): unknown => parseStrictJson(Buffer.from(text));

describe('parseStrictJson', () => {
  it('reads every JSON value as JSON.parse does', () => {
    fc.assert(
      fc.property(fc.json(), fc.integer({ min: 0, max: 3 }), (text, indent) => {
        const spaced = JSON.stringify(JSON.parse(text), null, indent);
        expect(parse(spaced)).toEqual(JSON.parse(text));
      }),
    );
  });

  it('finds a key that stands twice in one object, wherever it is', () => {
    fc.assert(
      fc.property(fc.string(), fc.json(), fc.json(), fc.json(), (key, before, first, second) => {
        const name = JSON.stringify(key);
        expect(() => parse(`[${before},{"deep":[{${name}:${first}, ${name} : ${second}}]}]`)).toThrow(/twice/);
      }),
    );
  });

  it('lets the same key stand in two objects, and text look like a key', () => {
    const text = '{"a":{"a":1},"b":["a","a","a:"],"c":"\\"a\\":1,\\"a\\":2","d":"\\\\"}';
    expect(parse(text)).toEqual(JSON.parse(text));
  });
});
