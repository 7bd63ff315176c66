import type { ScanFormat } from '../shared/contract/scan-query.ts';
import type { ImageFormat } from '../shared/domain/render-spec.ts';

type MediaRange = { range: string; quality: number };

/** The media ranges of an Accept header (RFC 9110, section 12.5.1) that are wanted at all, in the caller's order. */
function mediaRanges(header: string): MediaRange[] {
  return header.split(',').flatMap((part) => {
    const [range = '', ...parameters] = part.split(';').map((piece) => piece.trim().toLowerCase());
    const weight = parameters.find((parameter) => parameter.startsWith('q='));
    const quality = weight === undefined ? 1 : Number(weight.slice(2));
    return range !== '' && quality > 0 ? [{ range, quality }] : [];
  });
}

const answers: Record<string, 'json' | ImageFormat> = {
  'application/json': 'json',
  'application/*': 'json',
  '*/*': 'json',
  'image/png': 'png',
  'image/*': 'png',
  'image/svg+xml': 'svg',
};

/** Chooses the answer whose media range is wanted most; the first of those wanted alike. */
function best<Answer>(header: string, offered: Readonly<Record<string, Answer>>, otherwise: NoInfer<Answer>): Answer {
  let chosen: { answer: Answer; quality: number } = { answer: otherwise, quality: 0 };
  for (const { range, quality } of mediaRanges(header)) {
    const answer = Object.hasOwn(offered, range) ? offered[range] : undefined;
    if (answer !== undefined && quality > chosen.quality) chosen = { answer, quality };
  }
  return chosen.answer;
}

/** Chooses what a POST of a render answers with. What we cannot serve counts as not said: JSON, never a 406. */
export function chooseAnswer(header: string): 'json' | ImageFormat {
  if (header === '' || header === '*/*' || header === 'application/json') return 'json';
  return best(header, answers, 'json');
}

const scanAnswers: Record<string, ScanFormat> = {
  'application/json': 'json',
  'application/*': 'json',
  '*/*': 'json',
  'text/csv': 'csv',
  'text/*': 'csv',
  'application/x-ndjson': 'ndjson',
  'application/ndjson': 'ndjson',
};

/** Chooses how scans are answered when the URL does not say it; the same manners. */
export function chooseScanFormat(header: string): ScanFormat {
  return best(header, scanAnswers, 'json');
}

/** Chooses the format of an image when the URL names none: SVG only where it is the one image type wanted; browsers list it among many. */
export function chooseImageFormat(header: string): ImageFormat {
  const images = mediaRanges(header).filter(({ range }) => range.startsWith('image/'));
  return images.length > 0 && images.every(({ range }) => range === 'image/svg+xml') ? 'svg' : 'png';
}
