import { execFile, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toBuffer } from 'qrcode';
import sharp, { type Sharp } from 'sharp';
import { prepareZXingModule, readBarcodes } from 'zxing-wasm/reader';

const wasmFile = createRequire(import.meta.url).resolve('zxing-wasm/reader/zxing_reader.wasm');
let prepared = false;

function prepareZxing(): void {
  if (prepared) return;
  prepared = true;
  const { buffer, byteOffset, byteLength } = readFileSync(wasmFile);
  const wasmBinary = buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer;
  prepareZXingModule({ overrides: { wasmBinary } });
}

export type Decoded = {
  /** What an application shows: the reader's own text, in the encoding that it takes the bytes to be in. */
  text: string;
  /** What the symbol's bytes say in UTF-8, whatever the reader makes of them. */
  bytesAsUtf8: string;
  version: number;
  errorCorrection: string;
};

/** Reads the one QR code of a PNG or SVG with zxing-cpp; null when it finds none. Transparency lies on white. */
export async function decodeWithZxing(image: Uint8Array): Promise<Decoded | null> {
  prepareZxing();
  const { data, info } = await onPaper(image).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  const pixels = new Uint8ClampedArray(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
  const input = { data: pixels, width: info.width, height: info.height, colorSpace: 'srgb' };
  const [found] = await readBarcodes(input, { formats: ['QRCode'], textMode: 'Plain', maxNumberOfSymbols: 1 });
  if (found === undefined || !found.isValid) return null;
  const bytesAsUtf8 = Buffer.from(found.bytes).toString('utf8');
  return { text: found.text, bytesAsUtf8, version: Number(found.version), errorCorrection: found.ecLevel };
}

/** Decodes a PNG or draws an SVG as it would look on white paper. */
function onPaper(image: Uint8Array): Sharp {
  return sharp(image).flatten({ background: '#ffffff' }).toColourspace('srgb');
}

/** Whether zbar's command is installed (Debian: `apt-get install zbar-tools`). */
export const hasZbar = spawnSync('zbarimg', ['--version'], { stdio: 'ignore' }).error === undefined;

/** Images in one call of zbarimg: few starts, and a command line of bounded length. */
const imagesPerCall = 200;

/** What zbar prints: the text as its applications show it, or the symbol's bytes as they are. */
type ZbarOutput = 'text' | 'bytes';

/**
 * Reads the one QR code of each PNG or SVG with zbar; null where it finds none. Transparency lies on white.
 *
 * @throws Error when zbar is not installed: ask `hasZbar` first
 */
export async function decodeWithZbar(
  images: readonly Uint8Array[],
  output: ZbarOutput = 'text',
): Promise<(string | null)[]> {
  const folder = await mkdtemp(join(tmpdir(), 'zbar-'));
  try {
    const texts: (string | null)[] = [];
    for (let first = 0; first < images.length; first += imagesPerCall)
      texts.push(...(await decodeInOneCall(folder, images.slice(first, first + imagesPerCall), output)));
    return texts;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * zbarimg prints binary contents without anything between them, and a line feed after each text, which may hold line feeds
 * too; so after each image comes one whose content is known.
 */
async function decodeInOneCall(
  folder: string,
  images: readonly Uint8Array[],
  output: ZbarOutput,
): Promise<(string | null)[]> {
  const end = output === 'text' ? '\n' : '';
  const separator = `separator ${randomUUID()}`;
  const separatorFile = join(folder, 'separator.png');
  await writeFile(separatorFile, await toBuffer(separator));
  const files: string[] = [];
  for (const [index, image] of images.entries()) {
    const file = join(folder, `${index}.png`);
    await writeFile(file, await opaquePng(image));
    files.push(file, separatorFile);
  }
  const printed = (await runZbar(files, output)).toString('latin1').split(separator + end);
  if (printed.length !== images.length + 1)
    throw new Error(`zbarimg read ${printed.length - 1} of ${images.length} separators`);
  return printed.slice(0, -1).map((bytes) => {
    const text = bytes.slice(0, bytes.length - end.length);
    return bytes === '' ? null : Buffer.from(text, 'latin1').toString('utf8');
  });
}

/** What zbarimg can open and shows as we mean it: an opaque PNG as it is, all else drawn on white. */
async function opaquePng(image: Uint8Array): Promise<Uint8Array> {
  const { format, hasAlpha } = await sharp(image).metadata();
  return format === 'png' && !hasAlpha ? image : onPaper(image).png({ compressionLevel: 1 }).toBuffer();
}

const zbarOptions = ['--quiet', '--raw', '--nodbus', '-Sdisable', '-Sqrcode.enable'];

/** Runs zbarimg; exit code 4 only says that some image had no symbol. */
function runZbar(files: readonly string[], output: ZbarOutput): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const options = { encoding: 'buffer', maxBuffer: 64 * 1024 * 1024 } as const;
    const all = [...zbarOptions, ...(output === 'bytes' ? ['-Sbinary'] : []), ...files];
    execFile('zbarimg', all, options, (error, stdout, stderr) => {
      if (error === null || error.code === 4) resolve(stdout);
      else reject(new Error(`zbarimg: ${stderr.toString() || error.message}`));
    });
  });
}
