/**
 * Groups calls without delaying any: while one write is under way the next callers gather, and go together.
 *
 * Idle, a group is one. `write` gets 1…`maxGroup` items and answers one result per item, in their order; when it throws, or
 * answers another number of results, every caller of that group gets the error, and no other. At most `lanes` writes run
 * side by side.
 *
 * @param options.observe is told the size of each group
 */
export function groupCommit<Item, Result>(
  write: (items: Item[]) => Promise<Result[]>,
  { maxGroup, lanes = 1, observe }: { maxGroup: number; lanes?: number; observe?: (size: number) => void },
): (item: Item) => Promise<Result> {
  type Waiting = { item: Item; resolve: (result: Result) => void; reject: (error: unknown) => void };
  const waiting: Waiting[] = [];
  let running = 0;

  const commit = async (group: Waiting[]): Promise<void> => {
    observe?.(group.length);
    try {
      const results = await write(group.map(({ item }) => item));
      if (results.length !== group.length)
        throw new Error(`A group's write got ${group.length} items and answered ${results.length} results`);
      group.forEach(({ resolve }, index) => {
        resolve(results[index] as Result);
      });
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  };

  const drain = async (): Promise<void> => {
    running++;
    while (waiting.length > 0) {
      await commit(waiting.splice(0, maxGroup));
    }
    running--;
  };

  return (item) =>
    new Promise<Result>((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      if (running < lanes) void drain();
    });
}
