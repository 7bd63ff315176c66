import type { ErrorCorrectionLevel } from './render-spec.ts';
import type { Segment } from './symbol.ts';

/** Data codewords of versions 1…40 at each level (ISO/IEC 18004, table 7). */
const dataCodewords: Record<ErrorCorrectionLevel, readonly number[]> = {
  L: [
    19, 34, 55, 80, 108, 136, 156, 194, 232, 274, 324, 370, 428, 461, 523, 589, 647, 721, 795, 861, 932, 1006, 1094,
    1174, 1276, 1370, 1468, 1531, 1631, 1735, 1843, 1955, 2071, 2191, 2306, 2434, 2566, 2702, 2812, 2956,
  ],
  M: [
    16, 28, 44, 64, 86, 108, 124, 154, 182, 216, 254, 290, 334, 365, 415, 453, 507, 563, 627, 669, 714, 782, 860, 914,
    1000, 1062, 1128, 1193, 1267, 1373, 1455, 1541, 1631, 1725, 1812, 1914, 1992, 2102, 2216, 2334,
  ],
  Q: [
    13, 22, 34, 48, 62, 76, 88, 110, 132, 154, 180, 206, 244, 261, 295, 325, 367, 397, 445, 485, 512, 568, 614, 664,
    718, 754, 808, 871, 911, 985, 1033, 1115, 1171, 1231, 1286, 1354, 1426, 1502, 1582, 1666,
  ],
  H: [
    9, 16, 26, 36, 46, 60, 66, 86, 100, 122, 140, 158, 180, 197, 223, 253, 283, 313, 341, 385, 406, 442, 464, 514, 538,
    596, 628, 661, 701, 745, 793, 845, 901, 961, 986, 1054, 1096, 1142, 1222, 1276,
  ],
};

/** The largest version (ISO/IEC 18004, clause 5.2). */
export const maxVersion = 40;

/** Returns how many bits of segments, headers counted, a symbol holds. `version` is 1…40. */
export function capacityBits(version: number, level: ErrorCorrectionLevel): number {
  return 8 * (dataCodewords[level][version - 1] as number);
}

/** What the largest symbol of a level holds when all of the text is of one kind. */
export type LongestTexts = {
  /** 0…9 only. */
  digits: number;
  /** 0…9, A…Z, space and `$ % * + - . / :` only. */
  alphanumeric: number;
  /** Anything else, counted in bytes of UTF-8. */
  bytes: number;
};

const modeIndicatorBits = 4;

/** Widths of the character count in versions 1…9, 10…26 and 27…40 (ISO/IEC 18004, table 3). */
const countBits = { numeric: [10, 12, 14], alphanumeric: [9, 11, 13], byte: [8, 16, 16] } as const;

function dataBits({ mode, text }: Segment): number {
  if (mode === 'numeric') return 10 * Math.floor(text.length / 3) + ([0, 4, 7][text.length % 3] as number);
  if (mode === 'alphanumeric') return 11 * Math.floor(text.length / 2) + 6 * (text.length % 2);
  return 8 * Buffer.byteLength(text);
}

/** Returns how many bits segments take in a version, headers counted (ISO/IEC 18004, clause 7.4). */
export function bitsOf(segments: readonly Segment[], version: number): number {
  const range = version < 10 ? 0 : version < 27 ? 1 : 2;
  return segments.reduce((sum, each) => sum + modeIndicatorBits + countBits[each.mode][range] + dataBits(each), 0);
}

/** Returns how long a text may be at a level, for messages: mixed texts lie between these (ISO/IEC 18004, table 7). */
export function longestTexts(level: ErrorCorrectionLevel): LongestTexts {
  const bits = capacityBits(maxVersion, level) - modeIndicatorBits;
  return {
    digits: Math.floor(((bits - 14) / 10) * 3),
    alphanumeric: Math.floor(((bits - 13) / 11) * 2),
    bytes: Math.floor((bits - 16) / 8),
  };
}
