import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { logoSizeOf } from '../../../shared/domain/logo-size.ts';
import { logoTypeOf } from '../../../shared/domain/logo-type.ts';
import { readLogo } from '../../../workers/image/logo.ts';

const formats = ['png', 'jpeg', 'progressive', 'lossy', 'lossless', 'extended'] as const;

function picture(format: (typeof formats)[number], width: number, height: number) {
  const plain = sharp({ create: { width, height, channels: 3, background: '#2266aa' } });
  switch (format) {
    case 'png':
      return plain.png();
    case 'jpeg':
    case 'progressive':
      return plain.jpeg({ progressive: format === 'progressive' });
    case 'extended':
      return plain.ensureAlpha(0.5).webp();
    default:
      return plain.webp({ lossless: format === 'lossless' });
  }
}

describe('logoSizeOf', () => {
  it('says of every format and orientation what decoding says', async () => {
    const side = fc.integer({ min: 1, max: 300 });
    const orientation = fc.option(fc.integer({ min: 1, max: 8 }), { nil: null });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...formats), side, side, orientation, async (format, width, height, turn) => {
        const plain = picture(format, width, height);
        const bytes = await (turn === null ? plain : plain.withMetadata({ orientation: turn })).toBuffer();
        const type = logoTypeOf(bytes);
        expect(type).not.toBeNull();
        expect(type && logoSizeOf(bytes, type)).toEqual(await readLogo(bytes, { maxPixels: 4_000_000 }));
      }),
      { numRuns: 150 },
    );
  });

  it('reads any bytes to an end, without a throw', () => {
    const types = fc.constantFrom('image/png', 'image/jpeg', 'image/webp');
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), types, (bytes, type) => {
        const size = logoSizeOf(Buffer.from(bytes), type);
        expect(size === null || size.widthPx > 0).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('reads what a picture becomes by cutting and changing a byte to an end, too', async () => {
    const pictures = await Promise.all(
      formats.map((format) => picture(format, 40, 30).withMetadata({ orientation: 6 }).toBuffer()),
    );
    fc.assert(
      fc.property(fc.constantFrom(...pictures), fc.nat(), fc.nat(), fc.nat(255), (whole, cut, at, byte) => {
        const bytes = Buffer.from(whole.subarray(0, 12 + (cut % (whole.length - 11))));
        bytes[12 + (at % Math.max(1, bytes.length - 12))] = byte;
        for (const type of ['image/png', 'image/jpeg', 'image/webp'] as const)
          expect(() => logoSizeOf(bytes, type)).not.toThrow();
      }),
      { numRuns: 2000 },
    );
  });
});
