import { blockLayout } from './block-layout.ts';
import { type ErrorCorrectionLevel, errorCorrectionLevels } from './render-spec.ts';
import type { Segment } from './symbol.ts';

/** The largest version (ISO/IEC 18004, clause 5.2). */
export const maxVersion = 40;

/** Data codewords of versions 1…40 at each level (ISO/IEC 18004, table 7), as they follow from the blocks. */
const dataCodewords = Object.fromEntries(
  errorCorrectionLevels.map((level) => [
    level,
    Array.from({ length: maxVersion }, (_, index) => blockLayout(index + 1, level).dataCodewords),
  ]),
) as Record<ErrorCorrectionLevel, number[]>;

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
