/** What is measured: one call, and how many of them make a round (a few ms of work at least). */
export type Measured = { call: (index: number) => unknown; calls: number };

/**
 * Returns how long one call of each takes, ms: the median of `rounds` rounds, after one that warms up. The rounds take
 * turns, so that whatever else the machine does falls on all of them alike.
 */
export async function medianMs<Name extends string>(
  measured: Record<Name, Measured>,
  rounds = 9,
): Promise<Record<Name, number>> {
  const names = Object.keys(measured) as Name[];
  const times = new Map(names.map((name) => [name, [] as number[]]));
  for (let round = 0; round <= rounds; round++)
    for (const name of names) {
      const { call, calls } = measured[name];
      const start = performance.now();
      for (let index = 0; index < calls; index++) await call(round * calls + index);
      if (round > 0) times.get(name)?.push((performance.now() - start) / calls);
    }
  const median = (name: Name) => (times.get(name) ?? []).sort((a, b) => a - b)[rounds >> 1] as number;
  return Object.fromEntries(names.map((name) => [name, median(name)])) as Record<Name, number>;
}
