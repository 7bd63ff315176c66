import { crc32 } from 'node:zlib';

const newline = 0x0a;
const checksumDigits = 8;

/** Returns the record's line in a journal: the CRC-32 of its JSON in eight hex digits, a space, the JSON, a line feed. */
export function encodeLine(record: unknown): string {
  const json = JSON.stringify(record);
  return `${checksumOf(json)} ${json}\n`;
}

function checksumOf(json: string | Buffer): string {
  return crc32(json).toString(16).padStart(checksumDigits, '0');
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
