import { isUtf8 } from 'node:buffer';

/** What keeps bytes from being a CSV in UTF-8, and the line (1, 2 …) that it stands in. */
export type ByteProblem = { code: 'csv_workbook' | 'csv_utf16' | 'csv_nul' | 'csv_not_utf8'; line: number };

/** How ZIPs begin, which is what Excel, LibreOffice and Numbers save; and how workbooks of Excel before 2007 do. */
const workbookStarts = ['504b0304', 'd0cf11e0'];

const nul = 0;
const lineFeed = 10;
const carriageReturn = 13;

/** Returns how many bytes at the end belong to a character that goes on in the next chunk. */
function unfinishedBytes(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] as number;
    if (byte < 0x80) return 0;
    if (byte < 0xc0) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return length > back ? back : 0;
  }
  return 0;
}

/**
 * Looks at a file's bytes as they pass, and finds what is no CSV in UTF-8: a workbook, UTF-16, NUL bytes, another encoding. It
 * keeps at most three bytes of what it has seen.
 */
export class CsvBytes {
  #rest: Uint8Array = new Uint8Array(0);
  #line = 1;
  #afterReturn = false;
  #isFirst = true;

  /** Looks at the next chunk. @returns what is wrong with it, or null */
  next(chunk: Uint8Array): ByteProblem | null {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    if (this.#isFirst && bytes.length >= 2) {
      this.#isFirst = false;
      if (workbookStarts.includes(Buffer.from(bytes.subarray(0, 4)).toString('hex')))
        return { code: 'csv_workbook', line: 1 };
      const [first, second] = bytes;
      const isUtf16 =
        (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff) || (first === 0) !== (second === 0);
      if (isUtf16) return { code: 'csv_utf16', line: 1 };
    }
    const at = bytes.indexOf(nul);
    if (at >= 0) return { code: 'csv_nul', line: this.#line + this.#breaksIn(bytes.subarray(0, at)) };
    const whole = bytes.subarray(0, bytes.length - unfinishedBytes(bytes));
    if (!isUtf8(whole)) return { code: 'csv_not_utf8', line: this.#lineOfBadBytes(whole) };
    this.#line += this.#breaksIn(whole);
    this.#rest = Uint8Array.from(bytes.subarray(whole.length));
    return null;
  }

  /** Ends the file. @returns what is wrong with its end, or null */
  end(): ByteProblem | null {
    return this.#rest.length === 0 ? null : { code: 'csv_not_utf8', line: this.#line };
  }

  /** Counts line breaks: CRLF, LF and CR, also where a CRLF is cut in two. */
  #breaksIn(bytes: Uint8Array): number {
    let breaks = 0;
    let afterReturn = this.#afterReturn;
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at];
      if (byte === carriageReturn || (byte === lineFeed && !afterReturn)) breaks++;
      afterReturn = byte === carriageReturn;
    }
    this.#afterReturn = afterReturn;
    return breaks;
  }

  #lineOfBadBytes(bytes: Uint8Array): number {
    let line = this.#line;
    let start = 0;
    for (const [at, byte] of bytes.entries()) {
      if (byte !== lineFeed && byte !== carriageReturn) continue;
      const part = bytes.subarray(start, at + 1);
      if (!isUtf8(part)) return line;
      line += this.#breaksIn(part);
      start = at + 1;
    }
    return line;
  }
}
