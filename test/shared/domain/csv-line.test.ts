import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csvLine } from '../../../shared/domain/csv-line.ts';

describe('a line of CSV', () => {
  it.each([
    [['a', 'b'], 'a,b\r\n'],
    [['a,b', 'say "x"', 'one\ntwo'], '"a,b","say ""x""","one\ntwo"\r\n'],
    [[null, '', 0, 12, -3, true, false], ',,0,12,-3,true,false\r\n'],
    [[' a', 'b ', 'c d'], '" a","b ",c d\r\n'],
  ])('writes %j', (cells, line) => expect(csvLine(cells)).toBe(line));

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '\n=1', '＝1+1', "=cmd|' /C calc'!A0", '=A1,"x"'])(
    'takes the formula out of %j',
    (cell) => expect(parse(csvLine([cell]))).toEqual([[`'${cell}`]]),
  );

  it('is read back as it was by an independent reader', () => {
    const cell = fc.string({ unit: fc.constantFrom(...'ab=+-@"\',;\t\r\n é😀＝'), maxLength: 8 });
    fc.assert(
      fc.property(fc.array(cell, { minLength: 2, maxLength: 6 }), (cells) => {
        const read = parse(csvLine(cells), { recordDelimiter: '\r\n' }) as string[][];
        expect(read).toEqual([cells.map((text) => (/^[=+\-@\t\r\n＝]/.test(text) ? `'${text}` : text))]);
      }),
    );
  });
});
