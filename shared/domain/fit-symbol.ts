import { maxVersion } from './capacity.ts';
import { logoShare, maxLogoShare, maxShareOnAlignment, placeLogo, touchesAlignment } from './logo-budget.ts';
import type { LogoBox } from './plan-render.ts';
import { planSymbol } from './plan-symbol.ts';
import { type ErrorCorrectionLevel, errorCorrectionLevels, type LogoFacts } from './render-spec.ts';
import type { SymbolPlan } from './symbol.ts';

/** A logo's facts, and the ratio that is asked for. */
export type WantedLogo = { ratio: number; facts: LogoFacts };

export type FittedSymbol = { symbol: SymbolPlan; logoBox: LogoBox | null };

/** The smallest ratio that a spec may ask for, in thousandths. A logo of it fits every symbol at every level. */
const leastRatioThousandths = 50;

/** Returns the smallest symbol of a level, and of every higher one that holds the text; the lowest level first. */
export function symbolsFrom(text: string, level: ErrorCorrectionLevel): SymbolPlan[] {
  const levels = errorCorrectionLevels.slice(errorCorrectionLevels.indexOf(level));
  return levels.map((each) => planSymbol(text, each)).filter((symbol) => 'version' in symbol);
}

/**
 * The same text in a larger symbol: what it does not fill is padded, and a logo hides a smaller part of it. It is planned
 * anew, because character counts grow at versions 10 and 27: many short segments that fill version 9 overflow version 10.
 * Null when no segmentation fits that very version.
 */
function enlarged(symbol: SymbolPlan, version: number): SymbolPlan | null {
  const text = symbol.segments.map((segment) => segment.text).join('');
  const plan = planSymbol(text, symbol.errorCorrection, version);
  return 'version' in plan && plan.version === version ? plan : null;
}

/**
 * Returns the symbol with its logo, null when it does not stand it.
 *
 * Versions 7 to 13 have one alignment pattern in the middle, by which a reader squares up the whole symbol: whatever looks like it in
 * a logo there bends everything, so that no logo is laid on them. Elsewhere such a pattern squares up what is around it, and a logo on
 * it leaves more to spare. Decision record 0006.
 */
function withLogo(symbol: SymbolPlan, { ratio, facts }: WantedLogo): FittedSymbol | null {
  const { version, errorCorrection } = symbol;
  if (version >= 7 && version <= 13) return null;
  const logoBox = placeLogo(symbol.modules, ratio, facts);
  const most = touchesAlignment(version, logoBox.clear) ? maxShareOnAlignment(version) : maxLogoShare;
  return logoShare(version, errorCorrection, logoBox.clear) <= most ? { symbol, logoBox } : null;
}

/** Whether a symbol of this many modules can be drawn in the size that is asked for. */
export type HasRoom = (modules: number) => boolean;

/** How much longer a symbol's side may become, so that a logo leaves its alignment patterns alone: from version 14 to 20. */
const maxGrowth = 1.35;

/**
 * Returns the symbol that stands a logo: the smallest that does, or one up to 1.35 times as long whose alignment patterns the
 * logo leaves alone. Null when none stands it. Asking again from the level that was chosen gives the same symbol.
 *
 * @param symbols those of `symbolsFrom`
 */
export function fitWithLogo(symbols: readonly SymbolPlan[], wanted: WantedLogo, hasRoom: HasRoom): FittedSymbol | null {
  const smallest = smallestWithLogo(symbols, wanted);
  if (smallest === null || leavesAlignment(smallest)) return smallest;
  const { version, modules } = smallest.symbol;
  const range = { first: version + 1, last: Math.min(maxVersion, Math.floor((modules * maxGrowth - 17) / 4)) };
  const isBetter = (fit: FittedSymbol) => leavesAlignment(fit) && hasRoom(fit.symbol.modules);
  return firstWithLogo(symbols, wanted, range, isBetter) ?? smallest;
}

/** Whether the logo, if any, touches no alignment pattern. */
export function leavesAlignment({ symbol, logoBox }: FittedSymbol): boolean {
  return logoBox === null || !touchesAlignment(symbol.version, logoBox.clear);
}

/** Returns the first symbol as it is, if it stands the logo; else the smallest version in which any of them does. */
function smallestWithLogo(symbols: readonly SymbolPlan[], wanted: WantedLogo): FittedSymbol | null {
  const [asked] = symbols;
  if (asked === undefined) return null;
  const range = { first: asked.version, last: maxVersion };
  return withLogo(asked, wanted) ?? firstWithLogo(symbols, wanted, range, () => true);
}

/** Returns the first that is accepted, smaller versions first; of one version the highest level, as it costs no more. */
function firstWithLogo(
  symbols: readonly SymbolPlan[],
  wanted: WantedLogo,
  range: { first: number; last: number },
  isAccepted: (fit: FittedSymbol) => boolean,
): FittedSymbol | null {
  const highestFirst = symbols.toReversed();
  for (let version = range.first; version <= range.last; version++)
    for (const symbol of highestFirst) {
      const larger = symbol.version > version ? null : enlarged(symbol, version);
      const fit = larger === null ? null : withLogo(larger, wanted);
      if (fit !== null && isAccepted(fit)) return fit;
    }
  return null;
}

/**
 * Returns the largest ratio, in thousandths and less than the one wanted, at which the logo fits. It exists: the least ratio
 * fits. A smaller logo hides a part of what a larger one hides, so halving the range finds it.
 */
export function largestLogoRatio(symbols: readonly SymbolPlan[], wanted: WantedLogo): number {
  let works = leastRatioThousandths;
  let fails = Math.ceil(wanted.ratio * 1000);
  while (fails - works > 1) {
    const middle = (works + fails) >> 1;
    if (smallestWithLogo(symbols, { ...wanted, ratio: middle / 1000 }) === null) fails = middle;
    else works = middle;
  }
  return works / 1000;
}
