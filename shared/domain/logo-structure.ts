import type { LogoType } from './logo-type.ts';

/** What an image file's own framing says, nothing decoded. */
export type LogoStructure = {
  /** Where the image ends; whatever follows is not part of it. May lie beyond the bytes that came. */
  end: number;
  /** Whether it holds several pictures that are shown in turn. */
  animated: boolean;
};

/** Follows PNG's chunks to IEND (PNG, third edition, clause 5.3). */
function pngStructure(bytes: Buffer): LogoStructure | null {
  let animated = false;
  let position = 8;
  while (position + 12 <= bytes.length) {
    const type = bytes.toString('latin1', position + 4, position + 8);
    position += 12 + bytes.readUInt32BE(position);
    if (type === 'acTL') animated = true;
    if (type === 'IEND') return { end: position, animated };
  }
  return null;
}

const startOfScan = 0xda;
const endOfImage = 0xd9;

/** Whether a marker stands alone, without a length: fill bytes, stuffed zeros, TEM, restart markers, start of image. */
function standsAlone(marker: number): boolean {
  return marker <= 0x01 || (marker >= 0xd0 && marker <= 0xd8);
}

/** Follows JPEG's markers, through every scan, to EOI (ITU-T T.81, clause B.1.1). */
function jpegStructure(bytes: Buffer): LogoStructure | null {
  let position = 2;
  while (position + 2 <= bytes.length) {
    const marker = bytes[position + 1] as number;
    if (bytes[position] !== 0xff) return null;
    if (marker === endOfImage) return { end: position + 2, animated: false };
    if (marker === 0xff) position += 1;
    else if (standsAlone(marker)) position += 2;
    else {
      if (position + 4 > bytes.length) return null;
      position += 2 + bytes.readUInt16BE(position + 2);
      if (marker === startOfScan) position = endOfScan(bytes, position);
    }
  }
  return null;
}

/** Returns where the entropy-coded bytes from `start` end: at the next marker that is neither stuffing nor a restart. */
function endOfScan(bytes: Buffer, start: number): number {
  let position = bytes.indexOf(0xff, start);
  while (position !== -1 && position + 1 < bytes.length && standsAlone(bytes[position + 1] as number))
    position = bytes.indexOf(0xff, position + 2);
  return position === -1 ? bytes.length : position;
}

/** Reads the RIFF length and, in an extended file, the animation flag (RFC 9649, clauses 2.4 and 2.7). */
function webpStructure(bytes: Buffer): LogoStructure | null {
  if (bytes.length < 21) return null;
  const length = bytes.readUInt32LE(4);
  const extended = bytes.toString('latin1', 12, 16) === 'VP8X';
  return { end: 8 + length + (length % 2), animated: extended && ((bytes[20] as number) & 0x02) !== 0 };
}

/** Returns where a logo's image ends and whether it moves; null when its framing is broken or cut short. */
export function logoStructureOf(bytes: Buffer, type: LogoType): LogoStructure | null {
  if (type === 'image/png') return pngStructure(bytes);
  if (type === 'image/jpeg') return jpegStructure(bytes);
  return webpStructure(bytes);
}
