import { type BlockLayout, blockLayout } from './block-layout.ts';
import { alignmentModule, codewordMap, protectedModule } from './codeword-map.ts';
import type { LogoBox } from './plan-render.ts';
import type { ErrorCorrectionLevel, LogoFacts } from './render-spec.ts';

/**
 * The share of what error correction stands that a logo may use up; the rest stays for dirt, folds and bad light.
 * Measured: decision record 0006.
 */
export const maxLogoShare = 0.6;

/**
 * Returns the same for a logo that covers alignment patterns: what looks like one in it bends the modules around it in some
 * readers, the more so the more of them there are.
 */
export function maxShareOnAlignment(version: number): number {
  return version <= 20 ? 0.4 : 0.32;
}

/** The least width of the light plate around a logo, in modules; on the grid it comes to between this and one more. */
const minPlate = 0.5;

/** Returns the fewest whole modules, odd as every symbol's side is, that hold a logo's side with its plate. */
function clearedSide(logoSide: number): number {
  const needed = Math.ceil(logoSide + 2 * minPlate);
  return needed % 2 === 1 ? needed : needed + 1;
}

/**
 * Returns where a logo goes in a symbol: centred, its longer side `ratio` × the symbol's side, aspect ratio kept.
 *
 * @param modules the symbol's side in modules
 */
export function placeLogo(modules: number, ratio: number, logo: LogoFacts): LogoBox {
  const longer = Math.max(logo.widthPx, logo.heightPx);
  const width = (modules * ratio * logo.widthPx) / longer;
  const height = (modules * ratio * logo.heightPx) / longer;
  const clearWidth = clearedSide(width);
  const clearHeight = clearedSide(height);
  return {
    clear: {
      x: (modules - clearWidth) / 2,
      y: (modules - clearHeight) / 2,
      width: clearWidth,
      height: clearHeight,
    },
    x: (modules - width) / 2,
    y: (modules - height) / 2,
    width,
    height,
  };
}

/** Returns the block of a codeword by its place in the final sequence (ISO/IEC 18004, clause 7.6). */
export function blockOfCodeword(index: number, layout: BlockLayout): number {
  const { blocks, dataCodewords } = layout;
  const shortLength = Math.floor(dataCodewords / blocks);
  if (index < shortLength * blocks) return index % blocks;
  // The longer blocks come last, and only they have a codeword in the last round of data.
  if (index < dataCodewords) return blocks - (dataCodewords - index);
  return (index - dataCodewords) % blocks;
}

/**
 * Returns how many codewords of each block have a module in the cleared rectangle, or null when it touches a pattern that
 * readers find the symbol by (finder, timing, format or version information).
 */
export function codewordsHit(version: number, level: ErrorCorrectionLevel, clear: LogoBox['clear']): number[] | null {
  const { modules, at } = codewordMap(version);
  const layout = blockLayout(version, level);
  const hits = new Array<number>(layout.blocks).fill(0);
  const seen = new Set<number>();
  for (let y = clear.y; y < clear.y + clear.height; y++)
    for (let x = clear.x; x < clear.x + clear.width; x++) {
      const codeword = at[y * modules + x] ?? protectedModule;
      if (codeword === protectedModule) return null;
      if (codeword < 0 || seen.has(codeword)) continue;
      seen.add(codeword);
      const block = blockOfCodeword(codeword, layout);
      hits[block] = (hits[block] ?? 0) + 1;
    }
  return hits;
}

/**
 * Returns which share of what its weakest block stands a logo uses up: 1 is the last that a perfect image can lose;
 * infinite when the logo touches a pattern that readers find the symbol by.
 */
export function logoShare(version: number, level: ErrorCorrectionLevel, clear: LogoBox['clear']): number {
  const hits = codewordsHit(version, level, clear);
  if (hits === null) return Number.POSITIVE_INFINITY;
  return Math.max(...hits) / blockLayout(version, level).correctablePerBlock;
}

/** Whether a cleared rectangle touches an alignment pattern: where it does, one family of readers may lose its way. */
export function touchesAlignment(version: number, clear: LogoBox['clear']): boolean {
  const { modules, at } = codewordMap(version);
  for (let y = clear.y; y < clear.y + clear.height; y++) {
    const row = y * modules + clear.x;
    if (at.subarray(row, row + clear.width).includes(alignmentModule)) return true;
  }
  return false;
}
