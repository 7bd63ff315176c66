import { create } from 'qrcode';
import { describe, expect, it } from 'vitest';
import { blockLayout, totalCodewords } from '../../../shared/domain/block-layout.ts';
import { codewordMap, protectedModule } from '../../../shared/domain/codeword-map.ts';
import { blockOfCodeword } from '../../../shared/domain/logo-budget.ts';
import { errorCorrectionLevels } from '../../../shared/domain/render-spec.ts';

const versions = Array.from({ length: 40 }, (_, index) => index + 1);

/** GF(256) with the polynomial of ISO/IEC 18004, clause 7.5.2. */
const power: number[] = [];
const log: number[] = [];
for (let exponent = 0, value = 1; exponent < 255; exponent++) {
  power[exponent] = value;
  log[value] = exponent;
  value = value & 0x80 ? (value << 1) ^ 0x11d : value << 1;
}

/** Whether a block's generator polynomial divides it: every root gives zero. */
function isCodeword(block: number[], checks: number): boolean {
  for (let root = 0; root < checks; root++) {
    let value = 0;
    for (const byte of block)
      value = byte ^ (value === 0 ? 0 : (power[((log[value] as number) + root) % 255] as number));
    if (value !== 0) return false;
  }
  return true;
}

/** Reads a symbol of the independent encoder (mask 0) through our map, into its blocks. */
function blocksOf(version: number, level: (typeof errorCorrectionLevels)[number]): number[][] {
  const text = 'Q'.repeat(Math.floor(blockLayout(version, level).dataCodewords / 2));
  const symbol = create(text, { version, errorCorrectionLevel: level, maskPattern: 0 });
  const { modules, at } = codewordMap(version);
  const codewords = new Array<number>(totalCodewords(version)).fill(0);
  const bits: [row: number, column: number][] = [];
  for (let right = modules - 1, upwards = true; right > 0; right -= right === 8 ? 3 : 2, upwards = !upwards)
    for (let step = 0; step < modules; step++)
      for (const column of [right, right - 1]) bits.push([upwards ? modules - 1 - step : step, column]);
  for (const [row, column] of bits) {
    const codeword = at[row * modules + column] as number;
    if (codeword < 0) continue;
    const bit = symbol.modules.get(row, column) ^ ((row + column) % 2 === 0 ? 1 : 0);
    codewords[codeword] = ((codewords[codeword] as number) << 1) | bit;
  }
  const layout = blockLayout(version, level);
  const blocks = Array.from({ length: layout.blocks }, (): number[] => []);
  for (const [index, codeword] of codewords.entries()) blocks[blockOfCodeword(index, layout)]?.push(codeword);
  return blocks;
}

describe('codewordMap', () => {
  it.each(errorCorrectionLevels)(
    'finds every Reed-Solomon block that an independent encoder placed, at level %s',
    (level) => {
      for (const version of versions) {
        const { checksPerBlock } = blockLayout(version, level);
        const wrong = blocksOf(version, level).filter((block) => !isCodeword(block, checksPerBlock));
        expect(wrong, `version ${version}`).toEqual([]);
      }
    },
  );

  it('gives every codeword eight modules', () => {
    for (const version of versions) {
      const counts = new Map<number, number>();
      for (const codeword of codewordMap(version).at)
        if (codeword >= 0) counts.set(codeword, (counts.get(codeword) ?? 0) + 1);
      expect(counts.size).toBe(totalCodewords(version));
      expect([...counts.values()].every((count) => count === 8)).toBe(true);
    }
  });

  it('protects what readers find a symbol by, and no more than that', () => {
    // Version 7: finders with separators 3 × 64, format 31 with the dark module, timing 2 × 29, version 36.
    const protectedCount = codewordMap(7).at.filter((value) => value === protectedModule).length;
    expect(protectedCount).toBe(3 * 64 + 31 + 2 * 29 + 36);
  });
});
