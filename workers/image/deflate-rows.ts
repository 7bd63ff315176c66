/** One row of bytes that comes `times` times in a row, at least once. */
export type RepeatedRow = { bytes: Uint8Array; times: number };

type Code = { bits: number; width: number };

function reversed(value: number, width: number): number {
  let result = 0;
  for (let bit = 0; bit < width; bit++) result |= ((value >> bit) & 1) << (width - 1 - bit);
  return result;
}

/** The fixed code of a literal or length symbol, first bit lowest. */
function fixedCode(symbol: number): Code {
  if (symbol < 144) return { bits: reversed(0x30 + symbol, 8), width: 8 };
  if (symbol < 256) return { bits: reversed(0x190 + symbol - 144, 9), width: 9 };
  if (symbol < 280) return { bits: reversed(symbol - 256, 7), width: 7 };
  return { bits: reversed(0xc0 + symbol - 280, 8), width: 8 };
}

/** Finds the code of the group that `value` falls in and appends its extra bits. Groups double in size every `perSize`. */
function grouped(value: number, perSize: 2 | 4): { group: number; extra: number; extraWidth: number } {
  const extraWidth = Math.max(0, 31 - Math.clz32(value) - (perSize === 2 ? 1 : 2));
  const group = extraWidth * perSize + (value >> extraWidth);
  return { group, extra: value & ((1 << extraWidth) - 1), extraWidth };
}

const shortestMatch = 3;
const longestMatch = 258;
const endOfBlock = fixedCode(256);
const literalBits = Int32Array.from({ length: 256 }, (_, symbol) => fixedCode(symbol).bits);
const literalWidths = Int32Array.from({ length: 256 }, (_, symbol) => fixedCode(symbol).width);
const lengthCodes = Array.from({ length: longestMatch + 1 }, (_, length): Code => {
  if (length < shortestMatch) return { bits: 0, width: 0 };
  if (length === longestMatch) return fixedCode(285);
  const { group, extra, extraWidth } = grouped(length - shortestMatch, 4);
  const code = fixedCode(257 + group);
  return { bits: code.bits | (extra << code.width), width: code.width + extraWidth };
});

function distanceCode(distance: number): Code {
  const { group, extra, extraWidth } = grouped(distance - 1, 2);
  return { bits: reversed(group, 5) | (extra << 5), width: 5 + extraWidth };
}
const runCode = distanceCode(1);

/** What has been written: whole bytes, and up to seven bits that wait for more. Kept and grown, for drawing is synchronous. */
type Output = { bytes: Buffer; length: number; pending: number; pendingWidth: number };
const output: Output = { bytes: Buffer.alloc(16 * 1024), length: 0, pending: 0, pendingWidth: 0 };

function makeRoom(byteCount: number): void {
  if (output.length + byteCount <= output.bytes.length) return;
  const larger = Buffer.alloc(2 * (output.length + byteCount));
  output.bytes.copy(larger, 0, 0, output.length);
  output.bytes = larger;
}

function keepOutput(length: number, pending: number, pendingWidth: number): void {
  output.length = length;
  output.pending = pending;
  output.pendingWidth = pendingWidth;
}

function put({ bits, width }: Code): void {
  output.pending |= bits << output.pendingWidth;
  output.pendingWidth += width;
  while (output.pendingWidth >= 8) {
    output.bytes[output.length++] = output.pending;
    output.pending >>>= 8;
    output.pendingWidth -= 8;
  }
}

function joined(first: Code, second: Code): Code {
  return { bits: first.bits | (second.bits << first.width), width: first.width + second.width };
}

/** Writes `length` bytes as matches of 3 and more each, so that no literal is left over. `length` is 3 or more. */
function putMatches(length: number, distance: Code): void {
  let left = length;
  if (left > longestMatch) {
    const longest = joined(lengthCodes[longestMatch] as Code, distance);
    for (; left >= longestMatch + shortestMatch; left -= longestMatch) put(longest);
  }
  if (left > longestMatch) {
    put(joined(lengthCodes[left - shortestMatch] as Code, distance));
    left = shortestMatch;
  }
  put(joined(lengthCodes[left] as Code, distance));
}

