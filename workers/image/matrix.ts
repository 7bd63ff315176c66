import { create, type QRCodeMaskPattern } from 'qrcode';
import { bitsOf, capacityBits } from '../../shared/domain/capacity.ts';
import { codewordMap } from '../../shared/domain/codeword-map.ts';
import type { ErrorCorrectionLevel } from '../../shared/domain/render-spec.ts';
import type { SymbolPlan } from '../../shared/domain/symbol.ts';
import { codewordsOf } from './codewords.ts';
import { chooseMask, type Matrix, maskCount, packLanes } from './mask.ts';

/** What turns a symbol under mask 0 into the same symbol under another mask, once as modules and once as lanes. */
type MaskChanges = { dark: Uint8Array[]; lanes: Int32Array[] };

const changesByVersion = new Map<number, MaskChanges>();
const blanks = new Map<string, Uint8Array>();

/** A content that every version holds at every level, and how `qrcode` draws it. */
const digit = { mode: 'numeric', text: '0' } as const;

function drawnByQrcode(version: number, errorCorrectionLevel: ErrorCorrectionLevel, mask: number): Uint8Array {
  const maskPattern = mask as QRCodeMaskPattern;
  return create([{ mode: digit.mode, data: digit.text }], { version, errorCorrectionLevel, maskPattern }).modules.data;
}

/**
 * Returns the changes of a version, made once from `qrcode`'s symbols of it under each mask: both the mask and the format
 * information's code (a linear one: ISO/IEC 18004, annex C) are exclusive-ors, so the difference between two masks is the
 * same for every text and level.
 */
function maskChanges(version: number): MaskChanges {
  const known = changesByVersion.get(version);
  if (known !== undefined) return known;
  const modules = 17 + 4 * version;
  const unchanged = drawnByQrcode(version, 'L', 0);
  const dark = Array.from({ length: maskCount }, (_, mask) =>
    drawnByQrcode(version, 'L', mask).map((module, index) => module ^ (unchanged[index] as number)),
  );
  const made = { dark, lanes: dark.map((change) => packLanes({ modules, dark: change })) };
  changesByVersion.set(version, made);
  return made;
}

/** Puts codewords in their modules by exclusive-or: into a blank symbol, or out of one that has them. */
function placeCodewords(plan: SymbolPlan, dark: Uint8Array): void {
  const { bits } = codewordMap(plan.version);
  const codewords = codewordsOf(plan);
  for (let index = 0, bit = 0; index < codewords.length; index++) {
    const codeword = codewords[index] as number;
    for (let shift = 7; shift >= 0; shift--, bit++) {
      const at = bits[bit] as number;
      dark[at] = (dark[at] as number) ^ ((codeword >> shift) & 1);
    }
  }
}

/**
 * Returns the modules of a symbol under mask 0 whose codewords are all zero: function patterns, version and format
 * information as `qrcode` draws them, and its mask. Each is made once.
 */
function blankSymbol(version: number, errorCorrection: ErrorCorrectionLevel): Uint8Array {
  const key = `${version}${errorCorrection}`;
  const known = blanks.get(key);
  if (known !== undefined) return known;
  const dark = drawnByQrcode(version, errorCorrection, 0);
  placeCodewords({ version, modules: 17 + 4 * version, errorCorrection, eci: null, segments: [digit] }, dark);
  blanks.set(key, dark);
  return dark;
}

/** Refuses what would be cut off without a word. */
function checkFits(plan: SymbolPlan): void {
  const { version, errorCorrection } = plan;
  const [bits, capacity] = [bitsOf(plan, version), capacityBits(version, errorCorrection)];
  if (bits > capacity) throw new Error(`the plan has ${bits} bits, and version ${version} holds ${capacity}`);
}

/**
 * Draws the planned symbol's modules: `qrcode`'s patterns, our codewords (it cannot announce UTF-8), and the mask that
 * `qrcode`'s reading of the penalty rules chooses.
 *
 * @throws Error when the segments do not fit the version: the plan is not one of `planSymbol`
 */
export function drawMatrix(plan: SymbolPlan): Matrix & { mask: number } {
  const { modules, version, errorCorrection } = plan;
  checkFits(plan);
  const dark = blankSymbol(version, errorCorrection).slice();
  placeCodewords(plan, dark);
  const changes = maskChanges(version);
  const mask = chooseMask(packLanes({ modules, dark }), changes.lanes, modules);
  const change = changes.dark[mask] as Uint8Array;
  for (let index = 0; index < dark.length; index++) dark[index] = (dark[index] as number) ^ (change[index] as number);
  return { modules, dark, mask };
}
