import { AppError, type FieldError } from '../errors.ts';
import { encodeContent } from './content/encode-content.ts';
import { acceptedPasswords, isWifiPassword } from './content/wifi-password.ts';
import { type FittedSymbol, fitWithLogo, largestLogoRatio, leavesAlignment, symbolsFrom } from './fit-symbol.ts';
import { planLongestLevel, planSymbol } from './plan-symbol.ts';
import type { LogoFacts, RenderSpec, Warning } from './render-spec.ts';
import {
  blockProblems,
  contentProblem,
  contrastProblems,
  logoProblem,
  longestStart,
  quietZoneOf,
  sizeProblems,
} from './scannability.ts';
import type { SymbolPlan } from './symbol.ts';

/** Where the logo goes, in modules from the symbol's top left corner (quiet zone left out). */
export type LogoBox = {
  /** The rectangle of whole modules that is left light, centred: odd numbers of modules each way. */
  clear: { x: number; y: number; width: number; height: number };
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

/** The quiet zone that the standard promises readers, modules (ISO/IEC 18004, clause 6.3.8). */
const standardQuietZone = 4;

/**
 * Plans how a canonical spec is drawn, or refuses what readers could not read. Pure, and planning the planned spec again
 * gives the same plan.
 *
 * @param logo facts of the spec's logo; null when it has none
 * @throws AppError `invalid` with one detail for each problem: each points at its field and names the nearest value that
 *   works, and with all of them taken the spec works
 */
export function planRender(spec: RenderSpec, logo: LogoFacts | null): RenderPlan {
  const encodedText = encodeContent(spec.content);
  const { fit, problems } = fitSymbol(spec, encodedText, logo);
  problems.unshift(...contrastProblems(spec));
  problems.push(...sizeProblems(spec, fit.symbol.modules));
  if (fit.logoBox !== null) problems.push(...blockProblems(spec, fit.symbol.modules));
  if (problems.length > 0) throw unreadable(problems);
  return {
    spec: { ...spec, errorCorrection: fit.symbol.errorCorrection },
    encodedText,
    symbol: fit.symbol,
    logoBox: fit.logoBox,
    warnings: warningsOf(spec, encodedText, fit),
  };
}

function unreadable(problems: FieldError[]): AppError {
  const message = `Readers could not read this code: ${problems.map(({ detail }) => detail).join(' ')}`;
  return new AppError('invalid', 'invalid_request', message, { details: problems });
}

type Fitting = { fit: FittedSymbol; problems: FieldError[] };

/** Finds the symbol; where a value does not work, it says so and goes on with the nearest that does. */
function fitSymbol(spec: RenderSpec, text: string, logo: LogoFacts | null): Fitting {
  const symbols = symbolsFrom(text, spec.errorCorrection);
  const [symbol] = symbols;
  if (symbol === undefined || symbol.errorCorrection !== spec.errorCorrection) return fitTooLong(spec, text, logo);
  if (spec.logo === null) return { fit: { symbol, logoBox: null }, problems: [] };
  if (logo === null) throw new TypeError('A spec with a logo was planned without the facts of its logo');
  const wanted = { ratio: spec.logo.ratio, facts: logo };
  const hasRoom = (modules: number) => sizeProblems(spec, modules).length === 0;
  const fit = fitWithLogo(symbols, wanted, hasRoom);
  if (fit !== null) return { fit, problems: [] };
  const ratio = largestLogoRatio(symbols, wanted);
  const smaller = fitWithLogo(symbols, { ...wanted, ratio }, hasRoom);
  if (smaller === null) throw new Error(`A logo of the least ratio does not fit version ${symbol.version}`);
  return { fit: smaller, problems: [logoProblem(wanted.ratio, ratio, spec.errorCorrection)] };
}

/** Goes on with a lower level that holds the text, or with what fits of it. */
function fitTooLong(spec: RenderSpec, text: string, logo: LogoFacts | null): Fitting {
  const lower = planLongestLevel(text);
  const start = longestStart(text, spec.errorCorrection);
  const { fit, problems } =
    lower === null ? fitSymbol(spec, start, logo) : fitSymbol({ ...spec, errorCorrection: lower }, text, logo);
  return { fit, problems: [contentProblem(spec, { text, start, level: lower }), ...problems] };
}

/** Everything about a planned symbol that is allowed and still worth knowing. */
function warningsOf(spec: RenderSpec, text: string, fit: FittedSymbol): Warning[] {
  const all = [
    raisedLevel(spec, fit),
    enlargedSymbol(text, fit),
    coveredAlignment(fit),
    smallQuietZone(spec, fit),
    transparency(spec),
    unlikelyPassword(spec),
  ];
  return all.filter((warning) => warning !== null);
}

function raisedLevel({ errorCorrection: asked }: RenderSpec, { symbol }: FittedSymbol): Warning | null {
  if (symbol.errorCorrection === asked) return null;
  return {
    code: 'error_correction_raised',
    detail: `Error correction was raised from ${asked} to ${symbol.errorCorrection}, so that the code stays readable under its logo.`,
  };
}

/** A symbol that a logo made half as long again, or longer, has modules so much smaller. */
const muchLarger = 1.5;

function enlargedSymbol(text: string, { symbol, logoBox }: FittedSymbol): Warning | null {
  if (logoBox === null) return null;
  const plain = planSymbol(text, symbol.errorCorrection);
  if (!('version' in plain) || symbol.modules < plain.modules * muchLarger) return null;
  return {
    code: 'symbol_enlarged',
    detail: `For its logo the symbol has ${symbol.modules} × ${symbol.modules} modules instead of ${plain.modules} × ${plain.modules}. A smaller logo keeps its modules larger.`,
  };
}

function coveredAlignment(fit: FittedSymbol): Warning | null {
  if (leavesAlignment(fit)) return null;
  return {
    code: 'logo_on_alignment_pattern',
    detail:
      'The logo covers an alignment pattern, and a logo with fine detail there misleads some readers. A smaller logo or a shorter content avoids it.',
  };
}

function smallQuietZone(spec: RenderSpec, { symbol }: FittedSymbol): Warning | null {
  const width = quietZoneOf(spec, symbol.modules);
  if (width >= standardQuietZone) return null;
  return {
    code: 'small_quiet_zone',
    detail: `The quiet zone is ${Number(width.toFixed(1))} modules wide; readers are promised ${standardQuietZone}. Keep the page around the code as light as its background.`,
  };
}

function transparency({ background }: RenderSpec): Warning | null {
  if (background !== 'transparent') return null;
  return {
    code: 'transparent_background',
    detail: 'The background is transparent and was checked as white: put the code on white or something near it.',
  };
}

function unlikelyPassword({ content }: RenderSpec): Warning | null {
  if (content.type !== 'wifi' || content.password === null || isWifiPassword(content.password, content.security))
    return null;
  const { password, security } = content;
  return {
    code: 'unlikely_password',
    detail: `No network of security ${security} has this password of ${Buffer.byteLength(password)} bytes, but one of ${acceptedPasswords[security]}: phones will read the code and may not get in.`,
  };
}
