import { ZipArchive } from 'archiver';
import { expect, it } from 'vitest';
import { gatherWrites } from '../../../workers/batches/gather-writes.ts';

async function piecesOf(gathers: boolean): Promise<Buffer[]> {
  const archive = new ZipArchive({ store: true });
  if (gathers) gatherWrites(archive);
  const date = new Date('2026-11-24T01:02:03.456Z');
  for (let index = 0; index < 500; index++) {
    // Some are larger than what is gathered, and one is empty.
    const bytes = Buffer.alloc(index % 100 === 0 ? index * 300 : 50, index);
    archive.append(bytes, { name: `größe-${index}.png`, date });
  }
  archive.finalize().catch(() => undefined); // an error comes out of the loop too
  const pieces: Buffer[] = [];
  for await (const piece of archive) pieces.push(piece);
  return pieces;
}

it('hands on the bytes of an archive in large pieces, and changes none', async () => {
  const [gathered, plain] = [await piecesOf(true), await piecesOf(false)];
  expect(Buffer.concat(gathered).equals(Buffer.concat(plain))).toBe(true);
  expect(gathered.length).toBeLessThan(30);
  expect(plain.length).toBeGreaterThan(gathered.length * 10);
});
