import fc from 'fast-check';
import encodeQR from 'qr';
import { create, type QRCodeSegment } from 'qrcode';
import { describe, expect, it } from 'vitest';
import { maxVersion } from '../../../shared/domain/capacity.ts';
import { planSymbol } from '../../../shared/domain/plan-symbol.ts';
import { errorCorrectionLevels } from '../../../shared/domain/render-spec.ts';
import type { SymbolPlan } from '../../../shared/domain/symbol.ts';
import { drawMatrix } from '../../../workers/image/matrix.ts';
import { letters } from '../../bench/sized-symbols.ts';

const levelNames = { L: 'low', M: 'medium', Q: 'quartile', H: 'high' } as const;

function planned(text: string, level: 'L' | 'M' | 'Q' | 'H', leastVersion = 1): SymbolPlan {
  const plan = planSymbol(text, level, leastVersion);
  if ('tooLong' in plan) throw new Error(`${text.length} characters do not fit level ${level}`);
  return plan;
}

function drawnByQrcode({ segments, version, errorCorrection }: SymbolPlan) {
  const given = segments.map(({ mode, text }) => ({ mode, data: text }) as QRCodeSegment);
  return create(given, { version, errorCorrectionLevel: errorCorrection });
}

describe('drawMatrix', () => {
  it.each(errorCorrectionLevels)("has qrcode's own mask and all its modules in every version of level %s", (level) => {
    for (let version = 1; version <= maxVersion; version++)
      for (const fill of [0.1, 0.9]) {
        const text = letters(1 + Math.floor(fill * 7 * version), version + 1000 * fill);
        const plan = planned(text, level, version);
        const theirs = drawnByQrcode(plan);
        const ours = drawMatrix(plan);
        expect({ version: plan.version, mask: ours.mask }).toEqual({
          version: theirs.version,
          mask: theirs.maskPattern,
        });
        expect(Buffer.from(ours.dark).equals(theirs.modules.data)).toBe(true);
      }
  });

  it('has every module that the package qr draws, given version, level and mask', () => {
    const text = fc.string({
      unit: fc.constantFrom('a', 'b', 'ü', '日', '😀', '\n', '\0'),
      minLength: 1,
      maxLength: 300,
    });
    fc.assert(
      fc.property(text, fc.constantFrom(...errorCorrectionLevels), (any, level) => {
        const plan = planned(any, level);
        const { dark, mask, modules } = drawMatrix(plan);
        const theirs = encodeQR(any, 'raw', {
          ecc: levelNames[level],
          encoding: 'byte',
          version: plan.version,
          mask,
          border: 1,
        });
        const inner = theirs.slice(1, -1).flatMap((row) => row.slice(1, -1).map(Number));
        expect(inner).toHaveLength(modules * modules);
        expect(Array.from(dark)).toEqual(inner);
      }),
      { numRuns: 60 },
    );
  });

  it('places the planned segments and no others', () => {
    const plan: SymbolPlan = {
      version: 3,
      modules: 29,
      errorCorrection: 'L',
      segments: [
        { mode: 'byte', text: '12' },
        { mode: 'numeric', text: '34' },
        { mode: 'alphanumeric', text: '56' },
        { mode: 'byte', text: 'ü' },
      ],
    };
    const { segments } = drawnByQrcode(plan);
    expect(segments.map(({ mode }) => mode.id)).toEqual(['Byte', 'Numeric', 'Alphanumeric', 'Byte']);
    expect(Buffer.from(drawMatrix(plan).dark).equals(drawnByQrcode(plan).modules.data)).toBe(true);
  });

  it('refuses segments that fit a smaller version and, for their longer counts, not the planned one', () => {
    const text = `${'a000000'.repeat(19)}aa`;
    const plan = planned(text, 'Q');
    expect(plan.version).toBe(9);
    expect(() => drawMatrix({ ...plan, version: 10, modules: 57 })).toThrow('1252 bits, and version 10 holds 1232');
    expect(drawMatrix(planned(text, 'Q', 10)).modules).toBe(57);
  });

  it('refuses segments that do not fit the planned version', () => {
    const plan = { ...planned('x'.repeat(100), 'M'), version: 1, modules: 21 };
    expect(() => drawMatrix(plan)).toThrow(/version/);
  });
});
