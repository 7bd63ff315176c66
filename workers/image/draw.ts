import { type Frame, pixelGrid } from '../../shared/domain/pixel-grid.ts';
import type { LogoBox, RenderPlan } from '../../shared/domain/plan-render.ts';
import { composeLogo, type LogoImage, logoDataUri, type PixelRectangle } from './compose-logo.ts';
import type { Matrix } from './mask.ts';
import { drawMatrix } from './matrix.ts';
import { drawPng } from './png.ts';
import { drawSvg } from './svg.ts';

/** Where and what: the two come together or not at all. */
type PlacedLogo = { image: LogoImage; box: LogoBox };

function placedLogo({ spec, logoBox }: RenderPlan, bytes: Buffer | null): PlacedLogo | null {
  if (spec.logo === null || logoBox === null) return null;
  if (bytes === null) throw new Error(`the plan has logo ${spec.logo.id}, and its bytes were not given`);
  return { image: { id: spec.logo.id, bytes }, box: logoBox };
}

/** Makes room for the logo: the modules of its plate become light. */
function clearModules({ modules, dark }: Matrix, { clear }: LogoBox): void {
  for (let row = clear.y; row < clear.y + clear.height; row++)
    dark.fill(0, row * modules + clear.x, row * modules + clear.x + clear.width);
}

/** The logo's rectangle in whole px, on the grid that the modules are drawn on; at least one px each way. */
function pixelRectangle(frame: Frame, { x, y, width, height }: LogoBox): PixelRectangle {
  const edgeAt = pixelGrid(frame);
  const left = edgeAt(x);
  const top = edgeAt(y);
  return {
    left,
    top,
    width: Math.max(1, edgeAt(x + width) - left),
    height: Math.max(1, edgeAt(y + height) - top),
  };
}

/**
 * Draws a planned render as PNG or SVG of exactly the spec's size. Pure but for time and memory: the same plan and logo
 * give the same image.
 *
 * @param logo the bytes of the spec's logo, which `readLogo` accepted; null when the spec has none
 * @returns the image, and the mask that was chosen (0…7)
 */
export async function drawRender(plan: RenderPlan, logo: Buffer | null): Promise<{ bytes: Buffer; mask: number }> {
  const { spec, symbol } = plan;
  const matrix = drawMatrix(symbol);
  const frame: Frame = { modules: symbol.modules, size: spec.size, margin: spec.margin, marginPx: spec.marginPx };
  const placed = placedLogo(plan, logo);
  if (placed !== null) clearModules(matrix, placed.box);
  return { bytes: await drawImage(plan, { matrix, frame, placed }), mask: matrix.mask };
}

type Drawing = { matrix: Matrix; frame: Frame; placed: PlacedLogo | null };

async function drawImage({ spec }: RenderPlan, { matrix, frame, placed }: Drawing): Promise<Buffer> {
  if (spec.format === 'svg') {
    const logo = placed === null ? null : { dataUri: await logoDataUri(placed.image), box: placed.box };
    return Buffer.from(drawSvg({ matrix, frame, spec, contentType: spec.content.type, logo }));
  }
  const png = drawPng(matrix, frame, spec);
  if (placed === null) return png;
  return composeLogo(png, placed.image, pixelRectangle(frame, placed.box), spec.background === 'transparent');
}
