import sharp from 'sharp';
import { logoStructureOf } from '../../shared/domain/logo-structure.ts';
import { type LogoType, logoTypeOf } from '../../shared/domain/logo-type.ts';
import type { LogoFacts } from '../../shared/domain/render-spec.ts';
import { AppError, shortened } from '../../shared/errors.ts';

// Jobs and processes are the parallelism, and a file is opened once: libvips' own threads and cache would only hold memory.
sharp.cache(false);
sharp.concurrency(1);

type Refusal = { code: string; message: string; received: string; kind?: 'invalid' | 'too-large'; cause?: unknown };

function refused({ code, message, received, kind = 'invalid', cause }: Refusal): AppError {
  const detail = { in: 'body', pointer: '/logo', name: null, code, detail: message, received } as const;
  return new AppError(kind, code, message, { details: [detail], cause });
}

/** Refuses by the framing alone what is no single still image of an accepted type, so that a decoder never sees it. */
function checkFraming(bytes: Buffer): LogoType {
  const type = logoTypeOf(bytes);
  if (type === null)
    throw refused({
      code: 'logo_type',
      message: 'The logo is no PNG, JPEG or WebP image by its first bytes',
      received: bytes.length === 0 ? 'no bytes' : `0x${bytes.toString('hex', 0, 12)}…`,
    });
  const structure = logoStructureOf(bytes, type);
  const received = `${type}, ${bytes.length} bytes`;
  if (structure === null || structure.end > bytes.length)
    throw refused({ code: 'logo_damaged', message: 'The logo is cut short or its framing is broken', received });
  if (structure.end < bytes.length)
    throw refused({
      code: 'logo_trailing_data',
      message: `The logo's image ends at byte ${structure.end} and other data follow; an image and nothing else is accepted`,
      received,
    });
  if (structure.animated)
    throw refused({ code: 'logo_animated', message: 'The logo is animated; a still picture is accepted', received });
  return type;
}

/** Turns libvips' error about a file into ours; its first line is the reason that the caller sees. */
function asDamaged(type: LogoType): (cause: unknown) => never {
  return (cause) => {
    const reason = shortened((cause as Error).message.split('\n')[0]);
    throw refused({
      code: 'logo_damaged',
      message: `The logo cannot be decoded: ${reason}`,
      received: type,
      cause,
    });
  };
}

/** Refuses by the header, before any pixel is decoded, another format than the first bytes told and too many pixels. */
async function checkHeader(bytes: Buffer, type: LogoType, maxPixels: number): Promise<void> {
  const { width, height, format } = await sharp(bytes, { limitInputPixels: false }).metadata().catch(asDamaged(type));
  if (`image/${format}` !== type)
    throw refused({ code: 'logo_type', message: `The logo begins as ${type} and is something else`, received: format });
  if (width * height > maxPixels)
    throw refused({
      kind: 'too-large',
      code: 'logo_too_many_pixels',
      message: `The logo has ${width * height} pixels; at most ${maxPixels} are accepted`,
      received: `${width} × ${height} px`,
    });
}

/**
 * Decodes an uploaded logo once, to the last pixel, and returns its size in px as it is shown (EXIF orientation applied).
 *
 * @param limits `maxPixels`: more are refused by the header alone, so memory stays within a few bytes for each of them
 * @throws AppError `too-large` for too many pixels; `invalid` for another type, an animation, a file that is cut short,
 *   damaged or followed by other data
 */
export async function readLogo(bytes: Buffer, limits: { maxPixels: number }): Promise<LogoFacts> {
  const type = checkFraming(bytes);
  await checkHeader(bytes, type, limits.maxPixels);
  const { info } = await sharp(bytes, { autoOrient: true, failOn: 'warning', limitInputPixels: limits.maxPixels })
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true })
    .catch(asDamaged(type));
  return { widthPx: info.width, heightPx: info.height };
}
