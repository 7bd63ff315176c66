import fc from 'fast-check';
import { create } from 'qrcode';
import { describe, expect, it } from 'vitest';
import { bitsOf, capacityBits, maxVersion } from '../../../shared/domain/capacity.ts';
import { planLongestLevel, planSymbol } from '../../../shared/domain/plan-symbol.ts';
import { errorCorrectionLevels } from '../../../shared/domain/render-spec.ts';
import { type SymbolPlan, utf8Eci } from '../../../shared/domain/symbol.ts';

function planned(text: string, level: 'L' | 'M' | 'Q' | 'H' = 'M', leastVersion = 1): SymbolPlan {
  const plan = planSymbol(text, level, leastVersion);
  if ('tooLong' in plan) throw new Error(`${text.length} characters do not fit level ${level}`);
  return plan;
}

const modes = ['numeric', 'alphanumeric', 'byte'] as const;
const alphabets = { numeric: /^[0-9]$/, alphanumeric: /^[0-9A-Z $%*+\-./:]$/, byte: /^[\s\S]+$/ };

/** The fewest bits of all ways to cut a text into segments, by trying every last segment of every beginning. */
function fewestBits(characters: readonly string[], version: number): number {
  const least = [0];
  for (let end = 1; end <= characters.length; end++) {
    const ways = Array.from({ length: end }, (_, start) => {
      const part = characters.slice(start, end);
      const possible = modes.filter((mode) => part.every((each) => alphabets[mode].test(each)));
      const bits = possible.map((mode) => bitsOf({ eci: null, segments: [{ mode, text: part.join('') }] }, version));
      return (least[start] as number) + Math.min(...bits);
    });
    least.push(Math.min(...ways));
  }
  return least[characters.length] as number;
}

const character = fc.constantFrom('0', '7', 'A', ':', 'a', 'ü', '日', '😀');