/** Returns how many bytes from `start` on equal those of `other` from `otherStart` on. */
function equalBytes(bytes: Uint8Array, start: number, other: Uint8Array, otherStart: number): number {
  let end = start;
  while (end < bytes.length && bytes[end] === other[end - start + otherStart]) end++;
  return end - start;
}

/**
 * Writes one row as literals, runs of one byte and what it has in common with the row above, whichever is longer. Most of it are
 * literals: they go by local variables, and what differs at once is not compared further.
 */
function putRow(row: Uint8Array, above: Uint8Array | null, aboveCode: Code): void {
  const { bytes } = output;
  let { length, pending, pendingWidth } = output;
  let at = 0;
  while (at < row.length) {
    const byte = row[at] as number;
    const run = at > 0 && byte === row[at - 1] ? equalBytes(row, at, row, at - 1) : 0;
    const common = above !== null && byte === above[at] ? equalBytes(row, at, above, at) : 0;
    const longest = run >= common ? run : common;
    if (longest < shortestMatch) {
      pending |= (literalBits[byte] as number) << pendingWidth;
      pendingWidth += literalWidths[byte] as number;
      for (; pendingWidth >= 8; pendingWidth -= 8) {
        bytes[length++] = pending;
        pending >>>= 8;
      }
      at++;
      continue;
    }
    keepOutput(length, pending, pendingWidth);
    putMatches(longest, run >= common ? runCode : aboveCode);
    ({ length, pending, pendingWidth } = output);
    at += longest;
  }
  keepOutput(length, pending, pendingWidth);
}

/** Adler-32 (RFC 1950, clause 9) of all rows. A row that comes again adds the same sums, so repeats follow from its first time. */
function adler32(rows: readonly RepeatedRow[]): number {
  const modulus = 65521;
  let low = 1;
  let high = 0;
  for (const { bytes, times } of rows) {
    let sum = 0;
    let weighted = 0;
    for (let index = 0; index < bytes.length; index++) {
      sum += bytes[index] as number;
      weighted += sum;
    }
    const added = low * bytes.length + weighted;
    high = (high + times * added + ((times * (times - 1)) / 2) * bytes.length * sum) % modulus;
    low = (low + times * sum) % modulus;
  }
  return ((high << 16) | low) >>> 0;
}

/**
 * Compresses rows of one length (3…1000 bytes) to a zlib stream (RFC 1950) of one block with fixed codes (RFC 1951, clause
 * 3.2.6).
 *
 * Made for pictures of QR codes: few different rows, each repeated many times, so the cost follows from the different rows
 * and not from the pixels. And unlike zlib's, whose output changes with its version and the processor's instructions, the
 * bytes are the same everywhere.
 */
export function deflateRows(rows: readonly RepeatedRow[]): Buffer {
  const rowLength = rows[0]?.bytes.length ?? 0;
  const aboveCode = distanceCode(rowLength);
  output.bytes.writeUInt16BE(0x7801);
  output.length = 2;
  output.pending = 0b011;
  output.pendingWidth = 3;
  let above: Uint8Array | null = null;
  for (const { bytes, times } of rows) {
    makeRoom(2 * rowLength + Math.ceil((times * rowLength) / longestMatch) * 4 + 64);
    putRow(bytes, above, aboveCode);
    if (times > 1) putMatches((times - 1) * rowLength, aboveCode);
    above = bytes;
  }
  put(endOfBlock);
  put({ bits: 0, width: (8 - output.pendingWidth) & 7 });
  output.length = output.bytes.writeUInt32BE(adler32(rows), output.length);
  return Buffer.from(output.bytes.subarray(0, output.length));
}
