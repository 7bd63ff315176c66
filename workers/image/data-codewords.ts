import { countBits, modeIndicatorBits } from '../../shared/domain/capacity.ts';
import type { Segment, SymbolPlan } from '../../shared/domain/symbol.ts';

/** Mode indicators (ISO/IEC 18004, table 2). */
const indicators = { numeric: 0b0001, alphanumeric: 0b0010, byte: 0b0100, eci: 0b0111 } as const;
const terminatorBits = 4;
/** What fills the rest, in turn (ISO/IEC 18004, clause 7.4.10). */
const padCodewords = [0b11101100, 0b00010001] as const;

/** The value of each character in alphanumeric mode (ISO/IEC 18004, table 5). */
const alphanumericValues = new Uint8Array(128);
for (const [value, character] of [...'0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:'].entries())
  alphanumericValues[character.charCodeAt(0)] = value;

/** Writes numbers of some width one after the other, most significant bit first. */
class BitWriter {
  readonly bytes: Uint8Array;
  #whole = 0;
  #pending = 0;
  #pendingBits = 0;

  constructor(length: number) {
    this.bytes = new Uint8Array(length);
  }

  /** Writes the low `width` bits of a value, 24 at the most. */
  put(value: number, width: number): void {
    this.#pending = (this.#pending << width) | value;
    this.#pendingBits += width;
    while (this.#pendingBits >= 8) {
      this.#pendingBits -= 8;
      this.bytes[this.#whole++] = this.#pending >>> this.#pendingBits;
    }
  }

  /** Fills the byte that is begun with zeros, and returns how many there are. */
  align(): number {
    if (this.#pendingBits > 0) this.put(0, 8 - this.#pendingBits);
    return this.#whole;
  }
}

const zero = '0'.charCodeAt(0);

/** Writes groups of three digits in 10 bits, two in 7, one in 4 (ISO/IEC 18004, clause 7.4.3). */
function putDigits(writer: BitWriter, text: string): void {
  for (let index = 0; index < text.length; index += 3) {
    const end = Math.min(index + 3, text.length);
    let value = 0;
    for (let at = index; at < end; at++) value = 10 * value + text.charCodeAt(at) - zero;
    writer.put(value, 3 * (end - index) + 1);
  }
}

/** Writes pairs in 11 bits, and a last single one in 6 (ISO/IEC 18004, clause 7.4.4). */
function putAlphanumeric(writer: BitWriter, text: string): void {
  const valueAt = (index: number) => alphanumericValues[text.charCodeAt(index)] as number;
  let index = 0;
  for (; index + 1 < text.length; index += 2) writer.put(45 * valueAt(index) + valueAt(index + 1), 11);
  if (index < text.length) writer.put(valueAt(index), 6);
}

function putSegment(writer: BitWriter, { mode, text }: Segment, version: number): void {
  const bytes = mode === 'byte' ? Buffer.from(text) : null;
  writer.put(indicators[mode], modeIndicatorBits);
  writer.put(bytes?.length ?? text.length, countBits(mode, version));
  if (bytes !== null) for (let index = 0; index < bytes.length; index++) writer.put(bytes[index] as number, 8);
  else if (mode === 'numeric') putDigits(writer, text);
  else putAlphanumeric(writer, text);
}

/**
 * Writes ECI and segments, terminator and padding as data codewords (ISO/IEC 18004, clauses 7.4.2 to 7.4.10).
 *
 * @param count how many data codewords the symbol has; what the plan needs beyond them is lost
 */
export function dataCodewords({ eci, segments, version }: SymbolPlan, count: number): Uint8Array {
  const writer = new BitWriter(count);
  if (eci !== null) {
    writer.put(indicators.eci, modeIndicatorBits);
    writer.put(eci, 8);
  }
  for (const segment of segments) putSegment(writer, segment, version);
  // Where fewer bits than a terminator's are left, the rest of them lies beyond the last codeword.
  writer.put(0, terminatorBits);
  for (let index = writer.align(), pad = 0; index < count; index++, pad ^= 1)
    writer.bytes[index] = padCodewords[pad] as number;
  return writer.bytes;
}