describe('planSymbol', () => {
  it('knows the capacities of the standard', () => {
    expect(capacityBits(1, 'L')).toBe(152);
    expect(capacityBits(40, 'L')).toBe(23648);
  });

  it('counts the bits of segments as the standard does', () => {
    expect(bitsOf({ eci: null, segments: [{ mode: 'numeric', text: '01234567' }] }, 1)).toBe(41);
    expect(bitsOf({ eci: null, segments: [{ mode: 'alphanumeric', text: 'AC-42' }] }, 1)).toBe(41);
    expect(bitsOf({ eci: null, segments: [{ mode: 'byte', text: 'aü' }] }, 9)).toBe(36);
    expect(bitsOf({ eci: null, segments: [{ mode: 'byte', text: 'aü' }] }, 10)).toBe(44);
    expect(bitsOf({ eci: utf8Eci, segments: [{ mode: 'byte', text: 'aü' }] }, 10)).toBe(12 + 44);
  });

  it.each(errorCorrectionLevels)('fills every version of level %s to the last byte as qrcode does', (level) => {
    for (let version = 1; version <= maxVersion; version++) {
      const bytes = Math.floor((capacityBits(version, level) - (version < 10 ? 12 : 20)) / 8);
      const full = 'x'.repeat(bytes);
      expect(planned(full, level).version).toBe(version);
      expect(create([{ data: full }], { errorCorrectionLevel: level }).version).toBe(version);
      expect(planSymbol(`${full}x`, level)).not.toMatchObject({ version });
    }
  });

  it('keeps a URL in one byte segment and an upper-case one in one alphanumeric segment', () => {
    expect(planned('https://example.com/a?b=c')).toEqual({
      version: 2,
      modules: 25,
      errorCorrection: 'M',
      eci: null,
      segments: [{ mode: 'byte', text: 'https://example.com/a?b=c' }],
    });
    expect(planned('HTTPS://EXAMPLE.COM/A').segments).toEqual([
      { mode: 'alphanumeric', text: 'HTTPS://EXAMPLE.COM/A' },
    ]);
  });

  it('announces UTF-8 for a text with any character beyond ASCII, and for no other', () => {
    expect(planned('50 €')).toMatchObject({ eci: 26, segments: [{ mode: 'byte', text: '50 €' }] });
    expect(planned('\u0080').eci).toBe(26);
    const ascii = String.fromCharCode(...Array(128).keys());
    expect(planned(ascii).eci).toBeNull();
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('0', 'A', '\0', '\x7f', '\x80', 'ü', '日', '😀') }), (any) => {
        expect(planned(any).eci).toBe(/^\p{ASCII}*$/u.test(any) ? null : 26);
      }),
    );
  });

  it.each(errorCorrectionLevels)('counts the 12 bits of the announcement in every version of level %s', (level) => {
    for (let version = 1; version <= maxVersion; version++) {
      const bytes = Math.floor((capacityBits(version, level) - 12 - (version < 10 ? 12 : 20)) / 8);
      const full = `ü${'x'.repeat(bytes - 2)}`;
      expect(planned(full, level).version).toBe(version);
      expect(planSymbol(`${full}x`, level)).not.toMatchObject({ version });
    }
  });

  it('changes the mode where that saves bits', () => {
    expect(planned('abc0123456789012ABCDEFGHIJKLMNOPQ').segments).toEqual([
      { mode: 'byte', text: 'abc' },
      { mode: 'numeric', text: '0123456789012' },
      { mode: 'alphanumeric', text: 'ABCDEFGHIJKLMNOPQ' },
    ]);
  });

  it('finds the fewest bits of all segmentations, in every range of versions', () => {
    const run = fc
      .tuple(character, fc.integer({ min: 1, max: 14 }))
      .map(([unit, count]) => Array<string>(count).fill(unit));
    const characters = fc.array(run, { minLength: 1, maxLength: 6 }).map((runs) => runs.flat());
    fc.assert(
      fc.property(characters, fc.constantFrom(1, 10, 27), (any, leastVersion) => {
        const { segments, version } = planned(any.join(''), 'L', leastVersion);
        expect(bitsOf({ eci: null, segments }, version)).toBe(fewestBits(any, version));
      }),
      { numRuns: 300 },
    );
  });

  it('keeps the text, the modes and whole characters, and takes the smallest version', () => {
    const runs = fc.tuple(character, fc.integer({ min: 1, max: 40 })).map(([unit, count]) => unit.repeat(count));
    const text = fc.array(runs, { minLength: 1, maxLength: 12 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, fc.constantFrom(...errorCorrectionLevels), (any, level) => {
        const { version, modules, eci, segments } = planned(any, level);
        expect(segments.map((segment) => segment.text).join('')).toBe(any);
        for (const segment of segments) for (const unit of segment.text) expect(unit).toMatch(alphabets[segment.mode]);
        for (const segment of segments) expect(Buffer.from(segment.text).toString()).toBe(segment.text);
        expect(modules).toBe(17 + 4 * version);
        expect(bitsOf({ eci, segments }, version)).toBeLessThanOrEqual(capacityBits(version, level));
        if (eci === null) expect(version).toBeLessThanOrEqual(create(any, { errorCorrectionLevel: level }).version);
        if (version > 1 && version !== 10 && version !== 27)
          expect(bitsOf({ eci, segments }, version - 1)).toBeGreaterThan(capacityBits(version - 1, level));
      }),
    );
  });

  it('counts a lone surrogate as the three bytes of its replacement', () => {
    const plan = planned(`${'\ud800'.repeat(4)}x`);
    expect(bitsOf(plan, 1)).toBe(12 + 12 + 8 * 13);
    expect(planned('\udc00'.repeat(5)).version).toBe(2);
  });

  it('plans anew for a larger version where counts are wider', () => {
    const { segments, version } = planned(`a${'0'.repeat(6)}b`, 'M', 10);
    expect(version).toBe(10);
    expect(segments).toEqual([{ mode: 'byte', text: 'a000000b' }]);
  });

  it('says what a text that is too long needs and what there is', () => {
    expect(planSymbol('x'.repeat(2332), 'M')).toEqual({ tooLong: { bits: 20 + 8 * 2332, capacityBits: 18672 } });
    expect(planSymbol('0'.repeat(7090), 'L')).toEqual({ tooLong: { bits: 18 + 23634, capacityBits: 23648 } });
    expect(planSymbol('ü'.repeat(1166), 'M')).toEqual({
      tooLong: { bits: 12 + 20 + 8 * 2332, capacityBits: 18672 },
    });
  });
});

describe('planLongestLevel', () => {
  it.each([
    [1273, 'H'],
    [1274, 'Q'],
    [1663, 'Q'],
    [2331, 'M'],
    [2953, 'L'],
    [2954, null],
  ] as const)('answers for %i bytes: %s', (bytes, level) => {
    expect(planLongestLevel('x'.repeat(bytes))).toBe(level);
  });

  it('counts the announcement of UTF-8', () => {
    expect(planLongestLevel(`ü${'x'.repeat(1270)}`)).toBe('H');
    expect(planLongestLevel(`ü${'x'.repeat(1271)}`)).toBe('Q');
    expect(planLongestLevel(`ü${'x'.repeat(2951)}`)).toBeNull();
  });
});
