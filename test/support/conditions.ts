import sharp, { type Sharp } from 'sharp';

type Condition = (image: Sharp, sidePx: number, paper: string) => Sharp | Promise<Sharp>;

async function reopened(image: Sharp): Promise<Sharp> {
  return sharp(await image.png().toBuffer());
}

/** What happens to an image between a screen or a print and a reader. */
export const conditions = {
  clean: (image) => image,
  half: (image, sidePx) => image.resize(Math.round(sidePx / 2)),
  'seven tenths': (image, sidePx) => image.resize(Math.round(sidePx * 0.7)),
  blurred: (image) => image.blur(1),
  'JPEG 40': async (image) => sharp(await image.jpeg({ quality: 40 }).toBuffer()),
  'turned 5°': (image, _sidePx, paper) => image.rotate(5, { background: paper }),
  noisy: async (image, sidePx) => {
    const noise = { type: 'gaussian', mean: 128, sigma: 16 } as const;
    const grain = sharp({ create: { width: sidePx, height: sidePx, channels: 3, background: 'grey', noise } });
    const input = await grain.png().toBuffer();
    return reopened(image.composite([{ input, blend: 'soft-light' }]));
  },
} satisfies Record<string, Condition>;

export type ConditionName = keyof typeof conditions;
export const conditionNames = Object.keys(conditions) as ConditionName[];

/** Puts an image (PNG or SVG) on paper of a colour and through a condition; returns a PNG. */
export async function seenThrough(image: Buffer, name: ConditionName, paper = '#ffffff'): Promise<Buffer> {
  const flat = await sharp(image).flatten({ background: paper }).toColourspace('srgb').png().toBuffer();
  const { width } = await sharp(flat).metadata();
  return (await conditions[name](sharp(flat), width, paper)).png().toBuffer();
}
