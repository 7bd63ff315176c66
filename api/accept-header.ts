import type { ScanFormat } from '../shared/contract/scan-query.ts';
import type { ImageFormat } from '../shared/domain/render-spec.ts';

type MediaRange = { range: string; quality: number; place: number };

/** The media ranges of an Accept header (RFC 9110, section 12.5.1), those that are not wanted (q=0) too. */
function mediaRanges(header: string): MediaRange[] {
  return header.split(',').flatMap((part, place) => {
    const [range = '', ...parameters] = part.split(';').map((piece) => piece.trim().toLowerCase());
    const weight = parameters.find((parameter) => parameter.startsWith('q='));
    const quality = weight === undefined ? 1 : Number(weight.slice(2));
    return range === '' || Number.isNaN(quality) ? [] : [{ range, quality, place }];
  });
}

/** What we can answer with, by media type; of what is wanted alike, the first. */
type Offered<Answer> = readonly (readonly [type: string, answer: Answer])[];

/** The range that counts for a media type: the most specific one. */
function rangeOf(type: string, ranges: readonly MediaRange[]): MediaRange | undefined {
  const [main] = type.split('/');
  for (const wanted of [type, `${main}/*`, '*/*']) {
    const found = ranges.find(({ range }) => range === wanted);
    if (found) return found;
  }
  return undefined;
}

/** Chooses the answer that is wanted most, of those wanted alike the one that the caller names first. */
function best<Answer>(header: string, offered: Offered<Answer>, otherwise: NoInfer<Answer>): Answer {
  const ranges = mediaRanges(header);
  let chosen: { answer: Answer; quality: number; place: number } | null = null;
  for (const [type, answer] of offered) {
    const range = rangeOf(type, ranges);
    if (range === undefined || range.quality <= 0) continue;
    const { quality, place } = range;
    if (chosen === null || quality > chosen.quality || (quality === chosen.quality && place < chosen.place))
      chosen = { answer, quality, place };
  }
  return chosen === null ? otherwise : chosen.answer;
}

const answers: Offered<'json' | ImageFormat> = [
  ['application/json', 'json'],
  ['image/png', 'png'],
  ['image/svg+xml', 'svg'],
];

/** Chooses what a POST of a render answers with. What we cannot serve counts as not said: JSON, never a 406. */
export function chooseAnswer(header: string): 'json' | ImageFormat {
  if (header === '' || header === '*/*' || header === 'application/json') return 'json';
  return best(header, answers, 'json');
}

const scanAnswers: Offered<ScanFormat> = [
  ['application/json', 'json'],
  ['text/csv', 'csv'],
  ['application/x-ndjson', 'ndjson'],
  ['application/ndjson', 'ndjson'],
];

/** Chooses how scans are answered when the URL does not say it; the same manners. */
export function chooseScanFormat(header: string): ScanFormat {
  return best(header, scanAnswers, 'json');
}

/**
 * Whether HTML is wanted more than JSON of any kind. Only what is named counts, as by browsers: `*\/*` says nothing.
 *
 * @param otherwise where neither is named
 */
export function wantsHtml(header: string, otherwise = false): boolean {
  const ranges = mediaRanges(header);
  const html = ranges.find(({ range }) => range === 'text/html');
  const [json] = ranges
    .filter(({ range, quality }) => /\bjson$/.test(range) && quality > 0)
    .sort((a, b) => b.quality - a.quality || a.place - b.place);
  if (html === undefined) return json === undefined && otherwise;
  if (html.quality <= 0) return false;
  return (
    json === undefined || html.quality > json.quality || (html.quality === json.quality && html.place < json.place)
  );
}

/** Chooses the format of an image when the URL names none: SVG only where it is the one image type wanted; browsers list it among many. */
export function chooseImageFormat(header: string): ImageFormat {
  const images = mediaRanges(header).filter(({ range, quality }) => range.startsWith('image/') && quality > 0);
  return images.length > 0 && images.every(({ range }) => range === 'image/svg+xml') ? 'svg' : 'png';
}
