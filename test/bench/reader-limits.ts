import sharp from 'sharp';
import { contrastOf } from '../../shared/domain/contrast.ts';
import { logoShare, placeLogo, touchesAlignment } from '../../shared/domain/logo-budget.ts';
import type { RenderPlan } from '../../shared/domain/plan-render.ts';
import type { ErrorCorrectionLevel, HexColour, RenderSpec } from '../../shared/domain/render-spec.ts';
import { drawRender } from '../../workers/image/draw.ts';
import { type ConditionName, conditionNames, seenThrough } from '../support/conditions.ts';
import { decodeWithZbar, decodeWithZxing } from '../support/decode.ts';
import { logoKinds, logoPicture } from '../support/logo-pictures.ts';
import { measureCharset } from './charset.ts';
import { measureReaderBlocks } from './reader-blocks.ts';
import { fullSymbol } from './sized-symbols.ts';

/** One image to read: the row that it counts for, the column (condition), and what must come out. */
type Sample = { row: string; condition: ConditionName; text: string; image: Buffer };
type Drawing = {
  version: number;
  level: ErrorCorrectionLevel;
  pxPerModule: number;
  seed: number;
  spec: Partial<RenderSpec>;
};

/** Builds a plan without any check, since what is beyond the limits is what is measured. */
function uncheckedPlan({ version, level, pxPerModule, seed, spec }: Drawing): RenderPlan {
  const { text, plan: symbol } = fullSymbol(version, level, seed);
  const margin = spec.margin ?? 4;
  return {
    spec: {
      content: { type: 'text', text },
      format: 'png',
      size: Math.round((symbol.modules + 2 * margin) * pxPerModule),
      margin,
      marginPx: null,
      errorCorrection: level,
      foreground: '#000000',
      background: '#ffffff',
      logo: null,
      ...spec,
    },
    encodedText: text,
    symbol,
    logoBox: null,
    warnings: [],
  };
}

/** Prints how many of each row's images each reader misread, by condition, as `zxing/zbar`. */
async function printMisreads(title: string, samples: Sample[]): Promise<void> {
  const zbar = await decodeWithZbar(samples.map(({ image }) => image));
  const counts = new Map<string, { images: number; zxing: number; zbar: number }>();
  for (const [index, { row, condition, text, image }] of samples.entries()) {
    const key = JSON.stringify([row, condition]);
    const count = counts.get(key) ?? { images: 0, zxing: 0, zbar: 0 };
    counts.set(key, count);
    count.images++;
    if ((await decodeWithZxing(image))?.text !== text) count.zxing++;
    if (zbar[index] !== text) count.zbar++;
  }
  const table: Record<string, Record<string, string | number>> = {};
  for (const [key, count] of counts) {
    const [row, condition] = JSON.parse(key) as [string, string];
    const cells = table[row] ?? { images: count.images };
    table[row] = cells;
    cells[condition] = count.zxing + count.zbar === 0 ? '·' : `${count.zxing}/${count.zbar}`;
  }
  console.log(title);
  console.table(table);
}

function grey(value: number): HexColour {
  const channel = Math.round(value).toString(16).padStart(2, '0');
  return `#${channel}${channel}${channel}`;
}

function scaled(colour: [number, number, number], share: number): HexColour {
  return `#${colour
    .map((channel) =>
      Math.round(channel * share)
        .toString(16)
        .padStart(2, '0'),
    )
    .join('')}`;
}

const hues: [number, number, number][] = [
  [255, 255, 255],
  [255, 0, 0],
  [0, 255, 0],
  [0, 0, 255],
  [255, 128, 0],
  [160, 0, 255],
];
const papers: HexColour[] = [
  '#ffffff',
  grey(200),
  grey(128),
  grey(90),
  '#ffff00',
  '#ffc8c8',
  '#00ffff',
  '#ff0000',
  '#80ff80',
];

