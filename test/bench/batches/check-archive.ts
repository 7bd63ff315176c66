import { createHash } from 'node:crypto';
import type { BatchAnswer } from '../../../shared/contract/batch-answer.ts';
import { unzip } from '../../support/unzip.ts';

/**
 * Downloads every part of a finished batch and checks it: its size and checksum are those that were told, its manifest has each
 * row of the part once, and each image is the one that the manifest names; answers how many images there are.
 *
 * @throws Error that names what is wrong
 */
export async function checkArchive({ counts, archive }: BatchAnswer, apiKey: string): Promise<number> {
  let images = 0;
  let row = 0;
  for (const { part, url, sizeBytes, sha256, lastRow } of archive?.parts ?? []) {
    const answer = await fetch(url, { headers: { authorization: `Bearer ${apiKey}` } });
    const zip = Buffer.from(await answer.arrayBuffer());
    assertSame(`size of part ${part}`, zip.length, sizeBytes);
    assertSame(`checksum of part ${part}`, sha256Of(zip), sha256);
    const unzipped = await unzip(zip);
    for (const entry of unzipped.manifest) {
      assertSame(`row of part ${part}`, entry.row, ++row);
      if (entry.file === null) continue;
      assertSame(
        `checksum of ${entry.file}`,
        sha256Of(unzipped.images.get(entry.file) ?? Buffer.alloc(0)),
        entry.sha256,
      );
      unzipped.images.delete(entry.file);
      images++;
    }
    assertSame(`images of part ${part} that its manifest does not name`, unzipped.images.size, 0);
    assertSame(`last row of part ${part}`, row, lastRow);
  }
  assertSame('rows in all parts', row, counts.total);
  assertSame('images in all parts', images, counts.completed);
  return images;
}

const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function assertSame(what: string, found: unknown, expected: unknown): void {
  if (found !== expected) throw new Error(`${what}: ${found}, expected ${expected}`);
}
