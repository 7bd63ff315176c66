import { blockLayout } from './block-layout.ts';
import { type ErrorCorrectionLevel, errorCorrectionLevels } from './render-spec.ts';
import type { Segment, SymbolPlan } from './symbol.ts';

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

/** Width of the mode indicator that each segment begins with. */
export const modeIndicatorBits = 4;

/** Width of an ECI with an assignment number below 128: mode indicator and one byte (ISO/IEC 18004, clause 7.4.2.2). */
export const eciBits = modeIndicatorBits + 8;

/** Widths of the character count in versions 1…9, 10…26 and 27…40 (ISO/IEC 18004, table 3). */
const countWidths = { numeric: [10, 12, 14], alphanumeric: [9, 11, 13], byte: [8, 16, 16] } as const;

/** Returns the width of a segment's character count in bits. */
export function countBits(mode: Segment['mode'], version: number): number {
  return countWidths[mode][version < 10 ? 0 : version < 27 ? 1 : 2];
}

function dataBits({ mode, text }: Segment): number {
  if (mode === 'numeric') return 10 * Math.floor(text.length / 3) + ([0, 4, 7][text.length % 3] as number);
  if (mode === 'alphanumeric') return 11 * Math.floor(text.length / 2) + 6 * (text.length % 2);
  return 8 * Buffer.byteLength(text);
}

/** Returns how many bits a symbol's segments take in a version, ECI and headers counted (ISO/IEC 18004, clause 7.4). */
export function bitsOf({ eci, segments }: Pick<SymbolPlan, 'eci' | 'segments'>, version: number): number {
  let bits = eci === null ? 0 : eciBits;
  for (const each of segments) bits += modeIndicatorBits + countBits(each.mode, version) + dataBits(each);
  return bits;
}
