/** Numbers below one that follow from `seed` (mulberry32): what failed once can be run again. */
export function seededLot(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Returns the items in an order by lot. */
export function shuffled<Item>(items: readonly Item[], lot: () => number): Item[] {
  const keyed = items.map((item) => ({ item, key: lot() }));
  return keyed.sort((a, b) => a.key - b.key).map(({ item }) => item);
}
