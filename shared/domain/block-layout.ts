import type { ErrorCorrectionLevel } from './render-spec.ts';

/** How the codewords of a symbol are split for error correction (ISO/IEC 18004, table 9). */
export type BlockLayout = {
  /** Blocks of the symbol. */
  blocks: number;
  /** Error correction codewords of each block. */
  checksPerBlock: number;
  /** Wrong codewords that each block stands: half of its checks, less what versions 1 to 3 keep against misdecoding. */
  correctablePerBlock: number;
  /** Data codewords of all blocks. */
  dataCodewords: number;
};

/** For each level, blocks of a symbol and error correction codewords of a block, by version from 1. */
const table: Record<ErrorCorrectionLevel, { blocks: number[]; checks: number[] }> = {
  L: {
    blocks: [
      1, 1, 1, 1, 1, 2, 2, 2, 2, 4, 4, 4, 4, 4, 6, 6, 6, 6, 7, 8, 8, 9, 9, 10, 12, 12, 12, 13, 14, 15, 16, 17, 18, 19,
      19, 20, 21, 22, 24, 25,
    ],
    checks: [
      7, 10, 15, 20, 26, 18, 20, 24, 30, 18, 20, 24, 26, 30, 22, 24, 28, 30, 28, 28, 28, 28, 30, 30, 26, 28, 30, 30, 30,
      30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30,
    ],
  },
  M: {
    blocks: [
      1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16, 17, 17, 18, 20, 21, 23, 25, 26, 28, 29, 31, 33,
      35, 37, 38, 40, 43, 45, 47, 49,
    ],
    checks: [
      10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26, 26, 28, 28, 28, 28, 28, 28, 28,
      28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28,
    ],
  },
  Q: {
    blocks: [
      1, 1, 2, 2, 4, 4, 6, 6, 8, 8, 8, 10, 12, 16, 12, 17, 16, 18, 21, 20, 23, 23, 25, 27, 29, 34, 34, 35, 38, 40, 43,
      45, 48, 51, 53, 56, 59, 62, 65, 68,
    ],
    checks: [
      13, 22, 18, 26, 18, 24, 18, 22, 20, 24, 28, 26, 24, 20, 30, 24, 28, 28, 26, 30, 28, 30, 30, 30, 30, 28, 30, 30,
      30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30,
    ],
  },
  H: {
    blocks: [
      1, 1, 2, 4, 4, 4, 5, 6, 8, 8, 11, 11, 16, 16, 18, 16, 19, 21, 25, 25, 25, 34, 30, 32, 35, 37, 40, 42, 45, 48, 51,
      54, 57, 60, 63, 66, 70, 74, 77, 81,
    ],
    checks: [
      17, 28, 22, 16, 22, 28, 26, 26, 24, 28, 24, 28, 22, 24, 24, 30, 28, 28, 26, 28, 30, 24, 30, 30, 30, 30, 30, 30,
      30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30,
    ],
  },
};

/** Codewords that the smallest symbols leave unused for correction (ISO/IEC 18004, table 9, p). */
const misdecodeProtection: Record<string, number> = { '1L': 3, '1M': 2, '1Q': 1, '1H': 1, '2L': 2, '3L': 1 };

/** Returns how many codewords a version holds, 26…3706: its modules without function patterns, in eights. */
export function totalCodewords(version: number): number {
  const alignmentLines = version === 1 ? 0 : Math.floor(version / 7) + 2;
  const alignment = version === 1 ? 0 : (25 * alignmentLines - 10) * alignmentLines - 55;
  const versionInformation = version >= 7 ? 36 : 0;
  return Math.floor(((16 * version + 128) * version + 64 - alignment - versionInformation) / 8);
}

/** Returns the block layout of a version (1…40) at a level. */
export function blockLayout(version: number, level: ErrorCorrectionLevel): BlockLayout {
  const blocks = table[level].blocks[version - 1];
  const checksPerBlock = table[level].checks[version - 1];
  if (blocks === undefined || checksPerBlock === undefined) throw new RangeError(`No version ${version}: 1…40 exist`);
  const protection = misdecodeProtection[`${version}${level}`] ?? 0;
  return {
    blocks,
    checksPerBlock,
    correctablePerBlock: Math.floor((checksPerBlock - protection) / 2),
    dataCodewords: totalCodewords(version) - blocks * checksPerBlock,
  };
}
