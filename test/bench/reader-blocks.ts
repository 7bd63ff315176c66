import { planRender, type RenderPlan } from '../../shared/domain/plan-render.ts';
import type { HexColour } from '../../shared/domain/render-spec.ts';
import { drawRender } from '../../workers/image/draw.ts';
import { decodeWithZxing } from '../support/decode.ts';
import { type LogoKind, logoPicture } from '../support/logo-pictures.ts';

type Case = { foreground: HexColour; background: HexColour; kind: LogoKind };

/** Logos darker than the foreground, and lighter than the background; and one in full contrast to compare. */
const cases: Record<string, Case> = {
  'black logo, #8c8c8c on white': { foreground: '#8c8c8c', background: '#ffffff', kind: 'black' },
  'white logo, black on #aaaaaa': { foreground: '#000000', background: '#aaaaaa', kind: 'white' },
  'black logo, black on white': { foreground: '#000000', background: '#ffffff', kind: 'black' },
  'white logo, black on white': { foreground: '#000000', background: '#ffffff', kind: 'white' },
};

const facts = { widthPx: 130, heightPx: 200 };
const widestPx = 56;

function planOf(length: number, margin: number, { kind }: Case): RenderPlan {
  const text = 'abcdefghijklmnopqrstuvwxyz'.repeat(2).slice(0, length);
  const logo = { id: `logo_${kind}`, ratio: 0.2 };
  const spec = { format: 'png', size: 2000, margin, marginPx: null, errorCorrection: 'H', logo } as const;
  return planRender({ content: { type: 'text', text }, ...spec, foreground: '#000000', background: '#ffffff' }, facts);
}

/** Counts the images that zxing misreads at sizes that miss whole blocks by `excess` px, for each width of a module. */
async function misreadsByWidth(excess: number, colours: Case): Promise<{ images: number; misread: string }> {
  const logo = await logoPicture(colours.kind, facts);
  const found = new Map<number, number>();
  let images = 0;
  for (const length of [3, 14, 20, 40])
    for (const margin of [0, 1, 2, 4, 5]) {
      const plan = planOf(length, margin, colours);
      for (let width = 4; width <= widestPx; width += 4) {
        const size = width * (plan.symbol.modules + 2 * margin) + excess;
        const { foreground, background } = colours;
        const drawn = await drawRender({ ...plan, spec: { ...plan.spec, size, foreground, background } }, logo);
        images++;
        if ((await decodeWithZxing(drawn.bytes))?.text !== plan.encodedText)
          found.set(width, (found.get(width) ?? 0) + 1);
      }
    }
  const misread = [...found].sort(([a], [b]) => a - b).map(([width, count]) => `${count} at ${width} px`);
  return { images, misread: misread.join(', ') || 'none' };
}

/** Prints where modules that coincide with zxing's blocks of 8 px are misread under a logo. */
export async function measureReaderBlocks(): Promise<void> {
  const table: Record<string, { images: number; misread: string }> = {};
  for (const [name, colours] of Object.entries(cases))
    for (const excess of [-1, 0, 1, 2]) table[`${name}, ${excess} px`] = await misreadsByWidth(excess, colours);
  console.log('Misread by zxing, by how many px the image exceeds modules of 4, 8, 12 … 56 px');
  console.table(table);
}
