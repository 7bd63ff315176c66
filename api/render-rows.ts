import { LRUCache } from 'lru-cache';
import type { RenderRow, RenderStore } from '../shared/adapters/database/database.ts';
import type { Queues } from '../shared/adapters/queues.ts';
import { groupCommit } from '../shared/group-commit.ts';
import type { Log } from '../shared/log.ts';

/** How long a completed row is trusted here: so long may a deletion in another API process go unseen when its message is lost. */
const trustedForMs = 5000;
/** Bytes go after a day or more without use; one note an hour keeps what is used, at next to no cost. */
const touchEveryMs = 60 * 60 * 1000;
/** A row that was used within this time is not yet near its purge. */
const safeForMs = 12 * 60 * 60 * 1000;

export type RenderRows = ReturnType<typeof createRenderRows>;

type Needs = { store: RenderStore; queues: Pick<Queues, 'onEnded' | 'onForgotten'>; now: () => number; log: Log };

/** Remembers completed renders for a few seconds, and notes now and then that they are used. */
export function createRenderRows({ store, queues, now, log }: Needs) {
  const completed = new LRUCache<string, RenderRow>({ max: 20_000, ttl: trustedForMs });
  const touch = groupCommit<string, void>(
    async (ids) => {
      await store.touch(ids, now());
      return ids.map(() => undefined);
    },
    { maxGroup: 500 },
  );

  queues.onEnded((ids) => {
    for (const id of ids) completed.delete(id);
  });

  queues.onForgotten((what) => {
    if (what === 'all') completed.clear();
    else for (const id of what) completed.delete(id);
  });

  const remember = (row: RenderRow): void => {
    if (row.status === 'completed') completed.set(row.id, row);
  };

  /** Notes that the render is used, at most once an hour; never holds up or fails the caller. */
  const use = (row: RenderRow): void => {
    const at = now();
    if (at - row.lastUsedAt < touchEveryMs) return;
    row.lastUsedAt = at;
    touch(row.id).catch((err: unknown) => log.warn({ err }, 'use of a render not noted'));
  };

  return {
    remember,
    /** The completed row, when it was seen in the last seconds. */
    recall: (id: string): RenderRow | null => completed.get(id) ?? null,
    forget: (id: string): void => void completed.delete(id),
    async find(id: string): Promise<RenderRow | null> {
      const known = completed.get(id);
      if (known) return known;
      const row = await store.find(id);
      if (row) remember(row);
      return row;
    },
    /**
     * Makes sure that a row stays which an answer relies on: what was not used for long may be purged just now.
     *
     * @returns false when it is gone
     */
    async keep(row: RenderRow): Promise<boolean> {
      const at = now();
      if (at - row.lastUsedAt < safeForMs) {
        use(row);
        return true;
      }
      await touch(row.id);
      if ((await store.find(row.id)) === null) {
        completed.delete(row.id);
        return false;
      }
      row.lastUsedAt = at;
      return true;
    },
    use,
  };
}
