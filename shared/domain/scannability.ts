import { type FieldError, type Nearest, shortened } from '../errors.ts';
import type { Content } from './content/content.ts';
import { mostCharacters } from './content/content-text.ts';
import { assumedPaper, contrastOf, isReadable, minContrast, nearestReadable } from './contrast.ts';
import { leastModulePx, minModulePx, modulePx, smallestSize } from './pixel-grid.ts';
import { planSymbol } from './plan-symbol.ts';
import type { ErrorCorrectionLevel, RenderSpec } from './render-spec.ts';

/** The largest size that a spec may ask for, px. */
const largestSize = 2000;

type Found = { detail: string; nearest: readonly Nearest[] };

function problem(pointer: string, code: string, received: unknown, { detail, nearest }: Found): FieldError {
  return { in: 'body', pointer, name: null, code, detail, received: shortened(received), nearest };
}

/** Refuses colours that readers cannot tell apart, or that are light on dark. */
export function contrastProblems({ foreground, background }: RenderSpec): FieldError[] {
  const paper = background === 'transparent' ? assumedPaper : background;
  if (isReadable(foreground, paper)) return [];
  const difference = contrastOf(foreground, paper);
  const nearest = nearestReadable(foreground, paper);
  const changed: Nearest[] = [
    ...(nearest.foreground === foreground ? [] : [{ pointer: '/foreground', value: nearest.foreground }]),
    ...(nearest.background === paper ? [] : [{ pointer: '/background', value: nearest.background }]),
  ];
  const values = changed.map(({ pointer, value }) => `${pointer.slice(1)} ${value}`).join(' and ');
  const counted = background === 'transparent' ? ' (a transparent background counts as white)' : '';
  const found =
    difference < 0
      ? `The foreground ${foreground} is lighter than the background ${paper}${counted}: readers expect dark on light.`
      : `The foreground ${foreground} is too close to the background ${paper}${counted}: they differ by ${Math.floor(difference)} of 255 in brightness, and readers need ${minContrast}.`;
  const code = difference < 0 ? 'inverted_colours' : 'contrast_too_low';
  // At the field that is to change: a default never is, for black and white each work with something.
  const [pointer, received] =
    nearest.foreground === foreground ? ['/background', background] : ['/foreground', foreground];
  return [problem(pointer, code, received, { detail: `${found} Nearest that works: ${values}.`, nearest: changed })];
}

/** zxing tells dark from light by blocks of 8 × 8 px, of the image and of the image made three times smaller. */
const readerBlockPx = 8;

/** Colours that differ by this much are told apart on such blocks too, whatever the logo shows. */
const fullContrast = 235;

/**
 * Refuses, for a code with a logo, modules that coincide with a reader's blocks: then a block has one colour, its threshold
 * is a guess from the blocks beside it, and a logo misleads the guess. It is so up to one px more than the blocks take.
 * Decision record 0006.
 */
export function blockProblems(spec: RenderSpec, modules: number): FieldError[] {
  const { foreground, background, margin, size } = spec;
  if (contrastOf(foreground, background === 'transparent' ? assumedPaper : background) >= fullContrast) return [];
  const px = modulePx({ modules, ...spec }) + 1e-9;
  const excess = (px % readerBlockPx) * (modules + 2 * margin);
  if (px < readerBlockPx || excess >= 1.5) return [];
  const above = size + 2 - Math.round(excess);
  const nearest = excess < 0.5 || above > largestSize ? size - 1 - Math.round(excess) : above;
  const found = `At size ${size} modules coincide with the blocks of ${readerBlockPx} px by which some readers tell dark from light; a logo misleads them where the colours are not close to black on white.`;
  const detail = `${found} Nearest size that works: ${nearest}.`;
  return [
    problem('/size', 'modules_on_reader_blocks', size, { detail, nearest: [{ pointer: '/size', value: nearest }] }),
  ];
}

/** Returns the width of the quiet zone in modules. */
export function quietZoneOf(spec: RenderSpec, modules: number): number {
  return spec.marginPx === null ? spec.margin : spec.marginPx / modulePx({ modules, ...spec });
}

