import { AppError, type ErrorKind } from '../errors.ts';
import { logoSizeOf } from './logo-size.ts';
import { logoStructureOf } from './logo-structure.ts';
import { type LogoType, logoTypeOf } from './logo-type.ts';
import type { LogoFacts } from './render-spec.ts';

type Refusal = { code: string; message: string; received: string; cause?: unknown };

/** What a refused file is told as where it is the body; any other code makes it invalid. */
const kinds: Record<string, ErrorKind> = { logo_too_many_pixels: 'too-large', logo_type: 'media-type' };

/** Returns what kind of mistake a logo's refusal is, by its code. */
export function kindOfLogoRefusal(code: string): ErrorKind {
  return kinds[code] ?? 'invalid';
}

/** Returns the error that a logo is refused with; it points at `/logo`. */
export function refusedLogo({ code, message, received, cause }: Refusal): AppError {
  const detail = { in: 'body', pointer: '/logo', name: null, code, detail: message, received } as const;
  return new AppError(kindOfLogoRefusal(code), code, message, { details: [detail], cause });
}

/**
 * Looks into a logo's file without decoding it: what it is by its first bytes, and its size as it is shown by its header. Whether
 * the picture is whole only a decoder can tell.
 *
 * @param limits `maxPixels`: the most that its width × height may come to
 * @throws AppError `media-type` for another type, `too-large` for too many pixels, `invalid` for an animation and a file that
 *   is cut short, broken in its framing or followed by other data
 */
export function inspectLogo(
  bytes: Buffer,
  { maxPixels }: { maxPixels: number },
): { contentType: LogoType; facts: LogoFacts } {
  const contentType = logoTypeOf(bytes);
  if (contentType === null)
    throw refusedLogo({
      code: 'logo_type',
      message: 'The logo must be a PNG, JPEG or WebP image; by its first bytes it is none',
      received: bytes.length === 0 ? 'no bytes' : `0x${bytes.toString('hex', 0, 12)}…`,
    });
  const received = `${contentType}, ${bytes.length} bytes`;
  const damaged = (message: string) => refusedLogo({ code: 'logo_damaged', message, received });
  const structure = logoStructureOf(bytes, contentType);
  if (structure === null || structure.end > bytes.length)
    throw damaged('The logo is cut short or its framing is broken');
  if (structure.end < bytes.length)
    throw refusedLogo({
      code: 'logo_trailing_data',
      message: `The logo's image ends at byte ${structure.end} and other data follow; an image and nothing else is accepted`,
      received,
    });
  if (structure.animated)
    throw refusedLogo({
      code: 'logo_animated',
      message: 'The logo is animated; a still picture is accepted',
      received,
    });
  const facts = logoSizeOf(bytes, contentType);
  if (facts === null) throw damaged('The header of the logo names no width and height');
  if (facts.widthPx * facts.heightPx > maxPixels)
    throw refusedLogo({
      code: 'logo_too_many_pixels',
      message: `The logo has ${facts.widthPx * facts.heightPx} pixels; at most ${maxPixels} are accepted`,
      received: `${facts.widthPx} × ${facts.heightPx} px`,
    });
  return { contentType, facts };
}
