import { capacityBits, eciBits, maxVersion } from './capacity.ts';
import type { ErrorCorrectionLevel } from './render-spec.ts';
import { type Segment, type SymbolPlan, utf8Eci } from './symbol.ts';

/** A text that no version holds at the level asked for: what it needs at the least, and what there is. */
export type TooLong = { tooLong: { bits: number; capacityBits: number } };

type Mode = 0 | 1 | 2;
const modeNames = ['byte', 'alphanumeric', 'numeric'] as const;

/** Versions whose character counts have the same width, so that one segmentation is the best for all of them. */
type VersionRange = {
  first: number;
  last: number;
  /** Mode and character count indicators of each mode, in bits (ISO/IEC 18004, tables 2 and 3). */
  headerBits: readonly [byte: number, alphanumeric: number, numeric: number];
};
const versionRanges: readonly VersionRange[] = [
  { first: 1, last: 9, headerBits: [12, 13, 14] },
  { first: 10, last: 26, headerBits: [20, 15, 16] },
  { first: 27, last: maxVersion, headerBits: [20, 17, 18] },
];
const largestRange = versionRanges[2] as VersionRange;

/** The most compact mode that each ASCII character has (ISO/IEC 18004, table 5). */
const narrowestMode = new Uint8Array(128);
for (const character of 'ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:') narrowestMode[character.charCodeAt(0)] = 1;
for (const digit of '0123456789') narrowestMode[digit.charCodeAt(0)] = 2;

// Three digits take 10 bits and two alphanumeric characters 11, so costs are counted in sixths of a bit.
const sixthsPerByte = 48;
const sixthsPerAlphanumeric = 33;
const sixthsPerDigit = 20;
const impossible = 2 ** 52;

function wholeBits(sixths: number): number {
  return Math.ceil(sixths / 6) * 6;
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}

/** UTF-8 bytes of the character at `index`; a surrogate pair counts as two and two, a lone one becomes U+FFFD. */
function utf8Bytes(text: string, index: number): number {
  const unit = text.charCodeAt(index);
  if (unit < 0x80) return 1;
  if (unit < 0x800) return 2;
  if (!isSurrogate(unit)) return 3;
  const other = unit < 0xdc00 ? text.charCodeAt(index + 1) : text.charCodeAt(index - 1);
  return isSurrogate(other) && other < 0xdc00 !== unit < 0xdc00 ? 2 : 3;
}

/**
 * How to reach every mode after each character: two bits for each mode, telling which mode the character itself is in.
 * Fewest bits first; of equal ones the path that changes mode less. The bits of an ECI are counted.
 */
type Paths = { bits: number; eci: SymbolPlan['eci']; lastMode: Mode; steps: Uint8Array };

/** Finds the shortest segmentation by dynamic programming, in one pass over the text (aim: ISO/IEC 18004, annex J). */
function shortestPaths(text: string, range: VersionRange): Paths {
  const [byteHeader, alphanumericHeader, digitHeader] = range.headerBits.map((bits) => bits * 6) as [
    number,
    number,
    number,
  ];
  const steps = new Uint8Array(text.length);
  let byte = byteHeader;
  let alphanumeric = alphanumericHeader;
  let digit = digitHeader;
  let allUnits = 0;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    allUnits |= unit;
    const mode = unit < 128 ? (narrowestMode[unit] as number) : 0;
    byte += sixthsPerByte * (unit < 128 ? 1 : utf8Bytes(text, index));
    alphanumeric = mode >= 1 ? alphanumeric + sixthsPerAlphanumeric : impossible;
    digit = mode === 2 ? digit + sixthsPerDigit : impossible;
    // Leaving a mode costs whole bits; the cheapest end of this character decides where a change may come from.
    const byteEnd = byte;
    const alphanumericEnd = wholeBits(alphanumeric);
    const digitEnd = wholeBits(digit);
    let fromByte = 0;
    let fromAlphanumeric = 1;
    let fromDigit = 2;
    if (alphanumericEnd + byteHeader < byte) [byte, fromByte] = [alphanumericEnd + byteHeader, 1];
    if (digitEnd + byteHeader < byte) [byte, fromByte] = [digitEnd + byteHeader, 2];
    if (byteEnd + alphanumericHeader < alphanumeric)
      [alphanumeric, fromAlphanumeric] = [byteEnd + alphanumericHeader, 0];
    if (digitEnd + alphanumericHeader < alphanumeric)
      [alphanumeric, fromAlphanumeric] = [digitEnd + alphanumericHeader, 2];
    if (byteEnd + digitHeader < digit) [digit, fromDigit] = [byteEnd + digitHeader, 0];
    if (alphanumericEnd + digitHeader < digit) [digit, fromDigit] = [alphanumericEnd + digitHeader, 1];
    steps[index] = fromByte | (fromAlphanumeric << 2) | (fromDigit << 4);
  }
  const least = Math.min(byte, alphanumeric, digit);
  const lastMode = least === byte ? 0 : least === alphanumeric ? 1 : 2;
  const eci = allUnits < 128 ? null : utf8Eci;
  return { bits: wholeBits(least) / 6 + (eci === null ? 0 : eciBits), eci, lastMode, steps };
}

/** Walks the paths back from the last character and cuts the text where the mode changes. */
function segmentsOf(text: string, { lastMode, steps }: Paths): Segment[] {
  const segments: Segment[] = [];
  let end = text.length;
  let mode: Mode = lastMode;
  for (let index = text.length - 1; index >= 0; index--) {
    const characterMode = (((steps[index] as number) >> (2 * mode)) & 3) as Mode;
    if (characterMode !== mode && index + 1 < end) {
      segments.push({ mode: modeNames[mode], text: text.slice(index + 1, end) });
      end = index + 1;
    }
    mode = characterMode;
  }
  if (end > 0) segments.push({ mode: modeNames[mode], text: text.slice(0, end) });
  return segments.reverse();
}

/** Whether even digits alone would not fit a range's largest version: then there is no need to look closer. */
function cannotFit(text: string, range: VersionRange, level: ErrorCorrectionLevel): boolean {
  return (text.length * sixthsPerDigit) / 6 > capacityBits(range.last, level);
}

/**
 * Plans the smallest symbol for a text: segments of fewest bits, UTF-8 announced where it is not all ASCII, and the
 * smallest version that holds them. Pure; the same input always gives the same plan.
 *
 * @param leastVersion asks for a larger symbol than the text needs (1…40); its segments are the best ones for that version
 * @returns the plan, or what a text that does not fit version 40 would need and what there is, in bits
 */
export function planSymbol(text: string, level: ErrorCorrectionLevel, leastVersion = 1): SymbolPlan | TooLong {
  for (const range of versionRanges) {
    if (range.last < leastVersion || cannotFit(text, range, level)) continue;
    const paths = shortestPaths(text, range);
    for (let version = Math.max(range.first, leastVersion); version <= range.last; version++) {
      if (paths.bits > capacityBits(version, level)) continue;
      const { eci } = paths;
      return { version, modules: 17 + 4 * version, errorCorrection: level, eci, segments: segmentsOf(text, paths) };
    }
  }
  return { tooLong: { bits: shortestPaths(text, largestRange).bits, capacityBits: capacityBits(maxVersion, level) } };
}

/** Returns the highest level of error correction at which some version holds the text; null when none does. */
export function planLongestLevel(text: string): ErrorCorrectionLevel | null {
  const { bits } = shortestPaths(text, largestRange);
  const levels = ['H', 'Q', 'M', 'L'] as const;
  return levels.find((level) => bits <= capacityBits(maxVersion, level)) ?? null;
}
