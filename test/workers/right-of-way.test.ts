import { expect, it } from 'vitest';
import { createRightOfWay } from '../../workers/right-of-way.ts';

it('lets batch work go on at once while its slice lasts, then lets the process do other things', async () => {
  let now = 0;
  const way = createRightOfWay(() => now);
  const seen: string[] = [];
  setImmediate(() => seen.push('other'));
  await way.giveWay();
  seen.push('within the slice');
  now += 10;
  await way.giveWay();
  seen.push('next slice');
  expect(seen).toEqual(['within the slice', 'other', 'next slice']);
});

it('makes batch work wait for single renders, and goes on when they are done or do not cease', async () => {
  const way = createRightOfWay(() => 0);
  const seen: string[] = [];
  let end: () => void = () => undefined;
  const single = way.first(
    () =>
      new Promise<void>((resolve) => {
        end = () => {
          seen.push('single');
          resolve();
        };
      }),
  );
  const batch = way.giveWay().then(() => seen.push('batch'));
  setImmediate(() => setImmediate(end));
  await Promise.all([single, batch]);
  expect(seen).toEqual(['single', 'batch']);

  void way.first(() => new Promise<void>(() => undefined));
  await way.giveWay();
});

it('tells whoever listens of each single render', async () => {
  const way = createRightOfWay(() => 0);
  let heard = 0;
  way.onFirst(() => heard++);
  await way.first(async () => undefined);
  await way.first(async () => undefined);
  expect(heard).toBe(2);
});
