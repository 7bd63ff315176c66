import { logoTypeOf } from '../domain/logo-type.ts';

const dataUri = /^data:image\/(?:png|jpe?g|webp);base64,/i;

/** What an inline logo is, in words that follow "must be". */
export const acceptedLogo =
  'a data URI with a PNG, JPEG or WebP image in base64, such as data:image/png;base64,iVBORw0…';

export type InlineLogo =
  | { bytes: Buffer; refused: null }
  | { bytes: null; refused: { code: string; accepted: string } };

/**
 * Reads an inline logo (RFC 2397). Its size is judged before anything is decoded, and what it is by its first bytes.
 *
 * @param maxBytes the most that it may be when decoded
 */
export function readInlineLogo(uri: string, maxBytes: number): InlineLogo {
  const head = dataUri.exec(uri.slice(0, 64));
  if (head === null) return refused('invalid_logo', acceptedLogo);
  const characters = uri.length - head[0].length;
  if (Math.floor((characters * 3) / 4) - 2 > maxBytes) return tooLarge(maxBytes);
  const base64 = uri.slice(head[0].length);
  if (characters % 4 !== 0 || !/^[a-z0-9+/]+={0,2}$/i.test(base64)) return refused('invalid_logo', acceptedLogo);
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.length > maxBytes) return tooLarge(maxBytes);
  if (logoTypeOf(bytes) === null) return refused('logo_type', acceptedLogo);
  return { bytes, refused: null };
}

function tooLarge(maxBytes: number): InlineLogo {
  return refused('logo_too_large', `an image of at most ${maxBytes} bytes`);
}

function refused(code: string, accepted: string): InlineLogo {
  return { bytes: null, refused: { code, accepted } };
}
