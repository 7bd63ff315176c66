import { createHash } from 'node:crypto';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { rendererVersion } from '../../../shared/domain/identity.ts';
import { smallestSize } from '../../../shared/domain/pixel-grid.ts';
import { planRender } from '../../../shared/domain/plan-render.ts';
import type { RenderSpec } from '../../../shared/domain/render-spec.ts';
import { drawRender } from '../../../workers/image/draw.ts';
import { drawMatrix } from '../../../workers/image/matrix.ts';
import { drawPng } from '../../../workers/image/png.ts';
import { fullSymbol } from '../../bench/sized-symbols.ts';
import { decodeWithZbar, decodeWithZxing, hasZbar } from '../../support/decode.ts';
import { describeOn } from '../../support/servers.ts';

const plain: RenderSpec = {
  content: { type: 'text', text: 'Grüße aus Köln: 0123456789 HELLO 日本\n\u0000\u001d end' },
  format: 'png',
  size: 300,
  margin: 4,
  marginPx: null,
  errorCorrection: 'M',
  foreground: '#000000',
  background: '#ffffff',
  logo: null,
};
const logoFacts = { widthPx: 60, heightPx: 40 };
const logo = await sharp({ create: { width: 60, height: 40, channels: 3, background: '#c02020' } })
  .png()
  .toBuffer();

const variants: [name: string, spec: RenderSpec][] = [
  ['PNG', plain],
  ['SVG', { ...plain, format: 'svg' }],
  ['transparent PNG', { ...plain, background: 'transparent' }],
  ['transparent SVG', { ...plain, format: 'svg', background: 'transparent' }],
  ['coloured PNG without quiet zone', { ...plain, margin: 0, foreground: '#203080', background: '#ffe0a0', size: 613 }],
  ['PNG with a quiet zone in pixels', { ...plain, margin: 0, marginPx: 10, size: 357 }],
  ['PNG with logo', { ...plain, logo: { id: 'logo_a', ratio: 0.2 }, size: 501 }],
  ['transparent PNG with logo', { ...plain, logo: { id: 'logo_a', ratio: 0.2 }, background: 'transparent', size: 640 }],
  ['SVG with logo', { ...plain, format: 'svg', logo: { id: 'logo_a', ratio: 0.2 }, size: 501 }],
];

function draw(spec: RenderSpec) {
  const facts = spec.logo === null ? null : logoFacts;
  const plan = planRender(spec, facts);
  return drawRender(plan, spec.logo === null ? null : logo).then((drawn) => ({ ...drawn, plan }));
}

/** Full symbols of small and large versions at sizes spread over all that the check admits, smallest ones first. */
function sampledImages(): { name: string; text: string; png: Buffer }[] {
  return [1, 2, 7, 20, 40].flatMap((version) => {
    const { text, plan } = fullSymbol(version, 'M');
    const matrix = drawMatrix(plan);
    return [4, 0].flatMap((margin) => {
      const zone = { modules: plan.modules, margin, marginPx: null };
      const least = smallestSize(zone);
      return [0, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 377, 610, 987]
        .map((more) => least + more)
        .filter((size) => size <= 2000)
        .map((size) => ({
          name: `version ${version}, margin ${margin}, ${size} px`,
          text,
          png: drawPng(matrix, { ...zone, size }, { foreground: '#000000', background: '#ffffff' }),
        }));
    });
  });
}