async function measureContrast(): Promise<void> {
  const samples: Sample[] = [];
  for (const background of papers)
    for (const hue of hues)
      for (let share = 0; share <= 1; share += 1 / 32) {
        const foreground = scaled(hue, share);
        const contrast = contrastOf(foreground, background);
        if (contrast < 10 || contrast >= 120) continue;
        const row = `${Math.floor(contrast / 10) * 10}…`;
        const seed = samples.length + 1;
        const plan = uncheckedPlan({
          version: 5,
          level: 'M',
          pxPerModule: 5.3,
          seed,
          spec: { foreground, background },
        });
        const { bytes } = await drawRender(plan, null);
        for (const condition of conditionNames)
          samples.push({
            row,
            condition,
            text: plan.encodedText,
            image: await seenThrough(bytes, condition, background),
          });
      }
  samples.sort((a, b) => Number.parseInt(a.row, 10) - Number.parseInt(b.row, 10));
  await printMisreads('Misread by difference in brightness of 255 (zxing/zbar)', samples);
}

async function measureQuietZone(): Promise<void> {
  const samples: Sample[] = [];
  for (const paper of ['#ffffff', '#000000'])
    for (const margin of [0, 1, 2, 3, 4])
      for (const version of [1, 3, 7, 14, 25])
        for (let seed = 1; seed <= 4; seed++) {
          const plan = uncheckedPlan({ version, level: 'M', pxPerModule: 4.3, seed, spec: { margin } });
          const { bytes } = await drawRender(plan, null);
          const row = `${margin} modules on a ${paper === '#ffffff' ? 'white' : 'black'} page`;
          const onPage = await pasted(bytes, paper);
          for (const condition of conditionNames)
            samples.push({
              row,
              condition,
              text: plan.encodedText,
              image: await seenThrough(onPage, condition, paper),
            });
        }
  await printMisreads('Misread by quiet zone (zxing/zbar)', samples);
}

async function pasted(image: Buffer, paper: string): Promise<Buffer> {
  return sharp(image).extend({ top: 60, bottom: 60, left: 60, right: 60, background: paper }).png().toBuffer();
}

async function measureLogoShare(): Promise<void> {
  const samples: Sample[] = [];
  const facts = { widthPx: 200, heightPx: 200 };
  for (const version of [2, 3, 5, 6, 14, 17])
    for (const level of ['L', 'M', 'Q', 'H'] as const)
      for (let ratio = 0.04; ratio <= 0.4; ratio += 0.04)
        for (const kind of logoKinds) {
          const logo = { id: `logo_${kind}`, ratio };
          const plan = uncheckedPlan({ version, level, pxPerModule: 5.3, seed: samples.length + 1, spec: { logo } });
          const logoBox = placeLogo(plan.symbol.modules, ratio, facts);
          const share = logoShare(version, level, logoBox.clear);
          if (share > 1.6) continue;
          const { bytes } = await drawRender({ ...plan, logoBox }, await logoPicture(kind, facts));
          const covered = touchesAlignment(version, logoBox.clear) ? ', alignment pattern covered' : '';
          const row = `${(Math.floor(share * 10) / 10).toFixed(1)}…${covered}`;
          for (const condition of conditionNames)
            samples.push({ row, condition, text: plan.encodedText, image: await seenThrough(bytes, condition) });
        }
  samples.sort((a, b) => a.row.length - b.row.length || Number.parseFloat(a.row) - Number.parseFloat(b.row));
  await printMisreads('Misread by the share of error correction that a logo uses up (zxing/zbar)', samples);
}

const parts = {
  contrast: measureContrast,
  'quiet-zone': measureQuietZone,
  'logo-share': measureLogoShare,
  'reader-blocks': measureReaderBlocks,
  charset: measureCharset,
};

/**
 * Measures what two independent readers read, within the limits and beyond: the figures of decision record 0006. Names of
 * parts choose some of them.
 */
export async function readerLimits(names: string[]): Promise<void> {
  for (const [name, measure] of Object.entries(parts)) if (names.length === 0 || names.includes(name)) await measure();
}
