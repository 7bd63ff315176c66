import type { LogoFacts, RenderSpec, Warning } from './render-spec.ts';
import type { SymbolPlan } from './symbol.ts';

/** Where the logo goes, in modules from the symbol's top left corner (quiet zone left out). */
export type LogoBox = {
  /** The square of whole modules that is left empty: `clearSize` modules each way from (`clearStart`, `clearStart`). */
  clearStart: number;
  clearSize: number;
  /** The logo's own rectangle inside it, aspect ratio kept; may be fractional. */
  x: number;
  y: number;
  width: number;
  height: number;
};

/** All that drawing needs; the API makes it to check a spec, the worker makes it again to draw it. */
export type RenderPlan = {
  /** The spec with error correction raised where a logo needs it: this is what is stored and hashed. */
  spec: RenderSpec;
  /** What a reader will read. */
  encodedText: string;
  symbol: SymbolPlan;
  logoBox: LogoBox | null;
  warnings: Warning[];
};

/**
 * Plans how a canonical spec is drawn, or refuses what readers could not read. Pure.
 *
 * @param logo facts of the spec's logo; null when it has none
 * @throws AppError `invalid` whose details point at the field and name the nearest value that works
 */
export function planRender(_spec: RenderSpec, _logo: LogoFacts | null): RenderPlan {
  throw new Error('not built yet');
}
