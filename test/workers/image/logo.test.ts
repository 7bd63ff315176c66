import { crc32, deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { AppError } from '../../../shared/errors.ts';
import { readLogo } from '../../../workers/image/logo.ts';

const limits = { maxPixels: 4_000_000 };

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}

/** A one-bit grey PNG of any size that deflates to almost nothing. */
function pngBomb(side: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header[8] = 1;
  const rows = deflateSync(Buffer.alloc((Math.ceil(side / 8) + 1) * side));
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', header),
    chunk('IDAT', rows),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function picture(width = 120, height = 80) {
  const noise = { type: 'gaussian', mean: 128, sigma: 40 } as const;
  return sharp({ create: { width, height, channels: 3, background: '#2266aa', noise } });
}

async function refusal(
  bytes: Buffer,
): Promise<{ kind: string; code: string; message: string; received: string | null }> {
  const error: unknown = await readLogo(bytes, limits).then(
    (facts) => new Error(`accepted as ${JSON.stringify(facts)}`),
    (thrown) => thrown,
  );
  if (!(error instanceof AppError)) throw error;
  expect(error.details).toHaveLength(1);
  expect(error.details[0]).toMatchObject({ in: 'body', pointer: '/logo', code: error.code, detail: error.message });
  return { kind: error.kind, code: error.code, message: error.message, received: error.details[0]?.received ?? null };
}

describe('readLogo', () => {
  const files: Record<'png' | 'jpeg' | 'progressive' | 'webp' | 'lossless', Buffer> = {} as never;

  beforeAll(async () => {
    files.png = await picture().png().toBuffer();
    files.jpeg = await picture().jpeg().toBuffer();
    files.progressive = await picture().jpeg({ progressive: true }).toBuffer();
    files.webp = await picture().webp().toBuffer();
    files.lossless = await picture().webp({ lossless: true }).toBuffer();
  });

  it('tells the size of PNG, JPEG and WebP', async () => {
    for (const [name, bytes] of Object.entries(files))
      expect(await readLogo(bytes, limits), name).toEqual({ widthPx: 120, heightPx: 80 });
  });

  it('tells the size as the picture is shown, after its EXIF orientation', async () => {
    const turned = await picture().jpeg().withMetadata({ orientation: 6 }).toBuffer();
    expect(await readLogo(turned, limits)).toEqual({ widthPx: 80, heightPx: 120 });
  });

  it('accepts metadata, profiles, 16 bits, grey, CMYK and alpha', async () => {
    const variants = [
      await picture()
        .png()
        .withMetadata({ exif: { IFD0: { Copyright: 'me' } } })
        .withIccProfile('p3')
        .toBuffer(),
      await picture().toColourspace('rgb16').png().toBuffer(),
      await picture().toColourspace('b-w').png().toBuffer(),
      await picture().toColourspace('cmyk').jpeg().toBuffer(),
      await picture().ensureAlpha(0.5).webp().toBuffer(),
      await picture().png({ palette: true }).toBuffer(),
    ];
    for (const bytes of variants) expect(await readLogo(bytes, limits)).toEqual({ widthPx: 120, heightPx: 80 });
  });

  it('refuses more pixels than are allowed by the header alone, and says both numbers', async () => {
    const bomb = pngBomb(30_000);
    expect(bomb.length).toBeLessThan(150_000);
    const before = process.memoryUsage().rss;
    const error = await refusal(bomb);
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024);
    expect(error).toMatchObject({ kind: 'too-large', code: 'logo_too_many_pixels', received: '30000 × 30000 px' });
    expect(error.message).toContain('900000000');
    expect(error.message).toContain('4000000');
    expect(await readLogo(pngBomb(2000), limits)).toEqual({ widthPx: 2000, heightPx: 2000 });
    expect((await refusal(pngBomb(2001))).code).toBe('logo_too_many_pixels');
  });

  it('refuses a file that is cut short anywhere', async () => {
    for (const [name, bytes] of Object.entries(files))
      for (const share of [0.02, 0.1, 0.5, 0.9, 0.99]) {
        const error = await refusal(bytes.subarray(0, Math.max(12, Math.floor(bytes.length * share))));
        expect(error, name).toMatchObject({ kind: 'invalid', code: 'logo_damaged' });
      }
  });

  it('refuses pixel data that are damaged within an intact frame', async () => {
    const damaged = Buffer.from(files.png);
    damaged.fill(0x55, Math.floor(damaged.length / 2), Math.floor(damaged.length / 2) + 64);
    const error = await refusal(damaged);
    expect(error.code).toBe('logo_damaged');
    expect(error.message).toBe('The logo cannot be decoded: its data are damaged');
  });

  it('refuses other data after the image, as polyglots have', async () => {
    for (const [name, bytes] of Object.entries(files)) {
      const error = await refusal(Buffer.concat([bytes, Buffer.from('PK\u0003\u0004<script>alert(1)</script>')]));
      expect(error, name).toMatchObject({ kind: 'invalid', code: 'logo_trailing_data' });
      expect(error.message, name).toContain(`byte ${bytes.length} `);
    }
  });

  it('refuses everything that is no PNG, JPEG or WebP, whatever it may call itself', async () => {
    const others = [
      Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'),
      await picture().gif().toBuffer(),
      await picture().tiff().toBuffer(),
      await picture().heif({ compression: 'av1' }).toBuffer(),
      Buffer.from('%PDF-1.7'),
      Buffer.from('BM'),
      Buffer.alloc(0),
    ];
    for (const bytes of others) expect(await refusal(bytes)).toMatchObject({ kind: 'media-type', code: 'logo_type' });
  });

  it('refuses an SVG behind the first bytes of a PNG', async () => {
    const disguised = Buffer.concat([
      files.png.subarray(0, 8),
      Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'),
    ]);
    expect((await refusal(disguised)).code).toBe('logo_damaged');
  });

  it('refuses animations', async () => {
    const frames = await sharp([await picture().png().toBuffer(), await picture().png().toBuffer()], {
      join: { animated: true },
    })
      .webp({ loop: 0, delay: [100, 100] })
      .toBuffer();
    expect((await refusal(frames)).code).toBe('logo_animated');
    const header = files.png.subarray(0, 33);
    const animatedPng = Buffer.concat([header, chunk('acTL', Buffer.alloc(8)), files.png.subarray(33)]);
    expect((await refusal(animatedPng)).code).toBe('logo_animated');
  });
});