describe('drawRender', () => {
  it.each(variants)('draws a %s that zxing reads as exactly the encoded text', async (_name, spec) => {
    const { bytes, plan } = await draw(spec);
    const { version, errorCorrection } = plan.symbol;
    const text = plan.encodedText;
    expect(await decodeWithZxing(bytes)).toEqual({ text, bytesAsUtf8: text, version, errorCorrection });
  });

  it.each(variants)('draws a %s of exactly the size asked for, the same bytes each time', async (_name, spec) => {
    const { bytes, mask } = await draw(spec);
    expect(await sharp(bytes).metadata()).toMatchObject({ width: spec.size, height: spec.size, format: spec.format });
    const again = await draw(spec);
    expect(again.bytes.equals(bytes)).toBe(true);
    expect(again.mask).toBe(mask);
  });

  it('draws the bytes that the ids of this renderer version stand for', async () => {
    const texts = ['https://example.com/menu/spring?table=12', 'Grüße, 50 €'];
    const specs = texts.flatMap((text) => [
      { ...plain, content: { type: 'text' as const, text } },
      { ...plain, content: { type: 'text' as const, text }, format: 'svg' as const },
    ]);
    const drawn = await Promise.all(specs.map((spec) => draw(spec)));
    const digests = drawn.map(({ bytes }) => createHash('sha256').update(bytes).digest('hex'));
    expect({ rendererVersion, digests }).toMatchInlineSnapshot(`
      {
        "digests": [
          "60a04c853f37d1d5b5f8729cec028a49705e64d0c7c12b46cca9db51d334590f",
          "9c6c44c44a5db8f9a04ceed4862983e8f7b211fb4d292ed868540623cea1cef5",
          "0184cf3ab26313c4659a4206f7c28c8d1039c76884a51a5eae3837a5914f1e82",
          "039f9c83aad67d6543fe4873c48fbe2cc182242326ea37e8d53b0529ece30e1a",
        ],
        "rendererVersion": 3,
      }
    `);
  });

  it('puts the logo in the middle of the symbol, on a plate of the background', async () => {
    const { bytes, plan } = await draw({ ...plain, logo: { id: 'logo_a', ratio: 0.2 }, size: 501 });
    const { data } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true });
    const at = (x: number, y: number) => data.subarray(3 * (y * 501 + x), 3 * (y * 501 + x) + 3).toString('hex');
    expect(at(250, 250)).toBe('c02020');
    const { clear } = plan.logoBox as NonNullable<typeof plan.logoBox>;
    const modulePx = 501 / (plan.symbol.modules + 8);
    expect(at(250, Math.ceil((4 + clear.y) * modulePx) + 1)).toBe('ffffff');
  });

  it('refuses to draw a plan with a logo without the bytes of it', async () => {
    const plan = planRender({ ...plain, logo: { id: 'logo_a', ratio: 0.2 }, size: 500 }, logoFacts);
    await expect(drawRender(plan, null)).rejects.toThrow(/logo_a/);
  });

  it('is read by zxing at every sampled size that the check admits', async () => {
    const unread: string[] = [];
    for (const { name, text, png } of sampledImages())
      if ((await decodeWithZxing(png))?.text !== text) unread.push(name);
    expect(unread).toEqual([]);
  });
});

describeOn('drawRender, read by zbar', hasZbar, () => {
  it('draws every kind of image so that zbar reads exactly the encoded text', async () => {
    const drawn = await Promise.all(variants.map(([, spec]) => draw(spec)));
    const images = drawn.map(({ bytes }) => bytes);
    const texts = drawn.map(({ plan }) => plan.encodedText);
    expect(await decodeWithZbar(images)).toEqual(texts);
    expect(await decodeWithZbar(images, 'bytes')).toEqual(texts);
  });

  it('shows ordinary texts beyond ASCII as they are: it would guess at bytes that announce no encoding', async () => {
    const texts = ['Müller', 'Café', '50 €', '12345678901234 Zoë ABCDEFGHIJKLMN', 'Ελλάδα', '日本', '\ufeffü'];
    const drawn = await Promise.all(texts.map((text) => draw({ ...plain, content: { type: 'text', text } })));
    expect(await decodeWithZbar(drawn.map(({ bytes }) => bytes))).toEqual(texts);
    const read = await Promise.all(drawn.map(({ bytes }) => decodeWithZxing(bytes)));
    expect(read.map((found) => found?.text)).toEqual(texts);
  });

  it('is read at every sampled size that the check admits', async () => {
    const images = sampledImages();
    const texts = await decodeWithZbar(images.map(({ png }) => png));
    expect(images.filter(({ text }, index) => texts[index] !== text).map(({ name }) => name)).toEqual([]);
  });
});
