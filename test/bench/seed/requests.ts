import type { Client } from '../../support/client.ts';
import { type CpuTimes, cpuTimes } from './processes.ts';

export type Timed = { name: string; medianMs: number; slowestMs: number; mainMs: number; cpuMs: number };

/**
 * Times a request, one after the other, after one that warms up: how long an answer took, and what it cost the API's main thread
 * and all its threads.
 *
 * @param paths are taken in turn
 */
export async function timeGet(
  { client, apiPid }: { client: Client; apiPid: number },
  name: string,
  paths: string[],
  times = 5,
): Promise<Timed> {
  const get = async (path: string): Promise<number> => {
    const start = performance.now();
    const answer = await client.get(path);
    const text = await answer.text();
    if (answer.status !== 200) throw new Error(`GET ${path}: ${answer.status} ${text}`);
    return performance.now() - start;
  };
  await get(paths[0] as string);
  const before = await cpuTimes(apiPid);
  const took: number[] = [];
  for (let at = 0; at < times; at++) took.push(await get(paths[at % paths.length] as string));
  return { name, ...summary(took, before, await cpuTimes(apiPid)) };
}

export function summary(took: number[], before: CpuTimes, after: CpuTimes): Omit<Timed, 'name'> {
  const sorted = took.toSorted((a, b) => a - b);
  return {
    medianMs: sorted[sorted.length >> 1] as number,
    slowestMs: sorted.at(-1) as number,
    mainMs: (after.main - before.main) / took.length,
    cpuMs: (after.all - before.all) / took.length,
  };
}

export function told({ name, medianMs, slowestMs, mainMs, cpuMs }: Timed): string {
  const [median, slowest, main, cpu] = [medianMs, slowestMs, mainMs, cpuMs].map((ms) => ms.toFixed(1));
  return `  ${name}: median ${median} ms, slowest ${slowest} ms (CPU of the API ${cpu} ms, of its main thread ${main} ms)`;
}

/** Prints those of many that matter: the slowest by median, and how many missed the aim. */
export function tellMany(what: string, timed: Timed[], aimMs: number): void {
  const slowest = timed.toSorted((a, b) => b.medianMs - a.medianMs);
  const missed = timed.filter(({ medianMs }) => medianMs >= aimMs).length;
  const middle = slowest[slowest.length >> 1] as Timed;
  console.log(`${what}: ${timed.length} kinds, ${missed} miss the aim of ${aimMs} ms`);
  console.log(told({ ...middle, name: `in the middle ${middle.name}` }));
  for (const one of slowest.slice(0, 5)) console.log(told(one));
}
