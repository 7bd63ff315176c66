import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeLines, encodeLine } from '../../shared/journal-lines.ts';
import { temporaryFolder } from '../support/servers.ts';

describe("a journal's lines", () => {
  const json = fc.jsonValue().filter((value) => value !== undefined);

  it('are read back as they were written, whatever they hold', () => {
    fc.assert(
      fc.property(fc.array(json), (values) => {
        const bytes = Buffer.from(values.map(encodeLine).join(''));
        expect(decodeLines(bytes)).toEqual(JSON.parse(JSON.stringify(values)));
      }),
    );
  });

  it('survive a cut anywhere: the whole ones in front of it are there, and nothing else', () => {
    fc.assert(
      fc.property(fc.array(json, { minLength: 1 }), fc.nat(), (values, seed) => {
        const lines = values.map(encodeLine);
        const bytes = Buffer.from(lines.join(''));
        const cut = seed % (bytes.length + 1);
        let whole = 0;
        for (let end = 0; whole < lines.length; whole++) {
          end += Buffer.byteLength(lines[whole] as string);
          if (end > cut) break;
        }
        expect(decodeLines(bytes.subarray(0, cut))).toEqual(JSON.parse(JSON.stringify(values.slice(0, whole))));
      }),
    );
  });

  it('that are overwritten with anything spoil no other line', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(), { minLength: 1 }),
        fc.nat(),
        fc.uint8Array({ minLength: 1, maxLength: 40 }),
        (values, seed, junk) => {
          const lines = values.map((value) => encodeLine({ value }));
          const bytes = Buffer.from(lines.join(''));
          const at = seed % bytes.length;
          bytes.set(junk.subarray(0, bytes.length - at), at);
          const read = decodeLines(bytes) as { value: number }[];
          let start = 0;
          const untouched = values.filter((_, index) => {
            const end = start + (lines[index] as string).length;
            const hit = start < at + junk.length && end > at;
            // What begins a line behind the junk may have lost its beginning: its line feed before was overwritten.
            const glued = start > 0 && start - 1 >= at && start - 1 < at + junk.length;
            start = end;
            return !hit && !glued;
          });
          const values2 = read.map(({ value }) => value);
          for (const value of untouched) expect(values2).toContain(value);
          expect(values2.every((value) => values.includes(value))).toBe(true);
        },
      ),
    );
  });

  it('of a file that ends in zeros, as after a loss of power, are read up to these', async () => {
    const file = join(await temporaryFolder(), 'segment');
    await writeFile(file, Buffer.concat([Buffer.from(encodeLine('one') + encodeLine('two')), Buffer.alloc(5000)]));
    expect(decodeLines(await readFile(file))).toEqual(['one', 'two']);
  });
});
