import type { Batch, BatchRow } from '../../shared/adapters/database/batch-store.ts';
import type { RowInput } from '../../shared/contract/row-input.ts';
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

async function* inPieces(texts: AsyncIterable<string>): AsyncGenerator<Buffer, void> {
  let text = '';
  for await (const more of texts) {
    text += more;
    if (text.length < pieceCharacters) continue;
    yield Buffer.from(text);
    text = '';
  }
  if (text !== '') yield Buffer.from(text);
}

/**
 * Writes the manifest of one part: each row's facts, its error, and the columns that we don't know as they came. A column
 * that is called like a field of ours, or like another column, gets a number: `row (2)`. It is never whole in memory: it may be as large as the file.
 */
export class Manifest {
  readonly #mode: Batch['mode'];
  /** Columns of fields; they are left out where a row's kind does not have them and nothing stands in them. */
  readonly #fieldColumns: ReadonlySet<string>;
  readonly #extraNames = new Set<string>();

  constructor({ mode, file }: Pick<Batch, 'mode' | 'file'>) {
    this.#mode = mode;
    this.#fieldColumns = new Set(file.layout.columns.filter(({ field }) => field !== null).map(({ name }) => name));
  }

  /** Writes the JSON, an array, as its rows come, and notes their columns for the CSV. */
  json(rows: AsyncIterable<BatchRow>): AsyncGenerator<Buffer, void> {
    return inPieces(this.#members(rows));
  }

  /** Writes the CSV; the same rows were written to the JSON before. */
  csv(rows: AsyncIterable<BatchRow>): AsyncGenerator<Buffer, void> {
    return inPieces(this.#lines(rows));
  }

  async *#members(rows: AsyncIterable<BatchRow>): AsyncGenerator<string, void> {
    let before = '[\n';
    for await (const row of rows) {
      const own = ownFields(row, this.#mode);
      const extra = this.#extraOf(row, own);
      for (const [name] of extra) this.#extraNames.add(name);
      // By hand: an object would lose a column `__proto__`, and put those that are numbers first.
      const members = [...own, ...extra].map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
      yield `${before}{${members.join(',')}}`;
      before = ',\n';
    }
    yield '\n]\n';
  }

  async *#lines(rows: AsyncIterable<BatchRow>): AsyncGenerator<string, void> {
    let hasHeader = false;
    for await (const row of rows) {
      const own = ownFields(row, this.#mode);
      if (!hasHeader) yield csvLine([...own.map(([name]) => name), ...this.#extraNames]);
      hasHeader = true;
      const extra = new Map(this.#extraOf(row, own));
      const cells = [...this.#extraNames].map((name) => extra.get(name) ?? null);
      yield csvLine([...own.map(([, value]) => csvValue(value)), ...cells]);
    }
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
