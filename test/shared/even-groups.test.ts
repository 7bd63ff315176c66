import fc from 'fast-check';
import { expect, it } from 'vitest';
import { EvenGroups } from '../../shared/even-groups.ts';

const add = (groups: EvenGroups, count: number): void => {
  for (let line = 0; line < count; line++) void groups.add('x');
};

it('hands on as many as wait, or half of these and the last group together', () => {
  const groups = new EvenGroups(500);
  const sizes: number[] = [];
  for (const more of [1, 63, 0, 8, 200, 0, 0]) {
    add(groups, more);
    sizes.push(groups.take().lines.length);
  }
  expect(sizes).toEqual([1, 32, 31, 8, 104, 96, 0]);
});

it('keeps the order, loses nothing, and takes at most so many at once', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.array(fc.nat(60), { maxLength: 12 }), (most, bursts) => {
      const groups = new EvenGroups(most);
      const taken: string[] = [];
      let added = 0;
      const take = (): void => {
        const { lines } = groups.take();
        expect(lines.length).toBeGreaterThan(0);
        expect(lines.length).toBeLessThanOrEqual(most);
        taken.push(...lines);
      };
      for (const burst of bursts) {
        for (let line = 0; line < burst; line++) void groups.add(String(added++));
        if (!groups.isEmpty) take();
      }
      while (!groups.isEmpty) take();
      expect(taken).toEqual(Array.from({ length: added }, (_, line) => String(line)));
    }),
  );
});

it('settles each line with its own group', async () => {
  const groups = new EvenGroups(8);
  const lines = Array.from({ length: 16 }, () => groups.add('x'));
  groups.take().resolve();
  groups.take().reject(new Error('The disk is full'));
  const settled = await Promise.allSettled(lines);
  expect(settled.map(({ status }) => status)).toEqual([...Array(8).fill('fulfilled'), ...Array(8).fill('rejected')]);
});
