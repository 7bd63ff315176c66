import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { codewordsHit, logoShare, maxLogoShare, maxShareOnAlignment } from '../../../shared/domain/logo-budget.ts';
import { leastModulePx, modulePx } from '../../../shared/domain/pixel-grid.ts';
import { planRender } from '../../../shared/domain/plan-render.ts';
import type { LogoFacts, RenderSpec } from '../../../shared/domain/render-spec.ts';
import { AppError } from '../../../shared/errors.ts';
import { arbitrarySpec } from '../../support/arbitrary-spec.ts';
import { withNearestValues } from '../../support/nearest-values.ts';

const square: LogoFacts = { widthPx: 200, heightPx: 200 };

function specOf(change: Partial<RenderSpec> = {}): RenderSpec {
  return {
    content: { type: 'url', url: 'https://example.com' },
    format: 'png',
    size: 300,
    margin: 4,
    marginPx: null,
    errorCorrection: 'M',
    foreground: '#000000',
    background: '#ffffff',
    logo: null,
    ...change,
  };
}

const textOf = (length: number, character = 'a') => ({ type: 'text' as const, text: character.repeat(length) });
const logoOf = (ratio: number) => ({ id: 'logo_any', ratio });

function refusalOf(spec: RenderSpec, logo: LogoFacts | null = spec.logo ? square : null): AppError {
  try {
    planRender(spec, logo);
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error('The spec was planned');
}

function onlyDetail(spec: RenderSpec, logo?: LogoFacts) {
  const { kind, code, details } = refusalOf(spec, logo ?? (spec.logo ? square : null));
  expect({ kind, code }).toEqual({ kind: 'invalid', code: 'invalid_request' });
  expect(details).toHaveLength(1);
  return details[0] as (typeof details)[number];
}

describe('planRender', () => {
  it('plans a plain code as it was asked for, without warnings', () => {
    const plan = planRender(specOf(), null);
    expect(plan).toMatchObject({ spec: specOf(), encodedText: 'https://example.com', logoBox: null, warnings: [] });
    expect(plan.symbol).toMatchObject({ version: 2, modules: 25, errorCorrection: 'M' });
  });

  it('raises error correction for a logo, and says so', () => {
    const plan = planRender(specOf({ errorCorrection: 'L', logo: logoOf(0.2) }), square);
    expect(['Q', 'H']).toContain(plan.spec.errorCorrection);
    expect(plan.symbol.errorCorrection).toBe(plan.spec.errorCorrection);
    expect(plan.warnings.map(({ code }) => code)).toEqual(['error_correction_raised']);
    expect(plan.warnings[0]?.detail).toContain(`from L to ${plan.spec.errorCorrection}`);
  });

  it('keeps the level when it stands the logo', () => {
    const plan = planRender(
      specOf({ content: textOf(600), size: 600, errorCorrection: 'M', logo: logoOf(0.1) }),
      square,
    );
    expect(plan.spec.errorCorrection).toBe('M');
    expect(plan.warnings).toEqual([]);
  });

  it('takes a larger symbol where the content alone would give one too small for a logo', () => {
    const plan = planRender(specOf({ content: textOf(3), errorCorrection: 'H', logo: logoOf(0.3) }), square);
    expect(planRender(specOf({ content: textOf(3), errorCorrection: 'H' }), null).symbol.version).toBe(1);
    expect(plan.symbol.version).toBeGreaterThan(1);
    expect(plan.symbol.modules).toBe(17 + 4 * plan.symbol.version);
    expect(plan.logoBox?.width).toBeCloseTo(0.3 * plan.symbol.modules);
  });

  it('takes the highest level of the symbol that it enlarges, which costs nothing more', () => {
    const planOf = (errorCorrection: 'L' | 'Q') =>
      planRender(specOf({ content: textOf(10), errorCorrection, logo: logoOf(0.15) }), square);
    expect(planOf('L').symbol).toMatchObject({ version: 2, errorCorrection: 'H' });
    expect(planOf('Q').symbol.version).toBe(2);
  });

  it('passes over versions whose alignment pattern lies under the logo, where the size has room', () => {
    const spec = specOf({ content: textOf(100), size: 400, errorCorrection: 'H', logo: logoOf(0.15) });
    expect(planRender({ ...spec, logo: null }, null).symbol.version).toBe(10);
    expect(planRender(spec, square)).toMatchObject({ symbol: { version: 14 }, warnings: [] });
  });

  it('lays no logo on versions that hang on one alignment pattern in the middle: it names the size that has room', () => {
    const spec = specOf({ content: textOf(100), size: 160, errorCorrection: 'H', logo: logoOf(0.15) });
    expect(planRender({ ...spec, logo: null }, null).symbol.version).toBe(10);
    const error = refusalOf(spec);
    expect(error.details[0]).toMatchObject({ pointer: '/size', code: 'modules_too_small' });
    expect(planRender(withNearestValues(spec, error), square).symbol.version).toBe(14);
    for (const length of [40, 60, 80, 100, 150, 200])
      for (const ratio of [0.05, 0.12, 0.2, 0.3]) {
        const plan = planRender(specOf({ content: textOf(length), size: 1000, logo: logoOf(ratio) }), square);
        expect(plan.symbol.version < 7 || plan.symbol.version > 13, `${length} ${ratio}`).toBe(true);
      }
  });

  it('says when a logo makes the symbol much larger', () => {
    const content = { type: 'url', url: 'https://example.com' } as const;
    const codesOf = (ratio: number) => {
      const { symbol, warnings } = planRender(specOf({ content, size: 600, logo: logoOf(ratio) }), square);
      return [symbol.version, warnings.some(({ code }) => code === 'symbol_enlarged')];
    };
    expect(codesOf(0.2)).toEqual([3, false]);
    expect(codesOf(0.3)).toEqual([19, true]);
  });

  it('covers other alignment patterns where more of error correction is left to spare, and says so', () => {
    const spec = specOf({ content: textOf(300), size: 800, logo: logoOf(0.25) });
    const { symbol, logoBox, warnings } = planRender(spec, square);
    expect(warnings.map(({ code }) => code)).toEqual(['error_correction_raised', 'logo_on_alignment_pattern']);
    const clear = logoBox?.clear ?? { x: 0, y: 0, width: 0, height: 0 };
    expect(logoShare(symbol.version, symbol.errorCorrection, clear)).toBeLessThanOrEqual(
      maxShareOnAlignment(symbol.version),
    );
  });

  it('refuses modules that coincide with a reader’s blocks under a logo, and names the nearest size', () => {
    const spec = specOf({ errorCorrection: 'H', foreground: '#009000', logo: logoOf(0.2) });
    const total = planRender(spec, square).symbol.modules + 8;
    for (const block of [8, 16, 24]) {
      const size = block * total;
      for (const [meets, nearest] of [
        [size, size - 1],
        [size + 1, size + 2],
      ] as const) {
        const detail = onlyDetail({ ...spec, size: meets });
        expect(detail).toMatchObject({ pointer: '/size', code: 'modules_on_reader_blocks', received: String(meets) });
        expect(detail.detail).toContain(`Nearest size that works: ${nearest}.`);
        expect(planRender({ ...spec, size: nearest }, square).warnings).toEqual([]);
      }
      expect(planRender({ ...spec, size, foreground: '#000000' }, square).warnings).toEqual([]);
      expect(planRender({ ...spec, size, logo: null }, null).warnings).toEqual([]);
    }
  });

  it.each([
    ['WPA', '1234567', true],
    ['WPA', '12345678', false],
    ['WPA3', 'g'.repeat(64), true],
    ['WPA', 'a'.repeat(64), false],
    ['WPA', 'a'.repeat(65), true],
    ['WEP', '123456', true],
    ['WEP', 'ghijk', false],
    ['WEP', 'ghijklmnop', true],
  ] as const)('of %s and the password %s warns: %s', (security, password, isTold) => {
    const content = { type: 'wifi', ssid: 'a', password, security, hidden: false } as const;
    const { warnings } = planRender(specOf({ content }), null);
    expect(warnings.map(({ code }) => code)).toEqual(isTold ? ['unlikely_password'] : []);
    expect(JSON.stringify(warnings)).not.toContain(password);
  });

  it('warns of a quiet zone under four modules, in modules and in px', () => {
    expect(planRender(specOf({ margin: 3 }), null).warnings.map(({ code }) => code)).toEqual(['small_quiet_zone']);
    const inPx = planRender(specOf({ margin: 0, marginPx: 10 }), null).warnings;
    expect(inPx.map(({ code }) => code)).toEqual(['small_quiet_zone']);
    expect(inPx[0]?.detail).toContain('0.9 modules');
    expect(planRender(specOf({ margin: 0, marginPx: 50 }), null).warnings).toEqual([]);
  });

  it('warns that a transparent background was checked as white', () => {
    const { warnings } = planRender(specOf({ background: 'transparent' }), null);
    expect(warnings.map(({ code }) => code)).toEqual(['transparent_background']);
  });

  it('refuses too little contrast and names the nearest foreground of the same hue', () => {
    const detail = onlyDetail(specOf({ foreground: '#ffe0e0' }));
    expect(detail).toMatchObject({ in: 'body', pointer: '/foreground', code: 'contrast_too_low', received: '#ffe0e0' });
    const [, red = '', green, blue] = /foreground #(..)(..)(..)\./.exec(detail.detail) ?? [];
    expect(green).toBe(blue);
    expect(Number.parseInt(red, 16)).toBeGreaterThan(Number.parseInt(green ?? '', 16));
    expect(Number.parseInt(green ?? '', 16) / Number.parseInt(red, 16)).toBeCloseTo(0xe0 / 0xff, 1);
  });

  it('names a lighter background when no foreground reads on it', () => {
    const detail = onlyDetail(specOf({ foreground: '#000000', background: '#200000' }));
    expect(detail).toMatchObject({ pointer: '/background', code: 'contrast_too_low', received: '#200000' });
    expect(detail.detail).toMatch(/Nearest that works: background #[0-9a-f]{6}\.$/);
  });

  it('refuses light on dark, and names the two swapped when nothing less helps', () => {
    const detail = onlyDetail(specOf({ foreground: '#ffffff', background: '#000000' }));
    expect(detail).toMatchObject({ pointer: '/foreground', code: 'inverted_colours' });
    expect(detail.detail).toContain('foreground #000000 and background #ffffff');
  });

  it('counts a transparent background as white, and says so', () => {
    const detail = onlyDetail(specOf({ foreground: '#ffff00', background: 'transparent' }));
    expect(detail.detail).toContain('a transparent background counts as white');
  });

  it('refuses modules that are too small and names the smallest size', () => {
    const spec = specOf({ content: textOf(1000), size: 200 });
    const detail = onlyDetail(spec);
    expect(detail).toMatchObject({ pointer: '/size', code: 'modules_too_small', received: '200' });
    const smallest = Number(/Smallest size that works: (\d+)\./.exec(detail.detail)?.[1]);
    expect(planRender({ ...spec, size: smallest }, null).spec.size).toBe(smallest);
    expect(onlyDetail({ ...spec, size: smallest - 1 }).code).toBe('modules_too_small');
  });

  it('refuses a margin in px that leaves no room, and names a margin when no size would do', () => {
    const noRoom = onlyDetail(specOf({ size: 100, margin: 0, marginPx: 50 }));
    expect(noRoom.detail).toContain('nothing beside a margin of 50 px');
    const spec = specOf({ size: 2000, margin: 0, marginPx: 5000 });
    const [, size, margin] =
      /with size (\d+) the largest margin that works is (\d+) px/.exec(onlyDetail(spec).detail) ?? [];
    expect(size).toBe('2000');
    expect(planRender({ ...spec, marginPx: Number(margin) }, null).spec.size).toBe(2000);
    expect(onlyDetail({ ...spec, marginPx: Number(margin) + 1 }).code).toBe('modules_too_small');
  });

  it('refuses a logo over the budget and names the largest ratio', () => {
    const spec = specOf({ content: textOf(2000), size: 2000, errorCorrection: 'L', logo: logoOf(0.3) });
    const detail = onlyDetail(spec);
    expect(detail).toMatchObject({ pointer: '/logo/ratio', code: 'logo_over_budget', received: '0.3' });
    const largest = Number(/Largest ratio that works: ([\d.]+)\./.exec(detail.detail)?.[1]);
    expect(largest).toBeGreaterThan(0.05);
    expect(planRender({ ...spec, logo: logoOf(largest) }, square).logoBox).not.toBeNull();
    expect(onlyDetail({ ...spec, logo: logoOf(largest + 0.001) }).code).toBe('logo_over_budget');
  });

  it('leaves room for a logo of the least ratio in the fullest symbol of every level', () => {
    for (const [errorCorrection, bytes] of [
      ['L', 2953],
      ['M', 2331],
      ['Q', 1663],
      ['H', 1273],
    ] as const)
      for (const logo of [square, { widthPx: 1, heightPx: 500 }, { widthPx: 500, heightPx: 1 }]) {
        const spec = specOf({ content: textOf(bytes), size: 2000, errorCorrection, logo: logoOf(0.05) });
        expect(planRender(spec, logo).symbol.version).toBe(40);
      }
  });

  it('refuses a content too long for its level: how much came, how much fits, and which level holds it', () => {
    const detail = onlyDetail(specOf({ content: textOf(1500), size: 2000, errorCorrection: 'H' }));
    expect(detail).toMatchObject({ pointer: '/content/text', code: 'content_too_long', received: '1500 bytes' });
    expect(detail.detail).toContain('takes 1500 bytes');
    expect(detail.detail).toContain('the first 1273 bytes fit at error correction H');
    expect(detail.detail).toContain('Highest level that holds all of it: Q.');
  });

  it('counts what fits in the bytes that this very text takes', () => {
    const digits = onlyDetail(specOf({ content: textOf(6000, '7'), size: 2000 }));
    expect(digits.detail).toContain('the first 5596 bytes fit at error correction M');
    const umlauts = onlyDetail(specOf({ content: textOf(3000, 'ü'), size: 2000 }));
    expect(umlauts.detail).toContain('takes 6000 bytes');
    expect(umlauts.detail).toContain('the first 2330 bytes fit at error correction M');
    expect(umlauts.detail).toContain('No level holds all of it; at L the first 2952 bytes fit.');
  });

  it('points at the longest field of a structured content', () => {
    const content = { type: 'sms', number: '+491701234567', message: 'x'.repeat(4000) } as const;
    expect(onlyDetail(specOf({ content, size: 2000 })).pointer).toBe('/content/message');
  });

  it('reports every problem at once', () => {
    const spec = specOf({
      content: textOf(2900),
      size: 100,
      errorCorrection: 'H',
      foreground: '#ffffff',
      logo: logoOf(0.3),
    });
    expect(refusalOf(spec).details.map(({ pointer }) => pointer)).toEqual([
      '/foreground',
      '/content/text',
      '/logo/ratio',
      '/size',
    ]);
  });

  it('plans a spec, or refuses it with nearest values that work when they are taken', () => {
    fc.assert(
      fc.property(arbitrarySpec, ({ spec, logo }) => {
        let plan: ReturnType<typeof planRender>;
        try {
          plan = planRender(spec, logo);
        } catch (error) {
          if (!(error instanceof AppError) || error.kind !== 'invalid') throw error;
          const uncuttable =
            error.details.some(({ detail }) => detail.includes('No level holds')) && spec.content.type !== 'text';
          if (!uncuttable) planRender(withNearestValues(spec, error), logo);
          return;
        }
        expect(planRender(plan.spec, logo)).toEqual({ ...plan, warnings: expect.anything() });
        const { symbol, logoBox } = plan;
        expect(modulePx({ ...plan.spec, modules: symbol.modules })).toBeGreaterThanOrEqual(leastModulePx(plan.spec));
        if (logoBox === null) return;
        expect(codewordsHit(symbol.version, symbol.errorCorrection, logoBox.clear)).not.toBeNull();
        expect(logoShare(symbol.version, symbol.errorCorrection, logoBox.clear)).toBeLessThanOrEqual(maxLogoShare);
      }),
      // Shrinking long texts would take minutes; the seed that is printed repeats the case.
      { numRuns: 400, endOnFailure: true },
    );
  }, 60_000);
});
