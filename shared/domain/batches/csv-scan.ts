import type { CsvShape } from './csv-head.ts';

/** What keeps a file from being taken, and the line (1, 2 …) that the record begins in. */
export type ScanProblem =
  | { kind: 'line-too-long' | 'quote-not-closed' | 'too-many-records'; line: number }
  | { kind: 'too-many-columns'; line: number; columns: number };

/** The header and the rows that are looked at with it. */
export const headRecords = 21;

type ScanLimits = { records: number; columns: number; lineBytes: number };

const quote = 0x22;
const lineFeed = 10;
const carriageReturn = 13;

type Piece = { bytes: Uint8Array; from: number; to: number };

const oneQuote: Piece = { bytes: Uint8Array.of(quote), from: 0, to: 1 };

/** Returns how long bytes are as a JavaScript string; a character may be cut. */
function unitsOf({ bytes, from, to }: Piece): number {
  let units = 0;
  for (let at = from; at < to; at++) {
    const byte = bytes[at] as number;
    if (byte < 0x80 || byte >= 0xc0) units += byte >= 0xf0 ? 2 : 1;
  }
  return units;
}

/**
 * Counts the records of a CSV as it passes and finds what is above a limit, without making cells of it: some thirty times
 * cheaper than parsing. It counts as `readCsv` reads (csv-parse with `relax_quotes`); a test compares them.
 */
export class CsvScan {
  /** Records with content so far, the header included. */
  records = 0;
  /** How many bytes there are up to the end of the last of the first `headRecords` that has ended; null: none has. */
  headEnd: number | null = null;
  readonly #limits: ScanLimits;
  readonly #delimiter: number;
  /** 1 for the bytes that mean something to a CSV. */
  readonly #isSpecial = new Uint8Array(256);
  #problem: ScanProblem | null = null;
  #headRecords = 0;
  #passedBytes = 0;
  #line = 1;
  #recordLine = 1;
  #columns = 0;
  /** Length of the record's ended cells in UTF-16 units, of the cell under way in bytes and in units. */
  #recordUnits = 0;
  #cellBytes = 0;
  #cellUnits = 0;
  #isQuoting = false;
  /** Within quotes a quote came: it ends them, or is the first of two. */
  #isClosing = false;
  #afterReturn = false;
  #hasContent = false;
  /** What may be white space in another alphabet, while the record has nothing else. */
  #dim: Uint8Array[] = [];

  constructor({ delimiter }: Pick<CsvShape, 'delimiter'>, limits: ScanLimits) {
    this.#limits = limits;
    this.#delimiter = delimiter === null ? -1 : delimiter.charCodeAt(0);
    for (const byte of [quote, lineFeed, carriageReturn]) this.#isSpecial[byte] = 1;
    if (delimiter !== null) this.#isSpecial[this.#delimiter] = 1;
  }

  /** Looks at the next chunk; the first one has the byte order mark whole. @returns what is wrong, or null */
  next(bytes: Uint8Array): ScanProblem | null {
    const hasMark = this.#passedBytes === 0 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
    const isSpecial = this.#isSpecial;
    for (let at = hasMark ? 3 : 0; at < bytes.length && this.#problem === null; ) {
      const start = at;
      while (at < bytes.length && isSpecial[bytes[at] as number] === 0) at++;
      if (at > start) this.#takeRun({ bytes, from: start, to: at });
      if (at < bytes.length) this.#takeSpecial({ bytes, from: at, to: ++at });
      if (this.records > this.#headRecords) this.#extendHead(this.#passedBytes + at);
    }
    this.#passedBytes += bytes.length;
    return this.#problem;
  }

  /** Ends the file. @returns what is wrong with its end, or null */
  end(): ScanProblem | null {
    if (this.#isQuoting && !this.#isClosing) this.#problem ??= { kind: 'quote-not-closed', line: this.#recordLine };
    else if (this.#problem === null) this.#endRecord();
    if (this.records > this.#headRecords) this.#extendHead(this.#passedBytes);
    return this.#problem;
  }

  #extendHead(end: number): void {
    this.#headRecords = this.records < headRecords ? this.records : Number.POSITIVE_INFINITY;
    this.headEnd = end;
  }

  #takeRun(run: Piece): void {
    this.#afterReturn = false;
    if (this.#isClosing) {
      // The quote closed nothing: both belong to the cell.
      this.#isQuoting = false;
      this.#isClosing = false;
      this.#cellBytes++;
      this.#cellUnits++;
      this.#append(oneQuote);
    }
    this.#append(run);
  }

  #takeSpecial(special: Piece): void {
    const byte = special.bytes[special.from];
    const isEndOfReturn = byte === lineFeed && this.#afterReturn;
    this.#afterReturn = byte === carriageReturn;
    if (byte === quote) {
      this.#takeQuote();
      return;
    }
    if (this.#isClosing) this.#isQuoting = false;
    this.#isClosing = false;
    const isBreak = byte !== this.#delimiter;
    if (isBreak && !isEndOfReturn) this.#line++;
    if (this.#isQuoting) this.#append(special);
    else if (!isBreak) this.#endCell();
    else if (isEndOfReturn) this.#recordLine = this.#line;
    else this.#endRecord();
  }

  #takeQuote(): void {
    if (this.#isQuoting && !this.#isClosing) this.#isClosing = true;
    else if (this.#isClosing || this.#cellBytes > 0) {
      this.#isClosing = false;
      this.#append(oneQuote);
    } else this.#isQuoting = true;
  }

  #append(piece: Piece): void {
    const sizeBytes = piece.to - piece.from;
    if (this.#recordUnits + this.#cellBytes + sizeBytes - 1 > this.#limits.lineBytes)
      this.#problem ??= { kind: 'line-too-long', line: this.#recordLine };
    this.#cellBytes += sizeBytes;
    this.#cellUnits += unitsOf(piece);
    if (this.#hasContent) return;
    const bytes = piece.bytes.subarray(piece.from, piece.to);
    this.#hasContent = bytes.some((byte) => byte > 0x20 && byte < 0x7f);
    if (!this.#hasContent) this.#dim.push(bytes.slice());
  }

  #endCell(): void {
    this.#columns++;
    this.#recordUnits += this.#cellUnits;
    this.#cellBytes = 0;
    this.#cellUnits = 0;
  }

  #endRecord(): void {
    if (this.#columns > 0 || this.#cellBytes > 0) this.#countRecord();
    this.#columns = 0;
    this.#recordUnits = 0;
    this.#cellBytes = 0;
    this.#cellUnits = 0;
    this.#isQuoting = false;
    this.#isClosing = false;
    this.#hasContent = false;
    this.#dim = [];
    this.#recordLine = this.#line;
  }

  #countRecord(): void {
    const columns = this.#columns + 1;
    const line = this.#recordLine;
    if (columns > this.#limits.columns) this.#problem ??= { kind: 'too-many-columns', line, columns };
    else if (this.#hasContent || this.#isDimContent()) this.records++;
    if (this.records > this.#limits.records) this.#problem ??= { kind: 'too-many-records', line };
  }

  #isDimContent(): boolean {
    return this.#dim.length > 0 && Buffer.concat(this.#dim).toString('utf8').trim() !== '';
  }
}
