import { crc32 } from 'node:zlib';

const newline = 0x0a;
const checksumDigits = 8;

const hexBytes = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
const hexOf = (byte: number): string => hexBytes[byte] as string;

/** Returns the record's line in a journal: the CRC-32 of its JSON in eight hex digits, a space, the JSON, a line feed. */
export function encodeLine(record: unknown): string {
  const json = JSON.stringify(record);
  return `${checksumOf(json)} ${json}\n`;
}

/** By table: `toString(16)` of 32 bits took as long as the checksum itself. */
function checksumOf(json: string | Buffer): string {
  const sum = crc32(json);
  return `${hexOf(sum >>> 24)}${hexOf((sum >>> 16) & 0xff)}${hexOf((sum >>> 8) & 0xff)}${hexOf(sum & 0xff)}`;
}

/**
 * Returns the records of all whole lines, in their order. A line that was torn, overwritten or never finished is left out, wherever
 * it stands, and spoils no other.
 */
export function decodeLines(bytes: Buffer): unknown[] {
  const records: unknown[] = [];
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf(newline, start);
    if (end === -1) break;
    const line = bytes.subarray(start, end);
    const json = line.subarray(checksumDigits + 1);
    if (line.toString('latin1', 0, checksumDigits + 1) === `${checksumOf(json)} `)
      records.push(JSON.parse(json.toString()));
    start = end + 1;
  }
  return records;
}
