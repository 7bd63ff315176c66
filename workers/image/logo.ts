import sharp from 'sharp';
import { inspectLogo, refusedLogo } from '../../shared/domain/inspect-logo.ts';
import type { LogoType } from '../../shared/domain/logo-type.ts';
import type { LogoFacts } from '../../shared/domain/render-spec.ts';

// Jobs and processes are the parallelism, and a file is opened once: libvips' own threads and cache would only hold memory.
sharp.cache(false);
sharp.concurrency(1);

/** Turns libvips' error about a file into ours; its words, which speak of its own parts, stay in the cause. */
function asDamaged(contentType: LogoType): (cause: unknown) => never {
  return (cause) => {
    const message = 'The logo cannot be decoded: its data are damaged';
    throw refusedLogo({ code: 'logo_damaged', message, received: contentType, cause });
  };
}

/** Refuses, before any pixel is decoded, another format than the first bytes told. */
async function checkFormat(bytes: Buffer, contentType: LogoType): Promise<void> {
  const { format } = await sharp(bytes, { limitInputPixels: false }).metadata().catch(asDamaged(contentType));
  if (`image/${format}` === contentType) return;
  const message = `The logo begins as ${contentType} and is something else`;
  throw refusedLogo({ code: 'logo_type', message, received: format ?? 'unknown' });
}

/**
 * Decodes an uploaded logo once, to the last pixel, and returns its size in px as it is shown (EXIF orientation applied).
 *
 * @param limits `maxPixels`: more are refused by the header alone, so memory stays within a few bytes for each of them
 * @throws AppError `too-large` for too many pixels, `media-type` for another type; `invalid` for an animation, a file that is
 *   cut short, damaged or followed by other data
 */
export async function readLogo(bytes: Buffer, limits: { maxPixels: number }): Promise<LogoFacts> {
  const { contentType } = inspectLogo(bytes, limits);
  await checkFormat(bytes, contentType);
  const { info } = await sharp(bytes, { autoOrient: true, failOn: 'warning', limitInputPixels: limits.maxPixels })
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true })
    .catch(asDamaged(contentType));
  return { widthPx: info.width, heightPx: info.height };
}
