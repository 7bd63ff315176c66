import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { describe, expect, it } from 'vitest';
import { streamPages } from '../../api/export-scans.ts';

const pageRows = 10;
const line = 'x'.repeat(9999);

/** Pages of lines of 10 kB; a page is more than what may wait for a slow client. */
function source(rows: number) {
  const asked: (number | null)[] = [];
  const read = async (after: number | null): Promise<number[]> => {
    asked.push(after);
    const first = (after ?? 0) + 1;
    return Array.from({ length: Math.max(0, Math.min(pageRows, rows - first + 1)) }, (_, index) => first + index);
  };
  const lines = async (numbers: number[]): Promise<string> => numbers.map(() => `${line}\n`).join('');
  return { asked, open: () => streamPages(read, pageRows, { head: 'head\n', lines }) };
}

async function textOf(rows: number): Promise<{ text: string; asked: (number | null)[] }> {
  const { asked, open } = source(rows);
  const chunks: Buffer[] = [];
  for await (const chunk of await open()) chunks.push(Buffer.from(chunk));
  return { text: Buffer.concat(chunks).toString(), asked };
}

describe('a stream of pages', () => {
  it.each([
    [0, [null]],
    [9, [null]],
    [10, [null, 10]],
    [25, [null, 10, 20]],
  ])('has each of %i rows once, read page by page', async (rows, pages) => {
    const { text, asked } = await textOf(rows);
    expect(text).toBe(`head\n${`${line}\n`.repeat(rows)}`);
    expect(asked).toEqual(pages);
  });

  it('reads the first page at once and tells what is away', async () => {
    const lines = async (): Promise<string> => '';
    const read = async (): Promise<never[]> => Promise.reject(new Error('away'));
    await expect(streamPages(read, pageRows, { head: '', lines })).rejects.toThrow('away');
  });

  it('reads no further while nobody takes what was read, and not at all once it is destroyed', async () => {
    const { asked, open } = source(100_000);
    const stream = await open();
    let release = (): void => undefined;
    const taken = new Promise<void>((resolve) => {
      release = resolve;
    });
    let first = (): void => undefined;
    const came = new Promise<void>((resolve) => {
      first = resolve;
    });
    const slow = new Writable({
      highWaterMark: 1,
      write(_, __, done) {
        first();
        taken.then(() => done());
      },
    });
    const piped = pipeline(stream, slow).catch(() => 'cut');
    await came;
    // Whatever could be read ahead has had its turns.
    for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(asked.length).toBeLessThanOrEqual(3);
    const before = asked.length;
    const closed = new Promise((resolve) => stream.once('close', resolve));
    slow.destroy();
    release();
    expect(await piped).toBe('cut');
    await closed;
    for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(asked.length).toBe(before);
  });
});
