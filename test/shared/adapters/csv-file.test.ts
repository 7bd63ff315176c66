import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkCsv } from '../../../shared/adapters/check-csv.ts';
import { type CsvLimits, type CsvRow, readCsv } from '../../../shared/adapters/csv-file.ts';
import type { CsvLayout } from '../../../shared/contract/batch-columns.ts';
import type { AppError } from '../../../shared/errors.ts';

const noRows = 'The file has a header and no rows; each code needs a row';
const limits: CsvLimits = { bytes: 100_000, rows: 100, columns: 10, lineBytes: 2000 };

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array, void> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

type Way = Partial<CsvLimits> & { size?: number };

const check = (csv: string | Buffer, { size = 1000, ...more }: Way = {}) =>
  checkCsv(inPieces(Buffer.from(csv), size), { ...limits, ...more });

async function rowsOf(csv: string | Buffer, layout: CsvLayout, { size = 1000, ...more }: Way = {}): Promise<CsvRow[]> {
  const found: CsvRow[] = [];
  for await (const row of readCsv(inPieces(Buffer.from(csv), size), { ...limits, ...more }, layout)) found.push(row);
  return found;
}

/** As the service does it: checked when it comes, read later. */
async function read(csv: string | Buffer, way: Way = {}) {
  const { rowCount, layout } = await check(csv, way);
  const rows = await rowsOf(csv, layout, way);
  expect(rowCount).toBe(rows.length);
  return { layout, rows };
}

