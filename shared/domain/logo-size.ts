import type { LogoType } from './logo-type.ts';
import type { LogoFacts } from './render-spec.ts';

type Size = { width: number; height: number };

/** What stands in a file's header: the size as it is stored, and where its EXIF block begins, if it has one. */
type Header = { size: Size | null; exif: Buffer | null };

/** IHDR comes first; eXIf anywhere before IEND (PNG, third edition, clauses 11.2.1 and 11.3.2.5). */
function pngHeader(bytes: Buffer): Header {
  const isHeader = bytes.length >= 24 && bytes.toString('latin1', 12, 16) === 'IHDR';
  const size = isHeader ? { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) } : null;
  for (let position = 8; position + 12 <= bytes.length; ) {
    const length = bytes.readUInt32BE(position);
    if (bytes.toString('latin1', position + 4, position + 8) === 'eXIf')
      return { size, exif: bytes.subarray(position + 8, position + 8 + length) };
    position += 12 + length;
  }
  return { size, exif: null };
}

const startOfScan = 0xda;
const app1 = 0xe1;

/** The frame headers of every coding process; C4, C8 and CC are other markers (ITU-T T.81, table B.1). */
function isFrameHeader(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

/** Follows JPEG's segments up to the first scan. */
function jpegHeader(bytes: Buffer): Header {
  const header: Header = { size: null, exif: null };
  for (let position = 2; position + 9 <= bytes.length && bytes[position] === 0xff; ) {
    const marker = bytes[position + 1] as number;
    if (marker === startOfScan) break;
    if (marker === 0xff) {
      position += 1;
      continue;
    }
    const length = bytes.readUInt16BE(position + 2);
    const segment = bytes.subarray(position + 4, position + 2 + length);
    if (isFrameHeader(marker) && segment.length >= 5)
      header.size ??= { height: segment.readUInt16BE(1), width: segment.readUInt16BE(3) };
    if (marker === app1 && segment.toString('latin1', 0, 6) === 'Exif\0\0') header.exif ??= segment;
    position += 2 + length;
  }
  return header;
}

/** The size stands in the first chunk, whichever of the three it is (RFC 9649, clauses 2.5 to 2.7). */
function webpSize(bytes: Buffer): Size | null {
  if (bytes.length < 30) return null;
  const kind = bytes.toString('latin1', 12, 16);
  if (kind === 'VP8X') return { width: bytes.readUIntLE(24, 3) + 1, height: bytes.readUIntLE(27, 3) + 1 };
  if (kind === 'VP8L' && bytes[20] === 0x2f) {
    const packed = bytes.readUInt32LE(21);
    return { width: (packed & 0x3fff) + 1, height: ((packed >>> 14) & 0x3fff) + 1 };
  }
  if (kind === 'VP8 ' && bytes.readUIntBE(23, 3) === 0x9d012a)
    return { width: bytes.readUInt16LE(26) & 0x3fff, height: bytes.readUInt16LE(28) & 0x3fff };
  return null;
}

function webpHeader(bytes: Buffer): Header {
  for (let position = 12; position + 8 <= bytes.length; ) {
    const length = bytes.readUInt32LE(position + 4);
    if (bytes.toString('latin1', position, position + 4) === 'EXIF')
      return { size: webpSize(bytes), exif: bytes.subarray(position + 8, position + 8 + length) };
    position += 8 + length + (length % 2);
  }
  return { size: webpSize(bytes), exif: null };
}

const orientationTag = 0x0112;
const short = 3;

/** Whether the picture is shown turned by a quarter: orientation 5…8 of the first directory (EXIF 2.32, clause 4.6.4). */
function isTurned(block: Buffer): boolean {
  const tiff = block.toString('latin1', 0, 6) === 'Exif\0\0' ? block.subarray(6) : block;
  const order = tiff.toString('latin1', 0, 2);
  if (tiff.length < 8 || (order !== 'II' && order !== 'MM')) return false;
  const u16 = (at: number): number => (order === 'II' ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at));
  const directory = order === 'II' ? tiff.readUInt32LE(4) : tiff.readUInt32BE(4);
  if (directory + 2 > tiff.length) return false;
  for (let index = 0; index < u16(directory); index++) {
    const entry = directory + 2 + 12 * index;
    if (entry + 12 > tiff.length) return false;
    if (u16(entry) === orientationTag && u16(entry + 2) === short) return u16(entry + 8) >= 5 && u16(entry + 8) <= 8;
  }
  return false;
}

const headers: Record<LogoType, (bytes: Buffer) => Header> = {
  'image/png': pngHeader,
  'image/jpeg': jpegHeader,
  'image/webp': webpHeader,
};

/**
 * Returns a logo's size in px as it is shown, EXIF orientation applied, by what its header says; nothing is decoded, so a
 * damaged picture may have one. Null when the header names none.
 */
export function logoSizeOf(bytes: Buffer, type: LogoType): LogoFacts | null {
  const { size, exif } = headers[type](bytes);
  if (size === null || size.width === 0 || size.height === 0) return null;
  return exif !== null && isTurned(exif)
    ? { widthPx: size.height, heightPx: size.width }
    : { widthPx: size.width, heightPx: size.height };
}
