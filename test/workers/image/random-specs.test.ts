import { describe, expect, it } from 'vitest';
import { hasZbar } from '../../support/decode.ts';
import { tryRandomSpecs } from '../../support/random-specs.ts';

const minutes = 60_000;

describe('planRender and drawRender together', () => {
  it.skipIf(!hasZbar)(
    'draw what two independent readers read to the byte, or refuse it',
    async () => {
      const seed = 4;
      const { drawn, withLogo, refused, misreads } = await tryRandomSpecs(300, seed);
      const seen = misreads.map(({ reader, plan: { spec, symbol } }) => ({ reader, spec, version: symbol.version }));
      expect(seen, `seed ${seed}: npm run bench -- random-specs --count 300 --seed ${seed}`).toEqual([]);
      expect(drawn).toBeGreaterThan(100);
      expect(withLogo).toBeGreaterThan(40);
      expect(Object.keys(refused).length).toBeGreaterThan(2);
    },
    5 * minutes,
  );
});
