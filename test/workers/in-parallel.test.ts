import { expect, it } from 'vitest';
import { inParallel } from '../../workers/in-parallel.ts';

it('answers in the order of the items, however long each takes', async () => {
  const turns = async (count: number): Promise<number> => {
    for (let turn = 0; turn < count; turn++) await new Promise(setImmediate);
    return count;
  };
  expect(await inParallel([5, 1, 3, 0], 2, turns)).toEqual([5, 1, 3, 0]);
});

it('begins nothing more once something has failed', async () => {
  const begun: number[] = [];
  const work = async (item: number): Promise<void> => {
    begun.push(item);
    await new Promise(setImmediate);
    if (item === 1) throw new Error('The first of all');
  };
  await expect(inParallel([1, 2, 3, 4, 5, 6], 2, work)).rejects.toThrow('The first of all');
  await new Promise((resolve) => setImmediate(() => setImmediate(() => setImmediate(resolve))));
  expect(begun.length).toBeLessThan(5);
});
