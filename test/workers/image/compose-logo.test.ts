import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { composeLogo, logoDataUri } from '../../../workers/image/compose-logo.ts';

const size = 100;

function symbol(background: string): Promise<Buffer> {
  return sharp({ create: { width: size, height: size, channels: 4, background } })
    .png({ palette: true })
    .toBuffer();
}

function plainLogo(background: string, width = 40, height = 20): Promise<Buffer> {
  return sharp({ create: { width, height, channels: 4, background } })
    .png()
    .toBuffer();
}

async function pixelAt(image: Buffer, x: number, y: number): Promise<number[]> {
  const { data, info } = await sharp(image).raw().toBuffer({ resolveWithObject: true });
  return [...data.subarray((y * info.width + x) * info.channels, (y * info.width + x + 1) * info.channels)];
}

const at = { left: 30, top: 40, width: 40, height: 20 };

describe('composeLogo', () => {
  it('gives a true colour PNG of the same size, opaque on an opaque background', async () => {
    const image = await composeLogo(
      await symbol('#ffffff'),
      { id: 'red', bytes: await plainLogo('#ff0000') },
      at,
      false,
    );
    const facts = await sharp(image).metadata();
    expect(facts).toMatchObject({ format: 'png', width: size, height: size, channels: 3, isPalette: false });
    expect(await pixelAt(image, 30, 40)).toEqual([255, 0, 0]);
    expect(await pixelAt(image, 69, 59)).toEqual([255, 0, 0]);
    expect(await pixelAt(image, 29, 40)).toEqual([255, 255, 255]);
    expect(await pixelAt(image, 70, 59)).toEqual([255, 255, 255]);
  });

  it('keeps a transparent background transparent', async () => {
    const clear = await symbol('#ffffff00');
    const image = await composeLogo(clear, { id: 'blue', bytes: await plainLogo('#0000ff') }, at, true);
    expect((await pixelAt(image, 0, 0))[3]).toBe(0);
    expect(await pixelAt(image, 50, 50)).toEqual([0, 0, 255, 255]);
  });

  it('lets the symbol show through a translucent logo', async () => {
    const glass = { id: 'glass', bytes: await plainLogo('#00000080') };
    const [red = 0] = await pixelAt(await composeLogo(await symbol('#ffffff'), glass, at, false), 50, 50);
    expect(red).toBeGreaterThan(100);
    expect(red).toBeLessThan(155);
  });

  it('turns the logo upright and carries none of its metadata', async () => {
    const green = { create: { width: 20, height: 20, channels: 3, background: '#00ff00' } } as const;
    // Green above blue; orientation 6 is shown turned clockwise, so that green comes to the right.
    const bytes = await sharp(green)
      .extend({ bottom: 20, background: '#0000ff' })
      .withMetadata({ orientation: 6 })
      .withExifMerge({ IFD0: { Copyright: 'secret' } })
      .jpeg({ quality: 100, chromaSubsampling: '4:4:4' })
      .toBuffer();
    const image = await composeLogo(await symbol('#ffffff'), { id: 'turned', bytes }, at, false);
    const [left = [], right = []] = [await pixelAt(image, 35, 50), await pixelAt(image, 65, 50)];
    expect(left[2]).toBeGreaterThan(200);
    expect(right[1]).toBeGreaterThan(200);
    const facts = await sharp(image).metadata();
    expect([facts.exif, facts.icc, facts.xmp, facts.orientation]).toEqual([undefined, undefined, undefined, undefined]);
    expect(image.includes('secret')).toBe(false);
  });

  it('gives the same bytes each time', async () => {
    const logo = { id: 'same', bytes: await plainLogo('#123456') };
    const once = await composeLogo(await symbol('#ffffff'), logo, at, false);
    expect((await composeLogo(await symbol('#ffffff'), logo, at, false)).equals(once)).toBe(true);
  });
});

describe('logoDataUri', () => {
  async function embedded(id: string, bytes: Buffer): Promise<Buffer> {
    const [prefix, data = ''] = (await logoDataUri({ id, bytes })).split(',');
    expect(prefix).toBe('data:image/png;base64');
    return Buffer.from(data, 'base64');
  }

  it('holds a PNG that was encoded anew, at most 512 px long', async () => {
    const large = await sharp({ create: { width: 2000, height: 500, channels: 3, background: '#ff8800' } })
      .webp()
      .toBuffer();
    expect(await sharp(await embedded('large', large)).metadata()).toMatchObject({
      format: 'png',
      width: 512,
      height: 128,
    });
  });

  it('does not enlarge a small one, and keeps nothing but its pixels', async () => {
    const small = await sharp({ create: { width: 10, height: 5, channels: 4, background: '#ff880080' } })
      .withExifMerge({ IFD0: { Copyright: 'secret' } })
      .png()
      .toBuffer();
    const png = await embedded('small', small);
    expect(await sharp(png).metadata()).toMatchObject({ width: 10, height: 5, hasAlpha: true });
    expect(png.includes('secret')).toBe(false);
    expect(small.includes('secret')).toBe(true);
  });
});
