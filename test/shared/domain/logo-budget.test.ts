import { describe, expect, it } from 'vitest';
import { blockLayout } from '../../../shared/domain/block-layout.ts';
import { codewordsHit, logoShare, placeLogo } from '../../../shared/domain/logo-budget.ts';

describe('placeLogo', () => {
  it('centres the logo with its longer side at the ratio and its shape kept', () => {
    const box = placeLogo(41, 0.3, { widthPx: 400, heightPx: 100 });
    expect(box.width).toBeCloseTo(12.3);
    expect(box.height).toBeCloseTo(12.3 / 4);
    expect(box.x + box.width / 2).toBeCloseTo(20.5);
    expect(box.y + box.height / 2).toBeCloseTo(20.5);
  });

  it('clears whole modules, alike on both sides, with half a module to one and a half around the logo', () => {
    for (const modules of [21, 29, 57, 177])
      for (const ratio of [0.05, 0.1, 0.2, 0.299, 0.3])
        for (const [widthPx, heightPx] of [
          [1, 1],
          [1000, 1],
          [1, 1000],
          [300, 200],
        ] as const) {
          const { clear, x, y, width, height } = placeLogo(modules, ratio, { widthPx, heightPx });
          for (const [start, size, logoStart, logoSize] of [
            [clear.x, clear.width, x, width],
            [clear.y, clear.height, y, height],
          ] as const) {
            expect(Number.isInteger(start) && Number.isInteger(size)).toBe(true);
            expect(2 * start + size).toBe(modules);
            expect(logoStart - start).toBeGreaterThanOrEqual(0.5 - 1e-9);
            expect(logoStart - start).toBeLessThan(1.5);
            expect(logoStart - start).toBeCloseTo(start + size - (logoStart + logoSize));
          }
        }
  });
});

describe('codewordsHit', () => {
  it('counts each codeword once, in its block', () => {
    // Version 5 at H: four blocks, 134 codewords; the whole of the free middle between the finders' columns.
    const hits = codewordsHit(5, 'H', { x: 9, y: 9, width: 19, height: 19 }) ?? [];
    expect(hits).toHaveLength(4);
    const all = hits.reduce((sum, hit) => sum + hit, 0);
    expect(all).toBeGreaterThanOrEqual((19 * 19) / 8);
    expect(all).toBeLessThan(134);
  });

  it('refuses to cover format information, timing or finders', () => {
    expect(codewordsHit(1, 'H', { x: 9, y: 9, width: 3, height: 3 })).not.toBeNull();
    expect(codewordsHit(1, 'H', { x: 8, y: 8, width: 5, height: 5 })).toBeNull();
    expect(codewordsHit(2, 'H', { x: 9, y: 9, width: 7, height: 7 })).not.toBeNull();
    expect(codewordsHit(2, 'H', { x: 8, y: 8, width: 9, height: 9 })).toBeNull();
  });

  it('covers the alignment pattern in the middle without a cost', () => {
    expect(codewordsHit(7, 'M', { x: 20, y: 20, width: 5, height: 5 })).toEqual([0, 0, 0, 0]);
  });
});

describe('logoShare', () => {
  it('measures the block that is hit worst', () => {
    const clear = { x: 13, y: 13, width: 11, height: 11 };
    const worst = Math.max(...(codewordsHit(5, 'Q', clear) ?? []));
    expect(logoShare(5, 'Q', clear)).toBe(worst / blockLayout(5, 'Q').correctablePerBlock);
  });

  it('keeps the codewords that the smallest versions need against misdecoding (table 9)', () => {
    expect(blockLayout(1, 'L').correctablePerBlock).toBe(2);
    expect(blockLayout(1, 'M').correctablePerBlock).toBe(4);
    expect(blockLayout(1, 'Q').correctablePerBlock).toBe(6);
    expect(blockLayout(1, 'H').correctablePerBlock).toBe(8);
    expect(blockLayout(2, 'L').correctablePerBlock).toBe(4);
    expect(blockLayout(3, 'L').correctablePerBlock).toBe(7);
    expect(blockLayout(4, 'L').correctablePerBlock).toBe(10);
  });
});
