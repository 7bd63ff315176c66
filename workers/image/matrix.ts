import { create, type QRCodeMaskPattern, type QRCodeSegment } from 'qrcode';
import { bitsOf, capacityBits } from '../../shared/domain/capacity.ts';
import type { SymbolPlan } from '../../shared/domain/symbol.ts';
import { chooseMask, type Matrix, maskCount, packLanes } from './mask.ts';

/** What turns a symbol under mask 0 into the same symbol under another mask, once as modules and once as lanes. */
type MaskChanges = { dark: Uint8Array[]; lanes: Int32Array[] };

const changesByVersion = new Map<number, MaskChanges>();

function encode({ version, errorCorrection, segments }: SymbolPlan, maskPattern: number): Uint8Array {
  // Text of byte segments goes in as a string, which the types forget: as bytes it would be joined into a string of numbers.
  const given = segments.map(({ mode, text }) => ({ mode, data: text }) as QRCodeSegment);
  const mask = maskPattern as QRCodeMaskPattern;
  return create(given, { version, errorCorrectionLevel: errorCorrection, maskPattern: mask }).modules.data;
}

/**
 * Returns the changes of a version, made once from any symbol of it under each mask: both the mask and the format
 * information's code (a linear one: ISO/IEC 18004, annex C) are exclusive-ors, so the difference between two masks is the
 * same for every text and level.
 */
function maskChanges(version: number): MaskChanges {
  const known = changesByVersion.get(version);
  if (known !== undefined) return known;
  const modules = 17 + 4 * version;
  const plan: SymbolPlan = { version, modules, errorCorrection: 'L', segments: [{ mode: 'numeric', text: '0' }] };
  const unchanged = encode(plan, 0);
  const dark = Array.from({ length: maskCount }, (_, mask) =>
    encode(plan, mask).map((module, index) => module ^ (unchanged[index] as number)),
  );
  const made = { dark, lanes: dark.map((change) => packLanes({ modules, dark: change })) };
  changesByVersion.set(version, made);
  return made;
}

/** Refuses what `qrcode` would cut off without a word: it only asks whether some version up to this one holds the segments. */
function checkFits({ segments, version, errorCorrection }: SymbolPlan): void {
  const [bits, capacity] = [bitsOf(segments, version), capacityBits(version, errorCorrection)];
  if (bits > capacity) throw new Error(`the plan has ${bits} bits, and version ${version} holds ${capacity}`);
}

/**
 * Draws the planned symbol's modules. `qrcode` places exactly the planned segments in exactly the planned version under
 * mask 0; the mask is chosen here, by `qrcode`'s own reading of the penalty rules but some ten times as fast.
 *
 * @throws Error when the segments do not fit the version: the plan is not one of `planSymbol`
 */
export function drawMatrix(plan: SymbolPlan): Matrix & { mask: number } {
  const { modules, version } = plan;
  checkFits(plan);
  const dark = encode(plan, 0);
  const changes = maskChanges(version);
  const mask = chooseMask(packLanes({ modules, dark }), changes.lanes, modules);
  const change = changes.dark[mask] as Uint8Array;
  for (let index = 0; index < dark.length; index++) dark[index] = (dark[index] as number) ^ (change[index] as number);
  return { modules, dark, mask };
}
