import { createHash } from 'node:crypto';
import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { type Frame, pixelGrid } from '../../../shared/domain/pixel-grid.ts';
import { drawPng } from '../../../workers/image/png.ts';

const blackOnWhite = { foreground: '#000000', background: '#ffffff' } as const;

/** A chequered matrix with a dark first row, so that rows and columns differ. */
function matrixOf(modules: number) {
  const dark = Uint8Array.from({ length: modules * modules }, (_, index) => {
    const [row, column] = [Math.floor(index / modules), index % modules];
    return row === 0 ? 1 : (row * column + row) % 3 === 0 ? 1 : 0;
  });
  return { modules, dark };
}

/** What each pixel should be, by the definition of the grid and nothing else. */
function expectedPixels({ dark, modules }: ReturnType<typeof matrixOf>, frame: Frame): Buffer {
  const pixels = Buffer.alloc(frame.size * frame.size, 255);
  const edgeAt = pixelGrid(frame);
  const edges = Array.from({ length: modules + 1 }, (_, at) => edgeAt(at));
  for (let row = 0; row < modules; row++)
    for (let column = 0; column < modules; column++) {
      if (dark[row * modules + column] === 0) continue;
      for (let y = edges[row] as number; y < (edges[row + 1] as number); y++)
        pixels.fill(0, y * frame.size + (edges[column] as number), y * frame.size + (edges[column + 1] as number));
    }
  return pixels;
}

describe('drawPng', () => {
  it('paints exactly the modules, at every size, quiet zone and symbol', async () => {
    const frame = fc.record({
      modules: fc.integer({ min: 1, max: 8 }).map((version) => 17 + 4 * version),
      size: fc.integer({ min: 60, max: 700 }),
      margin: fc.integer({ min: 0, max: 5 }),
      marginPx: fc.option(fc.integer({ min: 0, max: 9 })),
    });
    await fc.assert(
      fc.asyncProperty(frame, async (any) => {
        const png = drawPng(matrixOf(any.modules), any, blackOnWhite);
        const { data, info } = await sharp(png).greyscale().raw().toBuffer({ resolveWithObject: true });
        expect([info.width, info.height]).toEqual([any.size, any.size]);
        expect(data.equals(expectedPixels(matrixOf(any.modules), any))).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  it('is one bit a pixel with a palette of the two colours', async () => {
    const frame = { modules: 21, size: 290, margin: 4, marginPx: null };
    const png = drawPng(matrixOf(21), frame, { foreground: '#123456', background: '#fedcba' });
    expect(png.subarray(24, 29)).toEqual(Buffer.of(1, 3, 0, 0, 0));
    expect(await sharp(png).metadata()).toMatchObject({ format: 'png', hasAlpha: false });
    const pixels = await sharp(png).raw().toBuffer();
    expect(pixels.subarray(0, 3).toString('hex')).toBe('fedcba');
    const firstModule = 3 * (40 * 290 + 40);
    expect(pixels.subarray(firstModule, firstModule + 3).toString('hex')).toBe('123456');
  });

  it('makes a transparent background transparent, and white for viewers that know no transparency', async () => {
    const frame = { modules: 21, size: 290, margin: 4, marginPx: null };
    const png = drawPng(matrixOf(21), frame, { foreground: '#123456', background: 'transparent' });
    const pixels = await sharp(png).raw().toBuffer();
    expect(pixels.subarray(0, 4).toString('hex')).toBe('ffffff00');
    const firstModule = 4 * (40 * 290 + 40);
    expect(pixels.subarray(firstModule, firstModule + 4).toString('hex')).toBe('123456ff');
  });

  it('gives these very bytes: other ones need another renderer version', () => {
    const digest = (size: number, background: '#ffffff' | 'transparent') =>
      createHash('sha256')
        .update(
          drawPng(
            matrixOf(33),
            { modules: 33, size, margin: 4, marginPx: null },
            { foreground: '#000000', background },
          ),
        )
        .digest('hex');
    expect([digest(300, '#ffffff'), digest(1000, '#ffffff'), digest(2000, 'transparent')]).toMatchInlineSnapshot(`
      [
        "77c0ee51ed84ad710a5ce4ed93b0277b95dd49bbe648fb70542de527472ad599",
        "e1e9080eb6a31d7e53ae09924920408ebf015b650e0a1521ccb8cbbf4844ae99",
        "9a6906c8490dc8e459151d51b3827ecfab5ce48fbe48fa4ae12f1651ab8a4d9d",
      ]
    `);
  });

  it('stays small where pixels are many', () => {
    const png = drawPng(matrixOf(33), { modules: 33, size: 2000, margin: 4, marginPx: null }, blackOnWhite);
    expect(png.length).toBeLessThan(10_000);
  });
});
