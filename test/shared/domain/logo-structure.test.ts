import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { logoStructureOf } from '../../../shared/domain/logo-structure.ts';
import { logoTypeOf } from '../../../shared/domain/logo-type.ts';

const types = ['image/png', 'image/jpeg', 'image/webp'] as const;

describe('logoTypeOf', () => {
  it.each([
    ['image/png', Buffer.from('89504e470d0a1a0a0000000d', 'hex')],
    ['image/jpeg', Buffer.from('ffd8ffe000104a4649460001', 'hex')],
    ['image/webp', Buffer.from('RIFF\0\0\0\0WEBPVP8 ')],
  ] as const)('knows %s by its first bytes', (type, bytes) => {
    expect(logoTypeOf(bytes)).toBe(type);
  });

  it('knows nothing else, and nothing that is too short', () => {
    for (const bytes of ['', 'GIF89a', '<svg', 'RIFF\0\0\0\0WAVEfmt ', 'BM'])
      expect(logoTypeOf(Buffer.from(bytes))).toBeNull();
    expect(logoTypeOf(Buffer.from('89504e47', 'hex'))).toBeNull();
    expect(logoTypeOf(Buffer.from('ffd8', 'hex'))).toBeNull();
  });
});

describe('logoStructureOf', () => {
  it('reads any bytes to an end, without a throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.constantFrom(...types), (bytes, type) => {
        const structure = logoStructureOf(Buffer.from(bytes), type);
        expect(structure === null || structure.end > 0).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('finds the end of a JPEG behind stuffed bytes, restarts, fill bytes and several scans', () => {
    const scan = 'ffda0004aabb' + '11ff0022ffd133';
    const jpeg = Buffer.from(`ffd8ffe00003aa${scan}ffff${scan.slice(2)}ffd9`.replace('ffffff', 'ffff'), 'hex');
    expect(logoStructureOf(jpeg, 'image/jpeg')).toEqual({ end: jpeg.length, animated: false });
    expect(logoStructureOf(Buffer.concat([jpeg, Buffer.from('more')]), 'image/jpeg')?.end).toBe(jpeg.length);
  });

  it('does not take an EOI within a segment for the end', () => {
    const jpeg = Buffer.from('ffd8fffe0006ffd9ffd9ffda0002ffd9', 'hex');
    expect(logoStructureOf(jpeg, 'image/jpeg')?.end).toBe(jpeg.length);
  });
});
