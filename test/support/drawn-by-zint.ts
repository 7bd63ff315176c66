import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import sharp from 'sharp';
import { prepareZXingModule, writeBarcode } from 'zxing-wasm/writer';
import type { SymbolPlan } from '../../shared/domain/symbol.ts';

const wasmFile = createRequire(import.meta.url).resolve('zxing-wasm/writer/zxing_writer.wasm');
let prepared = false;

function prepareZint(): void {
  if (prepared) return;
  prepared = true;
  prepareZXingModule({ overrides: { wasmBinary: new Uint8Array(readFileSync(wasmFile)).buffer } });
}

/**
 * Returns the modules of a text as zint draws it (inside zxing-wasm), an encoder that shares no code with ours: UTF-8
 * announced, in the plan's version and level, under a mask; 1 is dark. It chooses the segments itself.
 */
export async function drawnByZint(text: string, plan: SymbolPlan, mask: number): Promise<number[]> {
  prepareZint();
  const options = `eci=UTF-8,ecLevel=${plan.errorCorrection},version=${plan.version},dataMask=${mask}`;
  const { image, error } = await writeBarcode(text, { format: 'QRCode', options, scale: 1, addQuietZones: false });
  if (image === null) throw new Error(`zint: ${error}`);
  const png = Buffer.from(await image.arrayBuffer());
  const { data, info } = await sharp(png).toColourspace('b-w').raw().toBuffer({ resolveWithObject: true });
  return Array.from({ length: info.width * info.height }, (_, at) =>
    (data[at * info.channels] as number) < 128 ? 1 : 0,
  );
}
