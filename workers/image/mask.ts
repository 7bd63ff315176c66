/** The modules of a symbol, row by row, quiet zone left out: 1 is dark. */
export type Matrix = { modules: number; dark: Uint8Array };

/** The eight data masks (ISO/IEC 18004, table 10). */
export const maskCount = 8;

/**
 * Every column and then every row of a symbol as a lane, 32 lanes a word: bit `lane % 32` of word
 * `(lane >> 5) * modules + step` is the module at `step` along the lane. So one bit operation looks at 32 lines at once.
 */
type Lanes = Int32Array;

function laneWords(modules: number): number {
  return (2 * modules + 31) >> 5;
}

/** Packs a matrix into lanes. */
export function packLanes({ modules, dark }: Matrix): Lanes {
  const lanes = new Int32Array(laneWords(modules) * modules);
  let index = 0;
  for (let row = 0; row < modules; row++) {
    const rowLane = modules + row;
    const rowWord = (rowLane >> 5) * modules;
    for (let word = 0; 32 * word < modules; word++) {
      const end = Math.min(modules, 32 * word + 32);
      let columns = 0;
      for (let column = 32 * word; column < end; column++) {
        const bit = dark[index++] as number;
        columns |= bit << column;
        lanes[rowWord + column] = (lanes[rowWord + column] as number) | (bit << rowLane);
      }
      const at = word * modules + row;
      lanes[at] = (lanes[at] as number) | columns;
    }
  }
  return lanes;
}

function bitCount(word: number): number {
  let count = word - ((word >>> 1) & 0x55555555);
  count = (count & 0x33333333) + ((count >>> 2) & 0x33333333);
  return Math.imul((count + (count >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** Which lanes of a word are below `end`. */
function lanesBelow(end: number, word: number): number {
  const count = end - 32 * word;
  if (count >= 32) return -1;
  return count <= 0 ? 0 : (1 << count) - 1;
}

/** Rules 1 and 3 on the lanes of one word: runs of five and more, and finder-like patterns beside four light modules. */
function linePenalty(lanes: Lanes, first: number, modules: number, used: number): number {
  let points = 0;
  let [run1, run2] = [0, 0];
  let [same1, same2, same3, same4, same5] = [0, 0, 0, 0, 0];
  let before = lanes[first] as number;
  for (let step = 1; step < modules; step++) {
    const now = lanes[first + step] as number;
    const same = ~(now ^ before) & used;
    const run = same & same1 & same2 & same3;
    // A run of n ≥ 5 modules ends n − 4 windows of five; with the two steps after the last one it makes its n − 2 points.
    const marked = run | run1 | run2;
    if (marked !== 0) points += bitCount(marked);
    const core = now & ~(same | same1 | same4 | same5) & same2 & same3;
    if (core !== 0 && step >= 6) points += 40 * quietSides(lanes, first + step, core, step, modules);
    run2 = run1;
    run1 = run;
    same5 = same4;
    same4 = same3;
    same3 = same2;
    same2 = same1;
    same1 = same;
    before = now;
  }
  return points + bitCount(run1 | run2) + bitCount(run1);
}

/** Counts, in the lanes where 1011101 ends at `last`, the sides on which four light modules follow within the symbol. */
function quietSides(lanes: Lanes, last: number, core: number, step: number, modules: number): number {
  let sides = 0;
  const light = (at: number) =>
    ~((lanes[at] as number) | (lanes[at + 1] as number) | (lanes[at + 2] as number) | (lanes[at + 3] as number));
  if (step >= 10) sides += bitCount(core & light(last - 10));
  if (step + 4 < modules) sides += bitCount(core & light(last + 1));
  return sides;
}

/** Rule 2: blocks of two by two modules of one colour, three points each. The columns' lanes hold each row as bits. */
function blockPenalty(lanes: Lanes, modules: number): number {
  let blocks = 0;
  for (let word = 0; 32 * word < modules - 1; word++) {
    const corners = lanesBelow(modules - 1, word);
    const first = word * modules;
    let upper = 0;
    let upperRight = 0;
    for (let row = 0; row < modules; row++) {
      const here = lanes[first + row] as number;
      const right = (here >>> 1) | ((lanes[first + modules + row] as number) << 31);
      const same = ~((here ^ right) | (here ^ upper) | (right ^ upperRight)) & corners;
      if (row > 0 && same !== 0) blocks += bitCount(same);
      upper = here;
      upperRight = right;
    }
  }
  return 3 * blocks;
}

/** Rule 4: ten points for each step of 5 % that the share of dark modules is away from half, counted as `qrcode` does. */
function balancePenalty(lanes: Lanes, modules: number): number {
  let dark = 0;
  for (let word = 0; 32 * word < modules; word++) {
    const columns = lanesBelow(modules, word);
    for (let row = 0; row < modules; row++) dark += bitCount((lanes[word * modules + row] as number) & columns);
  }
  return 10 * Math.abs(Math.ceil((dark * 100) / (modules * modules) / 5) - 10);
}

/** Returns the penalty of a symbol, by the four rules of ISO/IEC 18004, clause 7.8.3.1. */
function maskPenalty(lanes: Lanes, modules: number, limit = Number.POSITIVE_INFINITY): number {
  let penalty = blockPenalty(lanes, modules) + balancePenalty(lanes, modules);
  for (let word = 0; word < laneWords(modules) && penalty < limit; word++)
    penalty += linePenalty(lanes, word * modules, modules, lanesBelow(2 * modules, word));
  return penalty;
}

/**
 * Chooses the mask of least penalty, of equal ones the lowest.
 *
 * @param symbol a symbol's lanes under mask 0
 * @param changes for each mask, the lanes of what changes between mask 0 and it, format information included
 */
export function chooseMask(symbol: Lanes, changes: readonly Lanes[], modules: number): number {
  const masked = new Int32Array(symbol.length);
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  changes.forEach((change, mask) => {
    for (let index = 0; index < masked.length; index++)
      masked[index] = (symbol[index] as number) ^ (change[index] as number);
    const penalty = maskPenalty(masked, modules, least);
    if (penalty >= least) return;
    least = penalty;
    best = mask;
  });
  return best;
}
