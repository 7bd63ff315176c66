import fc from 'fast-check';
import encodeQR from 'qr';
import { create, type QRCodeSegment } from 'qrcode';
import { describe, expect, it } from 'vitest';
import { maxVersion } from '../../../shared/domain/capacity.ts';
import { planSymbol } from '../../../shared/domain/plan-symbol.ts';
import { errorCorrectionLevels } from '../../../shared/domain/render-spec.ts';
import type { SymbolPlan } from '../../../shared/domain/symbol.ts';
import { drawMatrix } from '../../../workers/image/matrix.ts';
import { fullSymbol, letters } from '../../bench/sized-symbols.ts';
import { drawnByZint } from '../../support/drawn-by-zint.ts';

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
      for (const plan of [planned(letters(2, version), level, version), fullSymbol(version, level, version).plan]) {
        const theirs = drawnByQrcode(plan);
        const ours = drawMatrix(plan);
        expect({ version: plan.version, mask: ours.mask }).toEqual({
          version: theirs.version,
          mask: theirs.maskPattern,
        });
        expect(Buffer.from(ours.dark).equals(theirs.modules.data)).toBe(true);
      }
  });

  it('has every module that qrcode draws of the same segments, given version, level and mask', () => {
    const text = fc
      .array(
        fc.tuple(
          fc.constantFrom('0', '1', '9', 'A', 'Z', '$', ':', 'a', '~', '\n', '\0', 'ü', '日', '😀', '\ud800'),
          fc.integer({ min: 1, max: 30 }),
        ),
        { minLength: 1, maxLength: 12 },
      )
      .map((runs) => runs.map(([character, count]) => character.repeat(count)).join(''));
    fc.assert(
      fc.property(
        text,
        fc.constantFrom(...errorCorrectionLevels),
        fc.constantFrom(1, 5, 10, 27),
        (any, level, least) => {
          // qrcode knows no ECI: what follows one is compared without it.
          const plan: SymbolPlan = { ...planned(any, level, least), eci: null };
          const ours = drawMatrix(plan);
          const theirs = drawnByQrcode(plan);
          expect(ours.mask).toBe(theirs.maskPattern);
          expect(Buffer.from(ours.dark).equals(theirs.modules.data)).toBe(true);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('has every module that zint draws where UTF-8 is announced, given version, level and mask', async () => {
    const unit = fc.constantFrom('a', 'b', 'é', 'ü', 'Ж', '日', '😀', '\n', '\0');
    const text = fc.string({ unit, minLength: 1, maxLength: 300 }).map((any) => `${any}ü`);
    await fc.assert(
      fc.asyncProperty(text, fc.constantFrom(...errorCorrectionLevels), async (any, level) => {
        const plan = planned(any, level);
        expect(plan.eci).toBe(26);
        const { dark, mask } = drawMatrix(plan);
        expect(Array.from(dark)).toEqual(await drawnByZint(any, plan, mask));
      }),
      { numRuns: 60 },
    );
  });

  it('has every module that the package qr draws, given version, level and mask', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '~', '\n', '\0'), minLength: 1, maxLength: 300 });
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
      eci: null,
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
