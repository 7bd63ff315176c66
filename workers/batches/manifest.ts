import type { Batch, BatchRow } from '../../shared/adapters/database/batch-store.ts';
import type { RowInput } from '../../shared/contract/batch-row.ts';
import { encodeContent } from '../../shared/domain/content/encode-content.ts';
import { csvLine } from '../../shared/domain/csv-line.ts';
import type { WorkError } from '../../shared/errors.ts';

type Value = string | number | WorkError | null;
type Field = [name: string, value: Value];

const cancelled: WorkError = {
  code: 'cancelled',
  detail: 'The batch was cancelled before this row was done',
  pointer: null,
};

/** What the symbol of a row says; null where there is none. */
function contentOf(input: RowInput | null, shortUrl: string | null): string | null {
  if (input?.mode === 'static') return encodeContent(input.spec.content);
  if (input?.mode !== 'dynamic' || shortUrl === null) return null;
  return input.options.compact === false ? shortUrl : shortUrl.toUpperCase();
}

/** The manifest's own fields of a row, in their order. `file` is null where the ZIP has none. */
function ownFields(row: BatchRow, mode: Batch['mode']): Field[] {
  const { input, result, shortUrl, codeId } = row;
  const target = input === null || input.mode === 'static' ? null : input.target;
  return [
    ['row', row.row],
    ['line', row.line],
    ['name', row.name],
    ['file', result === null ? null : row.file],
    ['content', contentOf(input, shortUrl)],
    ['shortUrl', shortUrl],
    ['sizeBytes', result?.sizeBytes ?? null],
    ['sha256', result?.sha256 ?? null],
    ['error', row.status === 'cancelled' ? cancelled : row.error],
    ...(mode === 'static' ? [] : [['codeId', codeId] satisfies Field, ['target', target] satisfies Field]),
  ];
}

function csvValue(value: Value): string | number | null {
  if (value === null || typeof value !== 'object') return value;
  const { code, detail, pointer } = value;
  return `${code}${pointer === null ? '' : ` at ${pointer}`}: ${detail}`;
}

/** Returns `name`, or with a number behind it when it is taken; takes it. */
function freeName(name: string, taken: Set<string>): string {
  let free = name;
  for (let number = 2; taken.has(free); number++) free = `${name} (${number})`;
  taken.add(free);
  return free;
}

const pieceCharacters = 64 * 1024;

/** Gathers text as bytes, outside the heap: the manifest of a part may be as large as the file. */
class TextBytes {
  readonly #pieces: Buffer[] = [];
  #text = '';

  get isEmpty(): boolean {
    return this.#pieces.length === 0 && this.#text === '';
  }

  add(text: string): void {
    this.#text += text;
    if (this.#text.length > pieceCharacters) this.#toBytes();
  }

  /** Gives the bytes and forgets them. */
  take(): Buffer {
    this.#toBytes();
    return Buffer.concat(this.#pieces.splice(0));
  }

  #toBytes(): void {
    this.#pieces.push(Buffer.from(this.#text));
    this.#text = '';
  }
}

/**
 * Writes the manifest of one part: each row's facts, its error, and the columns that we don't know as they came. A column
 * that is called like a field of ours, or like another column, gets a number: `row (2)`.
 */
export class Manifest {
  readonly #mode: Batch['mode'];
  /** Columns of fields; they are left out where a row's kind does not have them and nothing stands in them. */
  readonly #fieldColumns: ReadonlySet<string>;
  readonly #extraNames = new Set<string>();
  readonly #json = new TextBytes();
  readonly #csv = new TextBytes();

  constructor({ mode, file }: Pick<Batch, 'mode' | 'file'>) {
    this.#mode = mode;
    this.#fieldColumns = new Set(file.layout.columns.filter(({ field }) => field !== null).map(({ name }) => name));
  }

  /** Adds a row to the JSON, and its columns to the CSV's. */
  addToJson(row: BatchRow): void {
    const own = ownFields(row, this.#mode);
    const extra = this.#extraOf(row, own);
    for (const [name] of extra) this.#extraNames.add(name);
    // By hand: an object would lose a column `__proto__`, and put those that are numbers first.
    const members = [...own, ...extra].map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
    this.#json.add(`${this.#json.isEmpty ? '[\n' : ',\n'}{${members.join(',')}}`);
  }

  /** Adds a row to the CSV; every row of the part was added to the JSON before. */
  addToCsv(row: BatchRow): void {
    const own = ownFields(row, this.#mode);
    if (this.#csv.isEmpty) this.#csv.add(csvLine([...own.map(([name]) => name), ...this.#extraNames]));
    const extra = new Map(this.#extraOf(row, own));
    const cells = [...this.#extraNames].map((name) => extra.get(name) ?? null);
    this.#csv.add(csvLine([...own.map(([, value]) => csvValue(value)), ...cells]));
  }

  /** Gives the JSON, an array, and forgets it. */
  takeJson(): Buffer {
    this.#json.add(this.#json.isEmpty ? '[\n\n]\n' : '\n]\n');
    return this.#json.take();
  }

  takeCsv(): Buffer {
    return this.#csv.take();
  }

  #extraOf({ extra }: BatchRow, own: readonly Field[]): [name: string, value: string][] {
    const taken = new Set(own.map(([name]) => name));
    return extra
      .map(([name, value]): [string, string, boolean] => [
        freeName(name, taken),
        value,
        value !== '' || !this.#fieldColumns.has(name),
      ])
      .flatMap(([name, value, isKept]) => (isKept ? [[name, value] satisfies [string, string]] : []));
  }
}
