import { readSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { LRUCache } from 'lru-cache';
import { type Metadata, parseMetadata } from 'mmdb-lib/lib/metadata.js';

/* Their default exports look one way to Node and another to who bundles modules of both kinds; required they look alike. */
const require = createRequire(import.meta.url);
const { default: Decoder } = require('mmdb-lib/lib/decoder.js') as typeof import('mmdb-lib/lib/decoder.js');
const { default: ip } = require('mmdb-lib/lib/ip.js') as typeof import('mmdb-lib/lib/ip.js');

export type PlaceFile = {
  /** What the file says of an IPv4 or IPv6 address; null when nothing. @throws Error when the address or the file is broken */
  find(address: string): unknown;
  close(): Promise<void>;
};

/** The tree is read in blocks of about so many bytes, and so many of them are kept: 8 MB at most. */
const blockBytes = 4096;
const blocksKept = 2048;

/** The metadata lie in the last 128 KiB, the data of addresses 16 bytes behind the tree (https://maxmind.github.io/MaxMind-DB/). */
const metadataBytes = 128 * 1024;
const gapBytes = 16;

/** IPv4 addresses are the end of IPv6 addresses of zeros. */
const ipv4Depth = 96;

const warmUpBytes = 1024 * 1024;

/** The number that stands in a node at `offset`, by the size of a record in bits. */
const recordReaders: Record<number, (block: Buffer, offset: number, isRight: boolean) => number> = {
  24: (block, offset, isRight) => block.readUIntBE(isRight ? offset + 3 : offset, 3),
  28: (block, offset, isRight) => {
    const shared = block.readUInt8(offset + 3);
    return isRight
      ? ((shared & 0x0f) << 24) | block.readUIntBE(offset + 4, 3)
      : ((shared & 0xf0) << 20) | block.readUIntBE(offset, 3);
  },
  32: (block, offset, isRight) => block.readUInt32BE(isRight ? offset + 4 : offset),
};

/**
 * Opens a MaxMind DB file. What it says of addresses is kept in memory; the tree of addresses, most of the file, stays in the file, that
 * is in the system's cache, and a look-up reads a block or two of it (some µs). To be replaced by renaming another over it.
 *
 * @throws Error when it is no such file
 */
export async function openPlaceFile(path: string): Promise<PlaceFile> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const metadata = parseMetadata(await readAt(file, Math.max(0, size - metadataBytes), size));
    const places = await readAt(file, metadata.searchTreeSize + gapBytes, size);
    const node = createTree(file, metadata);
    const { decode } = createDecoder(places);
    await warmUp(file, metadata.searchTreeSize);
    return {
      find(address) {
        const pointer = walk(metadata, node, address);
        return pointer > metadata.nodeCount ? decode(pointer - metadata.nodeCount - gapBytes) : null;
      },
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function readAt(file: FileHandle, from: number, to: number): Promise<Buffer> {
  if (from > to) throw new Error('it is too short');
  const bytes = Buffer.alloc(to - from);
  for (let read = 0; read < bytes.length; ) {
    const { bytesRead } = await file.read(bytes, read, bytes.length - read, from + read);
    if (bytesRead === 0) throw new Error('it is too short');
    read += bytesRead;
  }
  return bytes;
}

function createDecoder(places: Buffer): { decode(offset: number): unknown } {
  const decoding = new Decoder(places);
  return { decode: (offset) => decoding.decodeFast(offset).value };
}

/** Has the system read the tree once: the first look-ups would else wait for the disk. */
async function warmUp(file: FileHandle, treeBytes: number): Promise<void> {
  const scratch = Buffer.alloc(warmUpBytes);
  for (let at = 0; at < treeBytes; at += warmUpBytes) await file.read(scratch, 0, warmUpBytes, at);
}

type ReadNode = (node: number, isRight: boolean) => number;

function createTree(file: FileHandle, { recordSize, nodeByteSize, nodeCount }: Metadata): ReadNode {
  const perBlock = Math.floor(blockBytes / nodeByteSize);
  const blocks = new LRUCache<number, Buffer>({ max: blocksKept });
  const readRecord = recordReaders[recordSize] as (typeof recordReaders)[number];

  /** Neighbours on a way are mostly in one block. */
  let last: { index: number; block: Buffer } = { index: -1, block: Buffer.alloc(0) };

  const readBlock = (index: number): Buffer => {
    const known = blocks.get(index);
    if (known !== undefined) return known;
    const nodes = Math.min(perBlock, nodeCount - index * perBlock);
    const block = Buffer.allocUnsafeSlow(nodes * nodeByteSize);
    if (readSync(file.fd, block, 0, block.length, index * perBlock * nodeByteSize) < block.length)
      throw new Error('The file of places was cut short');
    blocks.set(index, block);
    return block;
  };
  return (node, isRight) => {
    const index = Math.floor(node / perBlock);
    if (index !== last.index) last = { index, block: readBlock(index) };
    return readRecord(last.block, (node - index * perBlock) * nodeByteSize, isRight);
  };
}

/** Answers the record that an address leads to: above `nodeCount` it points to a place. */
function walk({ ipVersion, nodeCount }: Metadata, read: ReadNode, address: string): number {
  const bytes = ip.parse(address);
  if (bytes.length > 4 && ipVersion === 4) return nodeCount;
  let node = 0;
  if (bytes.length === 4 && ipVersion === 6)
    for (let depth = 0; depth < ipv4Depth && node < nodeCount; depth++) node = read(node, false);
  for (let depth = 0; depth < bytes.length * 8 && node < nodeCount; depth++)
    node = read(node, ip.bitAt(bytes, depth) === 1);
  return node;
}
