import type { RenderSpec } from './render-spec.ts';

/**
 * The fewest px that a module may have on average: below it readers begin to fail, because sharing pixels out makes some
 * modules only two px wide and others three. Measured: decision record 0005.
 */
export const minModulePx = 2.25;

/** The same where there is no quiet zone. */
const minModulePxAtEdge = 3;

/** A symbol of `modules` × `modules` (quiet zone left out) within a square image and its quiet zone. */
export type Frame = { modules: number } & Pick<RenderSpec, 'size' | 'margin' | 'marginPx'>;

/** Returns the mean width of a module, px: what is compared with `leastModulePx`. Zero or less when margins take all. */
export function modulePx({ modules, size, margin, marginPx }: Frame): number {
  return marginPx === null ? size / (modules + 2 * margin) : (size - 2 * marginPx) / modules;
}

/** Returns the fewest px that a module needs within this quiet zone: a single px of one is enough for readers. */
export function leastModulePx({ margin, marginPx }: Pick<Frame, 'margin' | 'marginPx'>): number {
  return (marginPx ?? margin) > 0 ? minModulePx : minModulePxAtEdge;
}

/** Returns the smallest size, px, at which modules of this symbol within this quiet zone have `leastModulePx`. */
export function smallestSize({ modules, margin, marginPx }: Omit<Frame, 'size'>): number {
  const least = leastModulePx({ margin, marginPx });
  return marginPx === null ? Math.ceil(least * (modules + 2 * margin)) : Math.ceil(least * modules) + 2 * marginPx;
}

/**
 * Says at which px a module position begins: 0 is the symbol's left or upper edge, `modules` its right or lower one;
 * fractions are allowed.
 */
export type PixelGrid = (at: number) => number;

/** Says at which px a module position lies before it is brought to a whole one. */
function exactPx({ modules, size, margin, marginPx }: Frame, at: number): number {
  return marginPx === null
    ? ((margin + at) * size) / (modules + 2 * margin)
    : marginPx + (at * (size - 2 * marginPx)) / modules;
}

function gridOfPhase(frame: Frame, phase: number): PixelGrid {
  return (at) => Math.floor(exactPx(frame, at) + phase);
}

/**
 * Returns how far from the truth a reader comes out that counts modules as readers do: the distance between the centres
 * of two finder patterns, over the mean width of a module that these patterns show (of their dark ring and of their light
 * one: 7 and 5 modules).
 */
function countingError(edge: PixelGrid, modules: number): number {
  const widths = (inset: number) => edge(7 - inset) - edge(inset) + edge(modules - inset) - edge(modules - 7 + inset);
  const reach = (inset: number) => edge(modules - 7 + inset) + edge(modules - inset) - edge(inset) - edge(7 - inset);
  const distance = (reach(0) + reach(1)) / 4;
  const modulePxShown = (widths(0) + widths(1)) / 24;
  return Math.abs(distance / modulePxShown - (modules - 7));
}

/** Sixteenths of a px, from the middle outwards, so that plain rounding is kept where nothing else is better. */
const phases = [8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15, 0].map((sixteenths) => sixteenths / 16);

/** Returns the phase, 0…15/16 px, at which readers count the modules of this symbol best; plain rounding is 1/2. */
function bestPhase(frame: Frame): number {
  let best = 0.5;
  let least = Number.POSITIVE_INFINITY;
  for (const phase of phases) {
    const error = countingError(gridOfPhase(frame, phase), frame.modules);
    if (error >= least - 1e-9) continue;
    least = error;
    best = phase;
  }
  return best;
}

/**
 * Returns the one grid on which a symbol and whatever else lies in the image is drawn. Positions are shared out evenly over
 * exactly `size` px and brought to whole ones: modules differ by one px at most, and the quiet zone is as wide as asked
 * for, to less than a px (`marginPx`: exactly).
 *
 * Where a position goes up and where down is free, and not all the same: rounding may make all finder patterns a px too
 * wide, and a reader then counts too few modules. So the phase is chosen at which counting them comes out best.
 */
export function pixelGrid(frame: Frame): PixelGrid {
  return gridOfPhase(frame, bestPhase(frame));
}

/**
 * Returns how far a drawing with even modules has to be moved to the right and down, px, −1/2…1/2 or a little more, so that
 * a viewer that brings its edges to whole px, as `crispEdges` asks for, shows `pixelGrid`.
 *
 * Of all phases that give this grid it takes the middle one: viewers reckon coarsely (cairo in 1/256 px), and an edge close
 * to the middle of a px may fall to either side.
 */
export function gridShiftPx(frame: Frame): number {
  const phase = bestPhase(frame);
  let lower = phase - 1;
  let upper = phase + 1;
  for (let at = 0; at <= frame.modules; at++) {
    const px = exactPx(frame, at);
    const next = Math.floor(px + phase) + 1 - px;
    upper = Math.min(upper, next);
    lower = Math.max(lower, next - 1);
  }
  return (lower + upper) / 2 - 0.5;
}
