import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { prepareZXingModule, readBarcodes } from 'zxing-wasm/reader';
import type { Answer } from './deployment.ts';

/** Makes the reader ready; once, before anything is read. */
export async function prepareReader(): Promise<void> {
  const wasm = await readFile(fileURLToPath(import.meta.resolve('zxing-wasm/reader/zxing_reader.wasm')));
  prepareZXingModule({ overrides: { wasmBinary: new Uint8Array(wasm).buffer } });
}

/** @throws an error that names `what` when the two differ */
export function expectSame(what: string, got: unknown, wanted: unknown): void {
  if (got !== wanted) throw new Error(`${what}: got ${JSON.stringify(got)}, expected ${JSON.stringify(wanted)}`);
}

/** Reads what an application would show, with a reader that shares no code with the encoder. */
async function decode(bytes: Buffer): Promise<string> {
  const png = await sharp(bytes).flatten({ background: '#ffffff' }).png().toBuffer();
  const [found] = await readBarcodes(new Uint8Array(png), { formats: ['QRCode'], textMode: 'Plain', tryHarder: true });
  if (!found) throw new Error('no code was found in the image');
  return found.text;
}

/** @throws an error when the answer is not this image, of this width, that a reader reads as `text` */
export async function expectImage(answer: Answer, type: string, text: string, width: number): Promise<void> {
  expectSame('status', answer.status, 200);
  expectSame('Content-Type', answer.headers.get('content-type')?.split(';')[0], type);
  expectSame('width', (await sharp(answer.bytes).metadata()).width, width);
  expectSame('text read', await decode(answer.bytes), text);
}

/** @throws an error when the answer is no problem (RFC 9457) of this status */
export function expectProblem({ status, headers, json }: Answer, wanted: number): void {
  expectSame('status', status, wanted);
  expectSame('Content-Type', headers.get('content-type')?.split(';')[0], 'application/problem+json');
  expectSame('Cache-Control', headers.get('cache-control'), 'no-store');
  for (const field of ['type', 'title', 'detail', 'code', 'requestId']) expectSame(field, typeof json[field], 'string');
  expectSame('status in the body', json.status, wanted);
}
