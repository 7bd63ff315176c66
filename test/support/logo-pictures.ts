import sharp from 'sharp';
import type { LogoFacts } from '../../shared/domain/render-spec.ts';

/** Logos that are hard on readers, each in its own way; `rings` looks like the patterns that readers search for. */
export const logoKinds = ['black', 'white', 'stripes', 'checks', 'rings', 'glass', 'photo'] as const;
export type LogoKind = (typeof logoKinds)[number];

type Rgba = [red: number, green: number, blue: number, alpha: number];

const black: Rgba = [0, 0, 0, 255];
const white: Rgba = [255, 255, 255, 255];

/** The colour at `x`, `y`, both 0…1. */
const colourAt: Record<LogoKind, (x: number, y: number) => Rgba> = {
  black: () => black,
  white: () => white,
  stripes: (x) => (Math.floor(x * 12) % 2 === 0 ? black : white),
  checks: (x, y) => ((Math.floor(x * 9) + Math.floor(y * 9)) % 2 === 0 ? black : white),
  rings: (x, y) => ([3, 1, 0].includes(Math.floor(Math.max(Math.abs(x - 0.5), Math.abs(y - 0.5)) * 7)) ? black : white),
  glass: (x, y) => [200, 30, 30, Math.round(255 * x * y)],
  photo: (x, y) => [255 * x, 255 * y, 128 + 127 * Math.sin(40 * x * y), 255],
};

/** Draws a logo of this kind as PNG. */
export async function logoPicture(kind: LogoKind, { widthPx, heightPx }: LogoFacts): Promise<Buffer> {
  const rgba = Buffer.alloc(widthPx * heightPx * 4);
  for (let y = 0; y < heightPx; y++)
    for (let x = 0; x < widthPx; x++)
      rgba.set(colourAt[kind]((x + 0.5) / widthPx, (y + 0.5) / heightPx).map(Math.round), 4 * (y * widthPx + x));
  return sharp(rgba, { raw: { width: widthPx, height: heightPx, channels: 4 } })
    .png()
    .toBuffer();
}
