import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contrastOf, isReadable, minContrast, nearestReadable } from '../../../shared/domain/contrast.ts';
import type { HexColour } from '../../../shared/domain/render-spec.ts';

const colour = fc
  .integer({ min: 0, max: 0xffffff })
  .map((value): HexColour => `#${value.toString(16).padStart(6, '0')}`);

function channels(hex: HexColour): number[] {
  return [1, 3, 5].map((start) => Number.parseInt(hex.slice(start, start + 2), 16));
}

describe('contrastOf', () => {
  it('is the whole range for black on white, and negative for white on black', () => {
    expect(contrastOf('#000000', '#ffffff')).toBeCloseTo(255);
    expect(contrastOf('#ffffff', '#000000')).toBeCloseTo(-255);
  });

  it('takes the grey that tells two colours apart least: green is lighter in video, red in JPEG', () => {
    expect(contrastOf('#00ff00', '#ffffff')).toBeCloseTo(255 * (1 - 0.7152));
    expect(contrastOf('#000000', '#ff0000')).toBeCloseTo(255 * 0.2126);
  });

  it.each([
    ['#000000', '#ffffff'],
    ['#0000ff', '#ffffff'],
    ['#cc0000', '#ffffff'],
    ['#1db954', '#ffffff'],
    ['#ff9900', '#ffffff'],
    ['#000000', '#ffff00'],
    ['#333333', '#cccccc'],
  ] as const)('accepts %s on %s', (foreground, background) => {
    expect(isReadable(foreground, background)).toBe(true);
  });

  it.each([
    ['#777777', '#888888'],
    ['#ffff00', '#ffffff'],
    ['#cccccc', '#ffffff'],
    ['#000000', '#ff0000'],
    ['#0000ff', '#000000'],
    ['#123456', '#123456'],
  ] as const)('refuses %s on %s', (foreground, background) => {
    expect(isReadable(foreground, background)).toBe(false);
  });
});

describe('nearestReadable', () => {
  it('always reads, and darkens the foreground before it touches the background', () => {
    fc.assert(
      fc.property(colour, colour, (foreground, background) => {
        fc.pre(!isReadable(foreground, background));
        const nearest = nearestReadable(foreground, background);
        expect(isReadable(nearest.foreground, nearest.background)).toBe(true);
        expect(nearest.background === background).toBe(isReadable('#000000', background));
      }),
      { numRuns: 2000 },
    );
  });

  it('keeps the hue and changes no more than it must', () => {
    const { foreground } = nearestReadable('#ffb0b0', '#ffffff');
    const [red = 0, green = 0, blue = 0] = channels(foreground);
    expect(green).toBe(blue);
    expect(green / red).toBeCloseTo(0xb0 / 0xff, 1);
    expect(contrastOf(foreground, '#ffffff')).toBeLessThan(minContrast + 2);
  });

  it('swaps the two when neither can be mended alone', () => {
    expect(nearestReadable('#ffeedd', '#001122')).toEqual({ foreground: '#001122', background: '#ffeedd' });
  });
});
