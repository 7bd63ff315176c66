import { totalCodewords } from './block-layout.ts';

/** In a codeword map: a module that a logo may not cover (finder, separator, timing, format and version information). */
export const protectedModule = -1;
/** In a codeword map: a module of an alignment pattern, which a logo had better not cover. */
export const alignmentModule = -2;
/** In a codeword map: a remainder bit, which nobody misses. */
const remainderModule = -3;

export type CodewordMap = {
  modules: number;
  /** For each module, row by row, the index of its codeword in the final sequence of the symbol, or one of the above. */
  at: Int16Array;
  /** For each bit of the final sequence, each codeword's most significant one first, the index of its module. */
  bits: Uint16Array;
};

const maps = new Map<number, CodewordMap>();

/** Returns where each codeword of a version lies (ISO/IEC 18004, clauses 6.3 and 7.7.3). Each map is made once. */
export function codewordMap(version: number): CodewordMap {
  const known = maps.get(version);
  if (known !== undefined) return known;
  const made = placeCodewords(version);
  maps.set(version, made);
  return made;
}

const empty = 0x7fff;

function placeCodewords(version: number): CodewordMap {
  const modules = 17 + 4 * version;
  const at = new Int16Array(modules * modules).fill(empty);
  markAlignment(at, modules, version);
  markProtected(at, modules, version);
  const bits = new Uint16Array(8 * totalCodewords(version));
  let bit = 0;
  for (const index of zigzag(modules)) {
    if (at[index] !== empty) continue;
    at[index] = bit < bits.length ? bit >> 3 : remainderModule;
    if (bit < bits.length) bits[bit] = index;
    bit++;
  }
  return { modules, at, bits };
}

/** Every module in the order in which bits are placed: column pairs from the right, upwards and downwards in turn. */
function* zigzag(modules: number): Generator<number> {
  let upwards = true;
  for (let right = modules - 1; right > 0; right -= 2) {
    if (right === 6) right = 5;
    for (let step = 0; step < modules; step++) {
      const row = upwards ? modules - 1 - step : step;
      yield row * modules + right;
      yield row * modules + right - 1;
    }
    upwards = !upwards;
  }
}

/** The rows, and as well columns, of the centres of alignment patterns (ISO/IEC 18004, annex E). */
function alignmentCentres(version: number): number[] {
  if (version === 1) return [];
  const intervals = Math.floor(version / 7) + 1;
  const last = 4 * version + 10;
  const step = version === 32 ? 26 : 2 * Math.ceil((last - 6) / (2 * intervals));
  return [6, ...Array.from({ length: intervals }, (_, index) => last - (intervals - 1 - index) * step)];
}

function fill(
  at: Int16Array,
  modules: number,
  box: { x: number; y: number; width: number; height: number },
  value: number,
) {
  for (let row = box.y; row < box.y + box.height; row++)
    at.fill(value, row * modules + box.x, row * modules + box.x + box.width);
}

function markAlignment(at: Int16Array, modules: number, version: number): void {
  const centres = alignmentCentres(version);
  const last = modules - 7;
  for (const y of centres)
    for (const x of centres) {
      const onFinder = (x === 6 && y === 6) || (x === 6 && y === last) || (x === last && y === 6);
      if (!onFinder) fill(at, modules, { x: x - 2, y: y - 2, width: 5, height: 5 }, alignmentModule);
    }
}

function markProtected(at: Int16Array, modules: number, version: number): void {
  fill(at, modules, { x: 0, y: 6, width: modules, height: 1 }, protectedModule);
  fill(at, modules, { x: 6, y: 0, width: 1, height: modules }, protectedModule);
  fill(at, modules, { x: 0, y: 0, width: 9, height: 9 }, protectedModule);
  fill(at, modules, { x: modules - 8, y: 0, width: 8, height: 9 }, protectedModule);
  fill(at, modules, { x: 0, y: modules - 8, width: 9, height: 8 }, protectedModule);
  if (version < 7) return;
  fill(at, modules, { x: modules - 11, y: 0, width: 3, height: 6 }, protectedModule);
  fill(at, modules, { x: 0, y: modules - 11, width: 6, height: 3 }, protectedModule);
}
