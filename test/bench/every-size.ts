import { parseArgs } from 'node:util';
import { type Frame, leastModulePx, modulePx } from '../../shared/domain/pixel-grid.ts';
import { drawMatrix } from '../../workers/image/matrix.ts';
import { drawPng } from '../../workers/image/png.ts';
import { decodeWithZbar, decodeWithZxing, hasZbar } from '../support/decode.ts';
import { fullSymbol } from './sized-symbols.ts';

const blackOnWhite = { foreground: '#000000', background: '#ffffff' } as const;
const imagesAtOnce = 100;

/** How many images of a range of module widths each reader did not read. */
type Tally = { images: number; zxing: number; zbar: number };

/** A full symbol of a version at some sizes, px. */
type Series = { version: number; margin: number; seed: number; sizes: number[] };

/** Draws a symbol at each size, lets both readers read it and counts what they did not read. */
async function readAtSizes({ version, margin, seed, sizes }: Series, tallyOf: (frame: Frame) => Tally): Promise<void> {
  const { text, plan } = fullSymbol(version, 'M', seed);
  const matrix = drawMatrix(plan);
  for (let first = 0; first < sizes.length; first += imagesAtOnce) {
    const frames = sizes
      .slice(first, first + imagesAtOnce)
      .map((size) => ({ modules: plan.modules, size, margin, marginPx: null }));
    const images = frames.map((frame) => drawPng(matrix, frame, blackOnWhite));
    const zbar = await decodeWithZbar(images);
    for (const [index, frame] of frames.entries()) {
      const tally = tallyOf(frame);
      tally.images++;
      if ((await decodeWithZxing(images[index] as Buffer))?.text !== text) tally.zxing++;
      if (zbar[index] !== text) tally.zbar++;
    }
  }
}

function numbers(text: string): number[] {
  return text.split(',').map(Number);
}

function range(from: number, to: number, step: number): number[] {
  return Array.from({ length: Math.max(0, Math.floor((to - from) / step) + 1) }, (_, index) => from + index * step);
}

/** Tallies by quarters of a px up to four, each made when it is first asked for. */
function tallies(): { of: (frame: Frame) => Tally; table: Map<string, Tally> } {
  const table = new Map<string, Tally>();
  const of = (frame: Frame) => {
    const width = modulePx(frame);
    const key = width >= 4 ? '4 px and more' : `${(Math.floor(width * 4) / 4).toFixed(2)} px and more`;
    const tally = table.get(key) ?? { images: 0, zxing: 0, zbar: 0 };
    table.set(key, tally);
    return tally;
  };
  return { of, table };
}

/**
 * Reads codes of every size that the check admits, and below it down to `--from` px a module, with two independent
 * readers; prints what they did not read for each width of a module, and fails when a size that is admitted was not read.
 *
 * Options: `--versions 1,2,7,20,40`, `--margins 4,1,0`, `--seeds 1`, `--step 1` (px), `--from 1.5`, `--to 2000` (px).
 */
export async function everySize(args: string[]): Promise<void> {
  if (!hasZbar) throw new Error('the second reader is missing: apt-get install zbar-tools');
  const option = (value: string) => ({ type: 'string', default: value }) as const;
  const { values } = parseArgs({
    args,
    options: {
      versions: option('1,2,7,20,40'),
      margins: option('4,1,0'),
      seeds: option('1'),
      step: option('1'),
      from: option('1.5'),
      to: option('2000'),
    },
  });
  let unread = 0;
  for (const version of numbers(values.versions))
    for (const margin of numbers(values.margins)) {
      const least = leastModulePx({ margin, marginPx: null });
      const total = 17 + 4 * version + 2 * margin;
      const sizes = range(Math.ceil(Number(values.from) * total), Number(values.to), Number(values.step));
      const { of, table } = tallies();
      for (const seed of numbers(values.seeds)) await readAtSizes({ version, margin, seed, sizes }, of);
      console.log(`version ${version}, margin ${margin}: admitted from ${least} px a module on; not read:`);
      console.table(Object.fromEntries(table));
      for (const [key, { zxing, zbar }] of table) if (Number.parseFloat(key) >= least) unread += zxing + zbar;
    }
  if (unread > 0) throw new Error(`${unread} readings failed at sizes that are admitted`);
  console.log('Both readers read every image of an admitted size');
}
