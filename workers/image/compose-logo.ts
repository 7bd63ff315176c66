import { LRUCache } from 'lru-cache';
import sharp from 'sharp';

// Jobs and processes are the parallelism, and a raster is kept below: libvips' own threads and cache would only hold memory.
sharp.cache(false);
sharp.concurrency(1);

/** A checked logo: `id` follows from the bytes, so it names the prepared rasters. */
export type LogoImage = { id: string; bytes: Buffer };

/** Where a logo goes on the finished image, whole px. */
export type PixelRectangle = { left: number; top: number; width: number; height: number };

/** The longest side of the raster that an SVG carries, px: sharp on any screen, and still a small file. */
const embeddedSidePx = 512;

/** What was prepared lately, up to 32 MB: a logo on a thousand codes of one size is decoded and resized once. */
const prepared = new LRUCache<string, Buffer>({
  maxSize: 32 * 1024 * 1024,
  sizeCalculation: (bytes) => Math.max(1, bytes.length),
});

async function remembered(key: string, prepare: () => Promise<Buffer>): Promise<Buffer> {
  const known = prepared.get(key);
  if (known !== undefined) return known;
  const made = await prepare();
  prepared.set(key, made);
  return made;
}

/** Opens a logo that `readLogo` accepted, upright and in sRGB; nothing of the file but its pixels goes on from here. */
function openLogo(bytes: Buffer) {
  return sharp(bytes, { autoOrient: true, failOn: 'error' }).toColourspace('srgb').ensureAlpha();
}

/** Returns the logo as raw RGBA of exactly `width` × `height` px. */
function rasterOf(logo: LogoImage, width: number, height: number): Promise<Buffer> {
  return remembered(`${logo.id} ${width}x${height}`, () =>
    openLogo(logo.bytes).resize(width, height, { fit: 'fill' }).raw({ depth: 'uchar' }).toBuffer(),
  );
}

/**
 * Lays a logo on a two-colour symbol and returns a true colour PNG of the symbol's size, without metadata. Alpha is kept:
 * the symbol shows through the logo, and a transparent background stays transparent.
 *
 * @param transparent whether the symbol's background is; an opaque one gives a PNG without alpha channel
 */
export async function composeLogo(
  symbolPng: Buffer,
  logo: LogoImage,
  at: PixelRectangle,
  transparent: boolean,
): Promise<Buffer> {
  const { left, top, width, height } = at;
  const input = await rasterOf(logo, width, height);
  const composed = sharp(symbolPng)
    .toColourspace('srgb')
    .composite([{ input, raw: { width, height, channels: 4 }, left, top }]);
  return (transparent ? composed : composed.removeAlpha()).png({ compressionLevel: 3, palette: false }).toBuffer();
}

/**
 * Returns the logo as a data URI for an SVG: a PNG that we encoded from its pixels, at most 512 px long, never the bytes
 * that were uploaded.
 */
export async function logoDataUri(logo: LogoImage): Promise<string> {
  const png = await remembered(`${logo.id} png`, () =>
    openLogo(logo.bytes)
      .resize(embeddedSidePx, embeddedSidePx, { fit: 'inside', withoutEnlargement: true })
      .png({ compressionLevel: 9, palette: false })
      .toBuffer(),
  );
  return `data:image/png;base64,${png.toString('base64')}`;
}
