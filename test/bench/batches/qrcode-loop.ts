import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { ZipArchive } from 'archiver';
import { toBuffer } from 'qrcode';

/** Draws every URL with `qrcode`, one after the other, into a ZIP at `path`; answers how long it took, ms. */
export async function zipByQrcode(urls: readonly string[], width: number, path: string): Promise<number> {
  const start = performance.now();
  const archive = new ZipArchive({ store: true });
  const written = pipeline(archive, createWriteStream(path));
  for (const [index, url] of urls.entries()) {
    const bytes = await toBuffer(url, { width, margin: 4, errorCorrectionLevel: 'M' });
    archive.append(bytes, { name: `${index + 1}.png` });
  }
  await archive.finalize();
  await written;
  return performance.now() - start;
}
