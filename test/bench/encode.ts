import encodeQR from 'qr';
import { create, toBuffer } from 'qrcode';
import { maxVersion } from '../../shared/domain/capacity.ts';
import { planRender } from '../../shared/domain/plan-render.ts';
import { planSymbol } from '../../shared/domain/plan-symbol.ts';
import { errorCorrectionLevels, type RenderSpec } from '../../shared/domain/render-spec.ts';
import type { SymbolPlan } from '../../shared/domain/symbol.ts';
import { drawRender } from '../../workers/image/draw.ts';
import { drawMatrix } from '../../workers/image/matrix.ts';
import { medianMs } from './measure.ts';
import { fullSymbol, letters } from './sized-symbols.ts';

function specOf(size: number, index: number): RenderSpec {
  return {
    content: { type: 'url', url: `https://example.com/menu/spring?table=${index}` },
    format: 'png',
    size,
    margin: 4,
    marginPx: null,
    errorCorrection: 'M',
    foreground: '#000000',
    background: '#ffffff',
    logo: null,
  };
}

const vcard = [
  'BEGIN:VCARD\r\nVERSION:3.0\r\nN:Doe;Jane;;;\r\nFN:Jane Doe\r\nORG:Example GmbH\r\nTEL;TYPE=CELL:+491701234567\r\n',
  'EMAIL:jane.doe@example.com\r\nURL:https://example.com/jane\r\nEND:VCARD\r\n',
].join('');

function planOf(text: string): SymbolPlan {
  const plan = planSymbol(text, 'M');
  if ('tooLong' in plan) throw new Error('the text of this bench does not fit');
  return plan;
}

const microseconds = (ms: number) => `${(ms * 1000).toFixed(1)} µs`;

/** Text to modules: segments, version, codewords, mask. */
async function compareSymbols(): Promise<void> {
  const rows: Record<string, Record<string, string>> = {};
  for (const [name, text] of [
    ['URL', 'https://example.com/menu/spring?table=12'],
    ['vCard', vcard],
  ] as const) {
    const { ours, qrcode, qr } = await medianMs({
      ours: { call: () => drawMatrix(planOf(text)), calls: 500 },
      qrcode: { call: () => create(text, { errorCorrectionLevel: 'M' }), calls: 50 },
      qr: { call: () => encodeQR(text, 'raw', { ecc: 'medium' }), calls: 500 },
    });
    rows[name] = { ours: microseconds(ours), 'qrcode.create': microseconds(qrcode), 'package qr': microseconds(qr) };
  }
  console.log('\nOne symbol, text to modules');
  console.table(rows);
}

const aims = [
  { size: 300, aim: 50, theirCalls: 30 },
  { size: 1000, aim: 250, theirCalls: 4 },
  { size: 2000, aim: 400, theirCalls: 1 },
] as const;

/** Spec to PNG bytes, as a worker does it, against `qrcode`'s own PNG of the same text. */
async function comparePngs(): Promise<void> {
  const rows: Record<string, Record<string, string | number>> = {};
  for (const { size, aim, theirCalls } of aims) {
    const draw = (index: number) => drawRender(planRender(specOf(size, index), null), null);
    const options = { width: size, errorCorrectionLevel: 'M', margin: 4 } as const;
    const drawTheirs = (index: number) => toBuffer(planRender(specOf(size, index), null).encodedText, options);
    const { ours, theirs } = await medianMs({
      ours: { call: draw, calls: 200 },
      theirs: { call: drawTheirs, calls: theirCalls },
    });
    const { bytes } = await draw(0);
    const theirBytes = await drawTheirs(0);
    rows[`${size} px`] = {
      ours: microseconds(ours),
      'qrcode.toBuffer': microseconds(theirs),
      ratio: `${Math.round(theirs / ours)}×`,
      aim: `${aim}×`,
      bytes: bytes.length,
      'their bytes': theirBytes.length,
    };
  }
  console.log('\nOne PNG of a URL, spec to bytes');
  console.table(rows);
}

/** Draws symbols of every version and level, full and nearly empty, and compares mask and modules with `qrcode`'s. */
function compareMasks(): void {
  let symbols = 0;
  let differing = 0;
  for (const level of errorCorrectionLevels)
    for (let version = 1; version <= maxVersion; version++)
      for (let seed = 1; seed <= 3; seed++) {
        const few = planSymbol(letters(1 + seed, 100 * version + seed), level, version) as SymbolPlan;
        for (const plan of [fullSymbol(version, level, 100 * version + seed).plan, few]) {
          symbols++;
          if (!sameAsQrcode(plan)) differing++;
        }
      }
  console.log(`\nMasks: ${symbols - differing} of ${symbols} symbols have qrcode's own mask and all its modules`);
  if (differing > 0) throw new Error(`${differing} symbols differ from qrcode's`);
}

function sameAsQrcode(plan: SymbolPlan): boolean {
  const segments = plan.segments.map(({ mode, text }) => ({ mode, data: text })) as Parameters<typeof create>[0];
  const theirs = create(segments, { version: plan.version, errorCorrectionLevel: plan.errorCorrection });
  const ours = drawMatrix(plan);
  return ours.mask === theirs.maskPattern && Buffer.from(theirs.modules.data).equals(ours.dark);
}

/** Compares our encoder and PNG writer with `qrcode`'s in one run; fails when a mask differs. */
export async function encode(): Promise<void> {
  await compareSymbols();
  await comparePngs();
  compareMasks();
}
