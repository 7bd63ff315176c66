import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseStrictJson } from '../../api/strict-json.ts';
import type { AppError } from '../../shared/errors.ts';

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

  it('points at it', () => {
    const pointerOf = (text: string): unknown => {
      try {
        return parse(text);
      } catch (error) {
        return (error as AppError).details.map(({ in: place, pointer, code }) => [place, pointer, code]);
      }
    };
    const text = '{"a":{"b":1},"list":[0,{"x":[{}, "y"]},{"c/d~":1,"c/d~":2}]}';
    expect(pointerOf(text)).toEqual([['body', '/list/2/c~1d~0', 'duplicate_key']]);
    expect(pointerOf('{"a":1,"a":1}')).toEqual([['body', '/a', 'duplicate_key']]);
  });

  it.each([
    ['{"a":12345678901234567890}', '/a', '12345678901234567890'],
    ['{"a":[0,-9007199254740993]}', '/a/1', '-9007199254740993'],
    ['{"a":{"b":1e400}}', '/a/b', '1e400'],
    ['[1e-400]', '/0', '1e-400'],
    ['1000000000000000000000001', '', '1000000000000000000000001'],
  ])('refuses a number that would become another: %s', (text, pointer, received) => {
    let error: unknown = null;
    try {
      parse(text);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ kind: 'invalid', details: [{ pointer, code: 'number_not_kept', received }] });
  });

  it('reads numbers that stay what they are, however they are written, and text that looks like one', () => {
    const text =
      '[9007199254740991,-9007199254740991,0.1,0.10000000000000001,1.0,0.0,-0,0e5,1e300,1E+2,10000000000000000000000000,"1e400",{"1e400":-1.5e-7}]';
    expect(parse(text)).toEqual(JSON.parse(text));
  });

  it('lets the same key stand in two objects, and text look like a key', () => {
    const text = '{"a":{"a":1},"b":["a","a","a:"],"c":"\\"a\\":1,\\"a\\":2","d":"\\\\"}';
    expect(parse(text)).toEqual(JSON.parse(text));
  });
});
