/**
 * Runs `work` over the items, at most `width` at a time, and answers in their order. Rejects with the first error; nothing more is
 * begun behind it.
 */
export async function inParallel<Item, Result>(
  items: readonly Item[],
  width: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results = new Array<Result>(items.length);
  const queue = items.entries();
  let hasFailed = false;
  const lane = async (): Promise<void> => {
    for (const [index, item] of queue) {
      if (hasFailed) return;
      results[index] = await work(item);
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(width, items.length) }, lane));
    return results;
  } catch (error) {
    hasFailed = true;
    throw error;
  }
}
