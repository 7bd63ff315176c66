import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Frame, leastModulePx, modulePx, pixelGrid, smallestSize } from '../../../shared/domain/pixel-grid.ts';

const modules = fc.integer({ min: 1, max: 40 }).map((version) => 17 + 4 * version);
const quietZone = fc.oneof(
  fc.record({ margin: fc.integer({ min: 0, max: 20 }), marginPx: fc.constant(null) }),
  fc.record({ margin: fc.constant(0), marginPx: fc.integer({ min: 0, max: 50 }) }),
);
const frame = fc
  .tuple(modules, quietZone, fc.integer({ min: 100, max: 2000 }))
  .map(([count, zone, size]) => ({ modules: count, ...zone, size }))
  .filter((any) => modulePx(any) >= 1);

function moduleEdges(any: Frame): number[] {
  const edgeAt = pixelGrid(any);
  return Array.from({ length: any.modules + 1 }, (_, at) => edgeAt(at));
}

describe('the pixel grid', () => {
  it('shares the pixels out over modules that differ by one at most', () => {
    fc.assert(
      fc.property(frame, (any) => {
        const edges = moduleEdges(any);
        const widths = edges.slice(1).map((edge, index) => edge - (edges[index] as number));
        expect(edges).toHaveLength(any.modules + 1);
        expect(Math.max(...widths) - Math.min(...widths)).toBeLessThanOrEqual(1);
        expect(Math.min(...widths)).toBeGreaterThanOrEqual(1);
      }),
    );
  });

  it('keeps the quiet zone to less than a pixel, and one in pixels exactly', () => {
    fc.assert(
      fc.property(frame, (any) => {
        const asked = any.marginPx ?? any.margin * modulePx(any);
        const near = pixelGrid(any)(0);
        const far = any.size - pixelGrid(any)(any.modules);
        const tolerance = any.marginPx === null ? 0.999 : 1e-9;
        expect(Math.abs(near - asked)).toBeLessThanOrEqual(tolerance);
        expect(Math.abs(far - asked)).toBeLessThanOrEqual(tolerance);
      }),
    );
  });

  it('makes all modules equal where the size is a multiple of them', () => {
    expect(moduleEdges({ modules: 21, size: 290, margin: 4, marginPx: null })).toEqual(
      Array.from({ length: 22 }, (_, index) => 40 + 10 * index),
    );
  });

  it('shows readers that count modules by the finder patterns the right number of them', () => {
    // At these sizes rounding to the nearest px made all finder patterns too wide, and zxing took versions for smaller ones.
    for (const [version, margin, size] of [
      [7, 4, 152],
      [10, 0, 129],
      [10, 4, 147],
      [10, 4, 199],
      [17, 4, 273],
    ] as const) {
      const symbol = 17 + 4 * version;
      const edgeAt = pixelGrid({ modules: symbol, size, margin, marginPx: null });
      const shown = edgeAt(7) - edgeAt(0) + edgeAt(6) - edgeAt(1);
      const counted = (12 * (edgeAt(symbol - 7) - edgeAt(0))) / shown + 7;
      expect(Math.abs(counted - symbol)).toBeLessThan(1.7);
    }
  });

  it('names the smallest size that gives modules the pixels they need', () => {
    fc.assert(
      fc.property(modules, quietZone, (count, zone) => {
        const size = smallestSize({ modules: count, ...zone });
        expect(modulePx({ modules: count, size, ...zone })).toBeGreaterThanOrEqual(leastModulePx(zone));
        expect(modulePx({ modules: count, size: size - 1, ...zone })).toBeLessThan(leastModulePx(zone));
      }),
    );
  });
});
