import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { groupCommit } from '../../shared/group-commit.ts';

type Write = { items: number[]; answer(results: number[]): void; fail(error: Error): void };

/** A write whose end the test decides. */
function controlled() {
  const writes: Write[] = [];
  const write = (items: number[]) =>
    new Promise<number[]>((answer, fail) => {
      writes.push({ items, answer, fail });
    });
  return { writes, write };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('a group commit', () => {
  it('writes an idle caller alone and at once', () => {
    const { writes, write } = controlled();
    void groupCommit(write, { maxGroup: 16 })(1);
    expect(writes.map(({ items }) => items)).toEqual([[1]]);
  });

  it('gathers who comes while a write is under way, and takes at most maxGroup of them together', async () => {
    const { writes, write } = controlled();
    const commit = groupCommit(write, { maxGroup: 3 });
    const answers = [1, 2, 3, 4, 5].map(commit);
    expect(writes.map(({ items }) => items)).toEqual([[1]]);
    writes[0]?.answer([10]);
    await settle();
    expect(writes.map(({ items }) => items)).toEqual([[1], [2, 3, 4]]);
    writes[1]?.answer([20, 30, 40]);
    await settle();
    writes[2]?.answer([50]);
    expect(await Promise.all(answers)).toEqual([10, 20, 30, 40, 50]);
  });

  it('fails every caller of the group that failed, and no other', async () => {
    const { writes, write } = controlled();
    const commit = groupCommit(write, { maxGroup: 2 });
    const answers = Promise.allSettled([1, 2, 3, 4].map(commit));
    writes[0]?.answer([10]);
    await settle();
    const error = new Error('disk full');
    writes[1]?.fail(error);
    await settle();
    writes[2]?.answer([40]);
    expect(await answers).toEqual([
      { status: 'fulfilled', value: 10 },
      { status: 'rejected', reason: error },
      { status: 'rejected', reason: error },
      { status: 'fulfilled', value: 40 },
    ]);
  });

  it('goes on after a write that throws before it answers a promise', async () => {
    let broken = true;
    const commit = groupCommit<number, number>(
      (items) => {
        if (broken) throw new Error('not connected');
        return Promise.resolve(items);
      },
      { maxGroup: 4 },
    );
    await expect(commit(1)).rejects.toThrow('not connected');
    broken = false;
    expect(await commit(2)).toBe(2);
  });

  it('rejects the group whose write answers another number of results than it was given items', async () => {
    const commit = groupCommit<number, number>(async () => [], { maxGroup: 4 });
    await expect(commit(1)).rejects.toThrow('got 1 items and answered 0 results');
  });

  it('runs as many writes side by side as it has lanes, and no more', async () => {
    const { writes, write } = controlled();
    const commit = groupCommit(write, { maxGroup: 1, lanes: 2 });
    const answers = [1, 2, 3].map(commit);
    expect(writes.map(({ items }) => items)).toEqual([[1], [2]]);
    writes[1]?.answer([20]);
    await settle();
    expect(writes.map(({ items }) => items)).toEqual([[1], [2], [3]]);
    writes[0]?.answer([10]);
    writes[2]?.answer([30]);
    expect(await Promise.all(answers)).toEqual([10, 20, 30]);
  });

  it('answers every item once and in its own place, whatever the order of calls and failures', async () => {
    const plans = fc.array(fc.record({ pauses: fc.nat(3), work: fc.nat(3), fails: fc.boolean() }), { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(
        plans,
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 1, max: 3 }),
        async (plan, max, lanes) => {
          const written: number[] = [];
          const groups: number[] = [];
          let running = 0;
          let mostRunning = 0;
          const commit = groupCommit(
            async (items: number[]) => {
              groups.push(items.length);
              written.push(...items);
              mostRunning = Math.max(mostRunning, ++running);
              const { work, fails } = plan[items[0] as number] as (typeof plan)[number];
              for (let turn = 0; turn < work; turn++) await Promise.resolve();
              running--;
              if (fails) throw new Error(`group of ${items[0]}`);
              return items.map((item) => item * 2);
            },
            { maxGroup: max, lanes },
          );
          const answers = [];
          for (const [item, { pauses }] of plan.entries()) {
            for (let turn = 0; turn < pauses; turn++) await Promise.resolve();
            answers.push(
              commit(item).then(
                (result) => result === item * 2,
                (error: Error) => /^group of \d+$/.test(error.message),
              ),
            );
          }
          expect(await Promise.all(answers)).toEqual(plan.map(() => true));
          expect(written).toEqual(plan.map((_, item) => item));
          expect(Math.max(0, ...groups)).toBeLessThanOrEqual(max);
          expect(mostRunning).toBeLessThanOrEqual(lanes);
        },
      ),
    );
  });

  it('answers each of a hundred thousand callers that came at once', async () => {
    const commit = groupCommit(async (items: number[]) => items, { maxGroup: 16 });
    const count = 100_000;
    const answers = await Promise.all(Array.from({ length: count }, (_, item) => commit(item)));
    expect(answers.every((answer, item) => answer === item)).toBe(true);
  });
});
