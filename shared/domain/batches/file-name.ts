import type { ImageFormat } from '../render-spec.ts';

/** File systems and archivers differ; what stays below this works with all of them, a folder's path before it included. */
export const mostFileNameBytes = 120;

/** What Windows reserves, with any extension behind it. */
const reserved = /^(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])$/i;

/** Control characters, what Windows, macOS or a shell gives a meaning, and marks that turn the direction of writing. */
const forbidden = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}<>:"/\\|?*\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]+/gu;

const imageExtension = /\.(?:png|svg|jpe?g|webp|gif|pdf)$/i;

/** Cuts text to so many bytes of UTF-8, between characters; a joiner or a mark at the new end goes with them. */
function cutToBytes(text: string, mostBytes: number): string {
  if (Buffer.byteLength(text) <= mostBytes) return text;
  let cut = '';
  let bytes = 0;
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > mostBytes) break;
    cut += character;
  }
  return cut.replace(/[\u200d\ufe0f]+$/u, '');
}

/** Takes from both ends what hides a file, is dropped by Windows, or looks like an option or a spreadsheet's formula. */
function trimmed(text: string): string {
  return text.replace(/^[\s.~=+@＝＋－＠-]+|[\s.-]+$/gu, '');
}

/** Makes a name without extension safe everywhere; '' when nothing is left of it. */
function safeStem(text: string, mostBytes = mostFileNameBytes - 4): string {
  const plain = trimmed(text.normalize('NFC').replace(forbidden, '-').replace(/\s+/gu, ' '));
  const stem = trimmed(cutToBytes(plain, mostBytes));
  const [beforeDot = ''] = stem.split('.');
  // Windows looks at what stands before the first dot only.
  return reserved.test(beforeDot.trim()) ? `_${cutToBytes(stem, mostBytes - 1)}` : stem;
}

/** The words of an encoded content that tell one code from another, for a file's name. */
function wordsOf(content: string): string {
  return content
    .replace(/^[a-z][a-z0-9+.-]*:(?:\/\/)?(?:www\.)?/i, '')
    .replace(/[^\p{L}\p{N}.]+/gu, '-')
    .replace(/^[-.]+|[-.]+$/gu, '');
}

type Naming = {
  /** The name that the row asks for, perhaps with an extension. */
  file: string | null;
  /** What the row is called. */
  name: string | null;
  /** What its code says, or some of it. */
  content: string | null;
  /** Counts from 1. */
  row: number;
  format: ImageFormat;
};

const numberDigits = 6;
const mostDefaultBytes = 48;

function defaultStem({ name, content, row }: Naming): string {
  const number = String(row).padStart(numberDigits, '0');
  const words = safeStem(
    cutToBytes(name?.trim().replace(imageExtension, '') ?? wordsOf(content ?? ''), mostDefaultBytes),
    mostDefaultBytes,
  );
  return words === '' ? number : `${number}-${words.replaceAll(' ', '-')}`;
}

/** Two names with one key are one file on some system: case and the ways to compose a letter do not count. */
function fileKey(name: string): string {
  return name.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC');
}

/**
 * Gives each row of one batch a file name: flat, at most `mostFileNameBytes` long, safe on Windows, macOS and Linux, and given
 * once. The same rows in the same order get the same names.
 */
export class FileNames {
  readonly #taken = new Set<string>();
  /** Where the numbering behind a stem goes on, so that many equal names cost no search. */
  readonly #next = new Map<string, number>();

  next(naming: Naming): string {
    const extension = `.${naming.format}`;
    const asked = safeStem((naming.file ?? '').trim().replace(imageExtension, ''));
    const stem = asked === '' ? defaultStem(naming) : asked;
    const key = fileKey(stem + extension);
    let name = stem + extension;
    let number = this.#next.get(key) ?? 1;
    while (this.#taken.has(fileKey(name))) {
      number++;
      const suffix = `-${number}${extension}`;
      name = trimmed(cutToBytes(stem, mostFileNameBytes - suffix.length)) + suffix;
    }
    this.#next.set(key, number);
    this.#taken.add(fileKey(name));
    return name;
  }
}