/** Refuses modules too few px wide; when no size is large enough, a smaller margin is named too. */
export function sizeProblems(spec: RenderSpec, modules: number): FieldError[] {
  const px = modulePx({ modules, ...spec });
  const least = leastModulePx(spec);
  if (px >= least) return [];
  const smallest = smallestSize({ modules, ...spec });
  const width =
    px > 0
      ? `leaves ${Math.floor(px * 100) / 100} px for each`
      : `leaves nothing beside a margin of ${spec.marginPx} px`;
  const found = `The symbol has ${modules} × ${modules} modules and a size of ${spec.size} px ${width}; readers need ${least} px.`;
  const { detail, nearest } = nearestSize(smallest, modules);
  return [problem('/size', 'modules_too_small', spec.size, { detail: `${found} ${detail}`, nearest })];
}

function nearestSize(smallest: number, modules: number): Found {
  if (smallest <= largestSize)
    return { detail: `Smallest size that works: ${smallest}.`, nearest: [{ pointer: '/size', value: smallest }] };
  const margin = Math.floor((largestSize - Math.ceil(modules * minModulePx)) / 2);
  return {
    detail: `No size up to ${largestSize} works with this margin: with size ${largestSize} the largest margin that works is ${margin} px.`,
    nearest: [
      { pointer: '/size', value: largestSize },
      { pointer: '/marginPx', value: margin },
    ],
  };
}

/** Says that a logo hides more than error correction can give back, and names the largest that it can. */
export function logoProblem(asked: number, largest: number, level: ErrorCorrectionLevel): FieldError {
  const found = `A logo of ratio ${asked} hides more of this code than error correction can spare, at level ${level} and every higher one that holds the content.`;
  const detail = `${found} Largest ratio that works: ${largest}.`;
  return problem('/logo/ratio', 'logo_over_budget', asked, {
    detail,
    nearest: [{ pointer: '/logo/ratio', value: largest }],
  });
}

/** Returns the pointer of the content's main field: of what is longest in it. */
function mainField(content: Content): string {
  const lengths = Object.entries(content)
    .filter(([name, value]) => name !== 'type' && (typeof value === 'string' || Array.isArray(value)))
    .map(([name, value]) => ({ name, length: (value as string | string[]).toString().length }))
    .sort((a, b) => b.length - a.length);
  return lengths[0] === undefined ? '/content' : `/content/${lengths[0].name}`;
}

/** Returns the longest beginning of a text that fits a level, in whole characters. */
export function longestStart(text: string, level: ErrorCorrectionLevel): string {
  const characters = Array.from(text.slice(0, 2 * mostCharacters));
  const start = (count: number): string => characters.slice(0, count).join('');
  let fits = 0;
  let fails = Math.min(characters.length, mostCharacters + 1);
  while (fails - fits > 1) {
    const middle = (fits + fails) >> 1;
    if ('tooLong' in planSymbol(start(middle), level)) fails = middle;
    else fits = middle;
  }
  return start(fits);
}

/**
 * Says that a content is too long for its level, and what would do.
 *
 * @param nearest the content's text, the longest start of it that fits, and the highest level that holds it all, if any
 */
export function contentProblem(
  spec: RenderSpec,
  nearest: { text: string; start: string; level: ErrorCorrectionLevel | null },
): FieldError {
  const asked = spec.errorCorrection;
  const bytes = Buffer.byteLength(nearest.text);
  const found = `The content takes ${bytes} bytes; of this text the first ${Buffer.byteLength(nearest.start)} bytes fit at error correction ${asked}.`;
  const others =
    asked === 'L' ? '' : `; at L the first ${Buffer.byteLength(longestStart(nearest.text, 'L'))} bytes fit`;
  const advice =
    nearest.level === null
      ? `No level holds all of it${others}.`
      : `Highest level that holds all of it: ${nearest.level}.`;
  return problem(mainField(spec.content), 'content_too_long', `${bytes} bytes`, {
    detail: `${found} ${advice}`,
    nearest: nearest.level === null ? [] : [{ pointer: '/errorCorrection', value: nearest.level }],
  });
}
