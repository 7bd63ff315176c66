import { expect, it } from 'vitest';
import { createBreather } from '../../workers/breather.ts';

function breathing(mostPausesMs = 30_000) {
  const clock = { now: 5000 };
  const pauses: number[] = [];
  const pause = async (ms: number): Promise<void> => {
    pauses.push(ms);
    await new Promise(setImmediate);
    clock.now += ms;
  };
  return { clock, pauses, breather: createBreather({ now: () => clock.now, pause, mostPausesMs }) };
}

it('pauses eight times as long as was worked, once that is a tenth of a second, and at most two seconds', async () => {
  const { clock, pauses, breather } = breathing();
  for (const workedMs of [60, 39, 1, 99, 31, 900]) {
    clock.now += workedMs;
    await breather.breathe();
  }
  expect(pauses).toEqual([800, 1040, 2000]);
  expect(breather.pausedMs).toBe(3840);
});

it('makes one pause for all lanes of the work', async () => {
  const { clock, pauses, breather } = breathing();
  clock.now += 100;
  const left: string[] = [];
  const first = breather.breathe().then(() => left.push('first'));
  clock.now += 30;
  await Promise.all([first, breather.breathe().then(() => left.push('second'))]);
  expect(left).toEqual(['first', 'second']);
  expect(pauses).toEqual([800]);
});

it('goes on without pauses when it made enough of them', async () => {
  const { clock, pauses, breather } = breathing(1000);
  for (const workedMs of [100, 100, 100]) {
    clock.now += workedMs;
    await breather.breathe();
  }
  expect(pauses).toEqual([800, 200]);
});

it('ends the work of all lanes when a pause is cut short', async () => {
  const clock = { now: 5000 };
  const pause = () => Promise.reject(new Error('The process is told to end'));
  const breather = createBreather({ now: () => clock.now, pause, mostPausesMs: 30_000 });
  clock.now += 100;
  const lanes = await Promise.allSettled([breather.breathe(), breather.breathe()]);
  expect(lanes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
});
