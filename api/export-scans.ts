import { Readable } from 'node:stream';

/** How rows are written: something before them, and each of them. */
export type Written<Row> = { head: string; lines: (rows: Row[]) => Promise<string> };

/** Reads the page behind a row; null: the first one. */
export type ReadPage<Row> = (after: Row | null) => Promise<Row[]>;

/** So much waits for a client that reads slowly, besides the page at hand. */
const aheadBytes = 64 * 1024;

/**
 * Returns rows as a stream of text that reads a page when the one before is taken: it holds one page, whatever the client does, and
 * no more is read once the stream is destroyed. The first page is read at once, so that what is away then can still be told.
 */
export async function streamPages<Row>(
  read: ReadPage<Row>,
  pageRows: number,
  written: Written<Row>,
): Promise<Readable> {
  const first = await read(null);
  const firstLines = await written.lines(first);

  async function* chunks(): AsyncGenerator<string> {
    yield written.head + firstLines;
    let last = first.length < pageRows ? undefined : first.at(-1);
    while (last !== undefined) {
      const rows = await read(last);
      if (rows.length > 0) yield await written.lines(rows);
      last = rows.length < pageRows ? undefined : rows.at(-1);
    }
  }
  return Readable.from(chunks(), { objectMode: false, highWaterMark: aheadBytes });
}
