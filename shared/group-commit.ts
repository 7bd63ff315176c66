/**
 * Groups calls without delaying any: while one write is under way the next callers gather, and go together.
 *
 * Idle, a group is one. `write` gets 1…`maxGroup` items and answers one result per item, in their order; when it throws,
 * every caller of that group gets the error. At most `lanes` writes run side by side.
 */
export function groupCommit<Item, Result>(
  write: (items: Item[]) => Promise<Result[]>,
  { maxGroup, lanes = 1 }: { maxGroup: number; lanes?: number },
): (item: Item) => Promise<Result> {
  type Waiting = { item: Item; resolve: (result: Result) => void; reject: (error: unknown) => void };
  let waiting: Waiting[] = [];
  let running = 0;

  const commit = async (group: Waiting[]): Promise<void> => {
    try {
      const results = await write(group.map(({ item }) => item));
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
      const group = waiting.slice(0, maxGroup);
      waiting = waiting.slice(maxGroup);
      await commit(group);
    }
    running--;
  };

  return (item) =>
    new Promise<Result>((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      if (running < lanes) void drain();
    });
}