describe('reading a CSV', () => {
  it.each([1, 7, 1000])(
    'looks at twenty rows for what a column called like an option is, in pieces of %i',
    async (size) => {
      const sizeColumn = async (cells: string[]) => {
        const csv = `\ufeffurl,Size\r\n${cells.map((cell) => `https://a.example,"${cell}"\r\n`).join('')}`;
        return (await read(csv, { size })).layout.columns[1];
      };
      const own = { name: 'Size', field: null, notMeant: 'size' };
      expect(await sizeColumn(['XL', '', 'a\nb'])).toEqual(own);
      expect(await sizeColumn([...Array(20).fill('XL'), '300'])).toEqual(own);
      expect(await sizeColumn([...Array(19).fill('XL'), '300'])).toEqual({ name: 'Size', field: 'size' });
    },
  );

  it('gives back what a spreadsheet wrote, whichever way it writes', async () => {
    const cell = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 12 }).filter((text) => !/[\0\ufeff]/.test(text)),
      fc.constantFrom('a,b', 'c;d', 'say "hi"', 'two\nlines', 'two\r\nlines', '=cmd', '\t', ''),
    );
    const table = fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 12 });
    const way = fc.record({
      delimiter: fc.constantFrom(',', ';', '\t'),
      breaks: fc.array(fc.constantFrom('\n', '\r\n'), { minLength: 1, maxLength: 3 }),
      mark: fc.constantFrom('', '\ufeff'),
      size: fc.integer({ min: 1, max: 50 }),
      isEnded: fc.boolean(),
      namesDelimiter: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(table, way, async (cells, { delimiter, breaks, mark, size, isEnded, namesDelimiter }) => {
        const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
        const lines = [['url', 'Notes'], ...cells].map((row) => row.map(quoted).join(delimiter));
        let csv = namesDelimiter ? `${mark}sep=${delimiter}${breaks[0]}` : mark;
        let line = namesDelimiter ? 2 : 1;
        const begins: number[] = [];
        lines.forEach((text, index) => {
          begins.push(line);
          const isLast = index === lines.length - 1;
          csv += text + (isLast && !isEnded ? '' : breaks[index % breaks.length]);
          line += 1 + (text.match(/\r\n?|\n/g)?.length ?? 0);
        });
        const expected = cells
          .map((row, index) => ({ cells: [...row], line: begins[index + 1] }))
          .filter((row) => row.cells.some((text) => text.trim() !== ''))
          .map((row, index) => ({ ...row, row: index + 1 }));
        fc.pre(expected.length > 0);
        const { layout, rows } = await read(csv, { size });
        expect(layout).toMatchObject({ delimiter, hasHeader: true });
        expect(rows).toEqual(expected);
      }),
      { numRuns: 200 },
    );
  });

  it('parts cells by the delimiter that the file names, whatever else stands in it', async () => {
    const { layout, rows } = await read('sep=;\r\ntext\r\nHallo, Welt\r\n');
    expect(layout).toMatchObject({ delimiter: ';', hasHeader: true });
    expect(rows).toEqual([{ row: 1, line: 3, cells: ['Hallo, Welt'] }]);
  });

  it('knows columns in any order and case, by common other names, and keeps those that nobody knows', async () => {
    const { layout } = await read('File Name;LINK;__proto__;Größe\n;https://a.example;;\n');
    expect(layout.columns).toEqual([
      { name: 'File Name', field: 'file' },
      { name: 'LINK', field: 'url' },
      { name: '__proto__', field: null },
      { name: 'Größe', field: null },
    ]);
  });

  it('takes website for the URL where nothing speaks of contacts, and link only where no column is called url', async () => {
    expect((await read('name,website\na,b')).layout.columns[1]?.field).toBe('url');
    expect((await read('firstName,website\na,b')).layout.columns[1]?.field).toBe('website');
    expect((await read('link,url\na,b')).layout.columns.map(({ field }) => field)).toEqual([null, 'url']);
  });

  it('reads one column of URLs without a header, commas and all', async () => {
    const { layout, rows } = await read('https://a.example/1,2;3\nhttps://b.example\n');
    expect(layout).toEqual({ delimiter: null, hasHeader: false, columns: [{ name: 'url', field: 'url' }] });
    expect(rows.map(({ cells }) => cells)).toEqual([['https://a.example/1,2;3'], ['https://b.example']]);
  });

  it('counts what it will read, whatever stands in it', async () => {
    const piece = fc.constantFrom(
      '"',
      '""',
      ',',
      ';',
      '\n',
      '\r',
      '\r\n',
      'a',
      'é',
      '😀',
      ' ',
      '\u00a0',
      '\t',
      '\ufeff',
    );
    const cuts = fc.integer({ min: 1, max: 40 });
    const way = fc.record({ size: cuts, lineBytes: fc.constantFrom(2000, 12), columns: fc.constantFrom(10, 3) });
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 60 }), way, async (pieces, { size, ...few }) => {
        const csv = `url,x\n${pieces.join('')}`;
        const columns = ['url', 'x'].map((name) => ({ name, field: null }));
        const outcome = <Found>(found: Promise<Found>): Promise<Found | string> =>
          // The parser does not count empty lines before a row that it cannot read.
          found.catch((error: AppError) => error.message.replace(/Line \d+/, 'Line'));
        const counted = await outcome(check(csv, { size, ...few }).then(({ rowCount }) => rowCount));
        const made = await outcome(rowsOf(csv, { delimiter: ',', hasHeader: true, columns }, { ...few, size: 1 }));
        if (typeof made !== 'string') expect(counted).toBe(made.length === 0 ? noRows : made.length);
        else expect(counted).toBe(made);
      }),
      // The first of two things that are wrong is the one that is told.
      { numRuns: 2000, examples: [[[',', ',', ',', '\r\n', '"'], { size: 1, lineBytes: 2000, columns: 3 }]] },
    );
  });

  it.each<[string, string, Partial<CsvLimits>, RegExp]>([
    ['csv_empty', '', {}, /empty/],
    ['csv_empty', '\n\n \n', {}, /empty/],
    ['csv_no_known_column', 'foo,bar\n1,2', {}, /names no column/],
    ['csv_column_twice', 'url,URL\n1,2', {}, /"url" and "URL"/],
    ['csv_no_header', 'https://a.example,x\nhttps://b.example,y', {}, /2 columns/],
    ['csv_nul', 'url\nhttps://a\0.example', {}, /Line 2/],
    ['csv_line_too_long', `url\nhttps://a.example\n${'a'.repeat(3000)}`, {}, /Line 3.*2000 bytes/],
    ['csv_line_too_long', `url\n"${'a\n'.repeat(1500)}`, {}, /Line 2.*2000 bytes/],
    ['csv_quote_not_closed', 'url\nhttps://a.example\n"https://b.example\nx\n', {}, /Line 3/],
    ['csv_too_many_columns', 'url,file\na,b\na,b,c', { columns: 2 }, /Line 3 has 3 columns; 2/],
    ['csv_too_many_rows', 'url\na\nb\nc', { rows: 2 }, /Line 4.*more than 2 rows/],
    ['csv_too_large', `url\n${'a\n'.repeat(60)}`, { bytes: 100 }, /100 bytes/],
  ])('refuses with %s, naming line and limit', async (code, csv, more, detail) => {
    for (const size of [7, 4000]) {
      await expect(check(csv, { ...more, size })).rejects.toMatchObject({
        code,
        message: expect.stringMatching(detail),
      });
    }
  });

  it('throws on what its source throws', async () => {
    async function* cut(): AsyncGenerator<Uint8Array, void> {
      yield Buffer.from('url\nhttps://a.example\n');
      throw new Error('cut off');
    }
    const all = checkCsv(cut(), limits);
    await expect(all).rejects.toThrow('cut off');
  });
});
