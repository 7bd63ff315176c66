/** The kinds of logo that are accepted. SVG is not: it can carry scripts and outside references. */
export type LogoType = 'image/png' | 'image/jpeg' | 'image/webp';

const pngMagic = '89504e470d0a1a0a';

function asciiAt(bytes: Uint8Array, start: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(start, start + length));
}

/** Returns what the bytes say they are by their first twelve, or null. A declared content type counts for nothing. */
export function logoTypeOf(bytes: Uint8Array): LogoType | null {
  if (Buffer.from(bytes.subarray(0, 8)).toString('hex') === pngMagic) return 'image/png';
  if (bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff) return 'image/jpeg';
  if (asciiAt(bytes, 0, 4) === 'RIFF' && asciiAt(bytes, 8, 4) === 'WEBP') return 'image/webp';
  return null;
}
