import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ByteProblem, CsvBytes } from '../../../../shared/domain/batches/csv-bytes.ts';

function look(bytes: Uint8Array, sizes: number[] = [bytes.length || 1]): ByteProblem | null {
  const csv = new CsvBytes();
  let at = 0;
  for (let turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] as number;
    const problem = csv.next(bytes.subarray(at, at + size));
    if (problem) return problem;
    at += size;
  }
  return csv.end();
}

const cuts = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 5 });

describe('the bytes of a CSV', () => {
  it('pass when they are UTF-8, however they are cut', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), cuts, (text, sizes) => {
        fc.pre(!text.includes('\0'));
        expect(look(Buffer.from(`url\n${text}`), sizes)).toBeNull();
      }),
    );
  });

  it('are found wrong in the same line, however they are cut', () => {
    const before = fc.array(fc.constantFrom('a', 'é', '日', '😀', '\n', '\r\n', '\r', '"'), { maxLength: 30 });
    fc.assert(
      fc.property(before, fc.constantFrom(0, 0xff, 0xc3), cuts, (parts, bad, sizes) => {
        const text = `url\n${parts.join('')}`;
        const bytes = Buffer.concat([Buffer.from(text), Buffer.from([bad]), Buffer.from('\nhttps://a.example\n')]);
        const line = text.split(/\r\n?|\n/).length;
        expect(look(bytes, sizes)).toEqual({ code: bad === 0 ? 'csv_nul' : 'csv_not_utf8', line });
      }),
    );
  });

  it.each([
    ['with a byte order mark', Buffer.from('\ufeffurl\n', 'utf16le')],
    ['without one', Buffer.from('url\n', 'utf16le')],
    ['with the other byte first', Buffer.from('\ufeffurl\n', 'utf16le').swap16()],
  ])('are known as UTF-16 %s', (_, bytes) => {
    expect(look(bytes)).toEqual({ code: 'csv_utf16', line: 1 });
  });

  it.each([
    ['an .xlsx, .ods or .numbers', Buffer.from('PK\x03\x04\x14\0\x06\0')],
    ['an .xls', Buffer.from('d0cf11e0a1b11ae1', 'hex')],
  ])('are known as %s', (_, bytes) => {
    expect(look(bytes)).toEqual({ code: 'csv_workbook', line: 1 });
    expect(look(Buffer.from(`${bytes.toString('latin1', 1)}\n`))?.code).not.toBe('csv_workbook');
  });

  it('may not end within a character', () => {
    expect(look(Buffer.from('url\né').subarray(0, 5))).toEqual({ code: 'csv_not_utf8', line: 2 });
  });
});
