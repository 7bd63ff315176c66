import { inflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deflateRows } from '../../../workers/image/deflate-rows.ts';

const byte = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(0, 0xff) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 255 }) },
);

/** Rows of one length, with runs, as pictures have them. */
const rows = fc.integer({ min: 3, max: 300 }).chain((length) => {
  const runs = fc.array(fc.tuple(byte, fc.integer({ min: 1, max: 40 })), { minLength: length, maxLength: length });
  const bytes = runs.map((all) =>
    Uint8Array.from(all.flatMap(([value, count]) => Array(count).fill(value))).slice(0, length),
  );
  return fc.array(fc.record({ bytes, times: fc.integer({ min: 1, max: 90 }) }), { minLength: 1, maxLength: 12 });
});

describe('deflateRows', () => {
  it('writes what zlib reads back as the same rows, checksum included', () => {
    fc.assert(
      fc.property(rows, (any) => {
        const expected = Buffer.concat(any.flatMap(({ bytes, times }) => Array<Uint8Array>(times).fill(bytes)));
        expect(inflateSync(deflateRows(any)).equals(expected)).toBe(true);
      }),
    );
  });

  it('splits repeats of every length into matches without a rest', () => {
    for (let length = 3; length <= 300; length++)
      for (const times of [1, 2, 3, 4]) {
        const bytes = new Uint8Array(length).map((_, index) => index * 7);
        const back = inflateSync(deflateRows([{ bytes, times }]));
        expect(back.equals(Buffer.concat(Array<Uint8Array>(times).fill(bytes)))).toBe(true);
      }
  });

  it('is right after 2000 rows of white, where sums are largest', () => {
    const bytes = new Uint8Array(251).fill(0xff);
    expect(inflateSync(deflateRows([{ bytes, times: 2000 }])).length).toBe(502_000);
  });
});
