import { crc32 } from 'node:zlib';
import { type Frame, pixelGrid } from '../../shared/domain/pixel-grid.ts';
import type { RenderSpec } from '../../shared/domain/render-spec.ts';
import { deflateRows, type RepeatedRow } from './deflate-rows.ts';
import type { Matrix } from './mask.ts';

type Colours = Pick<RenderSpec, 'foreground' | 'background'>;

const signature = Buffer.from('89504e470d0a1a0a', 'hex');

/** One chunk: length, type, data, checksum (PNG, third edition, clause 5.3). */
function chunk(type: string, data: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(12 + data.length);
  bytes.writeUInt32BE(data.length, 0);
  bytes.write(type, 4, 'latin1');
  data.copy(bytes, 8);
  bytes.writeUInt32BE(crc32(bytes.subarray(4, 8 + data.length)), 8 + data.length);
  return bytes;
}

const end = chunk('IEND', Buffer.alloc(0));

/** Image header: width and height, one bit a pixel, palette, no interlacing. */
function header(size: number): Buffer {
  const data = Buffer.alloc(13);
  data.writeUInt32BE(size, 0);
  data.writeUInt32BE(size, 4);
  data[8] = 1;
  data[9] = 3;
  return chunk('IHDR', data);
}

/** Palette: 0 is the background, 1 the foreground. Under transparency lies white, for viewers that know none. */
function palette({ foreground, background }: Colours): Buffer[] {
  const opaque = background === 'transparent' ? '#ffffff' : background;
  const colours = chunk('PLTE', Buffer.from(opaque.slice(1) + foreground.slice(1), 'hex'));
  return background === 'transparent' ? [colours, chunk('tRNS', Buffer.of(0))] : [colours];
}

let knownHead: { size: number; foreground: string; background: string; bytes: Buffer } | null = null;

/** All that stands before the pixels. The last one is remembered, as many images in a row have the same. */
function headOf(size: number, { foreground, background }: Colours): Buffer {
  const isKnown =
    knownHead?.size === size && knownHead.foreground === foreground && knownHead.background === background;
  if (knownHead !== null && isKnown) return knownHead.bytes;
  const bytes = Buffer.concat([signature, header(size), ...palette({ foreground, background })]);
  knownHead = { size, foreground, background, bytes };
  return bytes;
}

/** Sets the bits `from`…`to` − 1 of a row of pixels that begins after its filter byte. */
function setPixels(row: Uint8Array, from: number, to: number): void {
  const first = 1 + (from >> 3);
  const last = 1 + (to >> 3);
  const firstBits = 0xff >> (from & 7);
  const lastBits = ~(0xff >> (to & 7)) & 0xff;
  if (first === last) {
    row[first] = (row[first] as number) | (firstBits & lastBits);
    return;
  }
  row[first] = (row[first] as number) | firstBits;
  for (let index = first + 1; index < last; index++) row[index] = 0xff;
  if (lastBits !== 0) row[last] = (row[last] as number) | lastBits;
}

let knownEdges: { frame: Frame; edges: readonly number[] } | null = null;

/** Returns at which px each module begins. The last answer is remembered: many images in a row have the same frame. */
function edgesOf(frame: Frame): readonly number[] {
  const { modules, size, margin, marginPx } = frame;
  const last = knownEdges?.frame;
  const isKnown =
    last?.modules === modules && last.size === size && last.margin === margin && last.marginPx === marginPx;
  if (knownEdges !== null && isKnown) return knownEdges.edges;
  const edgeAt = pixelGrid(frame);
  const edges = Array.from({ length: modules + 1 }, (_, at) => edgeAt(at));
  knownEdges = { frame, edges };
  return edges;
}

/** Draws one row of modules as one row of pixels. */
function pixelRow(
  { modules, dark }: Matrix,
  moduleRow: number,
  edges: readonly number[],
  rowLength: number,
): Uint8Array {
  const row = new Uint8Array(rowLength);
  const first = moduleRow * modules;
  let column = 0;
  while (column < modules) {
    const start = column;
    const colour = dark[first + column];
    while (column < modules && dark[first + column] === colour) column++;
    if (colour === 1) setPixels(row, edges[start] as number, edges[column] as number);
  }
  return row;
}

/**
 * Draws a symbol as a PNG of exactly `size` × `size` px, one bit a pixel, two colours; the background may be transparent.
 * The same input gives the same bytes on every machine and Node version.
 */
export function drawPng(matrix: Matrix, frame: Frame, colours: Colours): Buffer {
  const rowLength = 1 + Math.ceil(frame.size / 8);
  const edges = edgesOf(frame);
  const [first, last] = [edges[0] as number, edges[matrix.modules] as number];
  const empty = new Uint8Array(rowLength);
  const rows: RepeatedRow[] = [{ bytes: empty, times: first }];
  for (let row = 0; row < matrix.modules; row++) {
    const times = (edges[row + 1] as number) - (edges[row] as number);
    rows.push({ bytes: pixelRow(matrix, row, edges, rowLength), times });
  }
  rows.push({ bytes: empty, times: frame.size - last });
  const pixels = deflateRows(rows.filter(({ times }) => times > 0));
  return Buffer.concat([headOf(frame.size, colours), chunk('IDAT', pixels), end]);
}
