import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { contentTypes } from '../../../shared/domain/content/content.ts';
import { planSymbol } from '../../../shared/domain/plan-symbol.ts';
import type { SymbolPlan } from '../../../shared/domain/symbol.ts';
import { drawMatrix } from '../../../workers/image/matrix.ts';
import { drawPng } from '../../../workers/image/png.ts';
import { drawSvg, type SvgParts } from '../../../workers/image/svg.ts';

const blackOnWhite = { foreground: '#000000', background: '#ffffff' } as const;
const matrix = drawMatrix(planSymbol('https://example.com', 'M') as SymbolPlan);
const plain: SvgParts = {
  matrix,
  frame: { modules: matrix.modules, size: 330, margin: 4, marginPx: null },
  spec: blackOnWhite,
  contentType: 'url',
  logo: null,
};

function greyPixels(image: Buffer | string): Promise<Buffer> {
  return sharp(Buffer.from(image)).greyscale().raw().toBuffer();
}

describe('drawSvg', () => {
  it.each([
    ['a quiet zone in modules', { margin: 4, marginPx: null, size: 330 }],
    ['no quiet zone', { margin: 0, marginPx: null, size: 250 }],
    ['a quiet zone in pixels', { margin: 0, marginPx: 7, size: 264 }],
  ])('shows the very pixels of the PNG: %s', async (_name, zone) => {
    const frame = { modules: 25, ...zone };
    const svg = await greyPixels(drawSvg({ ...plain, frame }));
    expect(svg.equals(await greyPixels(drawPng(matrix, frame, blackOnWhite)))).toBe(true);
  });

  it.each([
    [14, 250, 4],
    [14, 210, 4],
    [7, 152, 4],
    [10, 199, 4],
    [17, 267, 7],
  ])(
    'shows them too where the PNG is not plainly rounded: version %i at %i px, margin %i',
    async (version, size, margin) => {
      const symbol = drawMatrix(planSymbol('https://example.com', 'M', version) as SymbolPlan);
      const frame = { modules: symbol.modules, size, margin, marginPx: null };
      const svg = await greyPixels(drawSvg({ ...plain, matrix: symbol, frame }));
      expect(svg.equals(await greyPixels(drawPng(symbol, frame, blackOnWhite)))).toBe(true);
    },
  );

  it('has one path, exactly the size asked for and a view box in modules', () => {
    const svg = drawSvg(plain);
    expect(svg).toMatch(
      /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" width="330" height="330" viewBox="-4 -4 33 33" /,
    );
    expect(svg.match(/<path /g)).toHaveLength(1);
    expect(svg).toContain('shape-rendering="crispEdges"');
  });

  it.each(contentTypes)('tells a screen reader of %s what kind of code it is', (contentType) => {
    expect(drawSvg({ ...plain, contentType })).toMatch(/ role="img" .*><title>QR code: [A-Za-z -]+<\/title>/);
  });

  it('draws nothing under a transparent background', async () => {
    const svg = drawSvg({ ...plain, spec: { ...blackOnWhite, background: 'transparent' } });
    expect(svg).not.toContain('<rect');
    const { data, info } = await sharp(Buffer.from(svg)).raw().toBuffer({ resolveWithObject: true });
    expect(info.channels).toBe(4);
    expect(data[3]).toBe(0);
  });

  it('carries the logo inside, with no outside reference', () => {
    const box = { clear: { x: 10, y: 10, width: 5, height: 5 }, x: 11.25, y: 11, width: 2.5, height: 3 };
    const svg = drawSvg({ ...plain, logo: { dataUri: 'data:image/png;base64,AAAA', box } });
    expect(svg).toContain(
      '<image x="11.25" y="11" width="2.5" height="3" preserveAspectRatio="none" href="data:image/png;base64,AAAA"/>',
    );
    expect(svg.match(/href="[^d]/g)).toBeNull();
  });
});
