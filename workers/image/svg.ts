import type { ContentType } from '../../shared/domain/content/content.ts';
import { type Frame, gridShiftPx, modulePx } from '../../shared/domain/pixel-grid.ts';
import type { LogoBox } from '../../shared/domain/plan-render.ts';
import type { RenderSpec } from '../../shared/domain/render-spec.ts';
import type { Matrix } from './mask.ts';

/**
 * What a screen reader says: the kind of content and never the content itself, which may be a password or an address and
 * would stand in every page that carries the image.
 */
const titles: Record<ContentType, string> = {
  url: 'QR code: web link',
  text: 'QR code: text',
  vcard: 'QR code: contact',
  wifi: 'QR code: Wi-Fi access',
  email: 'QR code: email',
  phone: 'QR code: phone number',
  sms: 'QR code: text message',
  geo: 'QR code: location',
  event: 'QR code: calendar event',
};

/** A logo as a data URI, and its rectangle in modules. */
type SvgLogo = { dataUri: string; box: LogoBox };

export type SvgParts = {
  matrix: Matrix;
  frame: Frame;
  spec: Pick<RenderSpec, 'foreground' | 'background'>;
  contentType: ContentType;
  logo: SvgLogo | null;
};

/** Writes a number of modules: as many digits as keep the error below a hundredth of a px, no trailing zeros. */
function decimal(value: number): string {
  return String(Math.round(value * 1e6) / 1e6);
}

/**
 * The dark modules as one path, each run within a row one rectangle. One path is painted as one shape, so that no seams
 * show between rows where a viewer smooths edges.
 */
function darkPath({ modules, dark }: Matrix): string {
  const moves: string[] = [];
  let penX = 0;
  let penY = 0;
  for (let y = 0; y < modules; y++) {
    let x = 0;
    while (x < modules) {
      const start = x;
      const colour = dark[y * modules + x];
      while (x < modules && dark[y * modules + x] === colour) x++;
      if (colour !== 1) continue;
      moves.push(`m${start - penX} ${y - penY}h${x - start}v1h${start - x}z`);
      penX = start;
      penY = y;
    }
  }
  return moves.join('').replace('m', 'M');
}

function imageElement({ dataUri, box }: SvgLogo): string {
  const place = `x="${decimal(box.x)}" y="${decimal(box.y)}" width="${decimal(box.width)}" height="${decimal(box.height)}"`;
  return `<image ${place} preserveAspectRatio="none" href="${dataUri}"/>`;
}

/**
 * Draws a symbol as SVG of `size` × `size` px whose user units are modules; the symbol's corner is at 0, 0, and the view
 * box begins such that at this size a viewer shows the PNG's pixels. It needs no script, style or outside reference. A
 * transparent background is none at all.
 */
export function drawSvg({ matrix, frame, spec, contentType, logo }: SvgParts): string {
  const margin = frame.marginPx === null ? frame.margin : frame.marginPx / modulePx(frame);
  const corner = decimal(-margin - gridShiftPx(frame) / modulePx(frame));
  const side = decimal(matrix.modules + 2 * margin);
  const rectangle = `<rect x="${corner}" y="${corner}" width="${side}" height="${side}" fill="${spec.background}"/>`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${frame.size}" height="${frame.size}" viewBox="${corner} ${corner} ${side} ${side}" role="img" shape-rendering="crispEdges">`,
    `<title>${titles[contentType]}</title>`,
    spec.background === 'transparent' ? '' : rectangle,
    `<path fill="${spec.foreground}" d="${darkPath(matrix)}"/>`,
    logo === null ? '' : imageElement(logo),
    '</svg>\n',
  ].join('');
}
