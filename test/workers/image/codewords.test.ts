import { describe, expect, it } from 'vitest';
import { type SymbolPlan, utf8Eci } from '../../../shared/domain/symbol.ts';
import { codewordsOf } from '../../../workers/image/codewords.ts';
import { dataCodewords } from '../../../workers/image/data-codewords.ts';

const plan: SymbolPlan = { version: 1, modules: 21, errorCorrection: 'M', eci: null, segments: [] };
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

describe('codewordsOf', () => {
  it('gives the codewords of the example in the standard, annex I', () => {
    const example: SymbolPlan = { ...plan, segments: [{ mode: 'numeric', text: '01234567' }] };
    expect(hex(codewordsOf(example))).toBe(`10200c566180${'ec11'.repeat(5)}a524d4c1ed36c7872c55`);
  });
});

describe('dataCodewords', () => {
  it('announces UTF-8 before the first segment', () => {
    const announced: SymbolPlan = { ...plan, eci: utf8Eci, segments: [{ mode: 'byte', text: 'é' }] };
    // 0111 00011010, 0100 00000010 and two bytes, terminator.
    expect(hex(dataCodewords(announced, 8))).toBe('71a402c3a900ec11');
  });

  it('writes pairs and a last single character in alphanumeric mode, as the example in the standard does', () => {
    const example: SymbolPlan = { ...plan, segments: [{ mode: 'alphanumeric', text: 'AC-42' }] };
    // 0010 000000101 00111001110 11100111001 000010 0000, filled up with zeros.
    expect(hex(dataCodewords(example, 6))).toBe('2029cee72100');
  });

  it('cuts the terminator short where the symbol is full', () => {
    // 12 bits of header and 8 of each byte leave four of 15 codewords, and these digits none.
    const bytes: SymbolPlan = { ...plan, segments: [{ mode: 'byte', text: 'abcdefghijklm' }] };
    expect(hex(dataCodewords(bytes, 15))).toMatch(/d0$/);
    const digits: SymbolPlan = { ...plan, segments: [{ mode: 'numeric', text: '9'.repeat(15) }] };
    expect(hex(dataCodewords(digits, 8))).toBe(hex(dataCodewords(digits, 16)).slice(0, 16));
  });
});
