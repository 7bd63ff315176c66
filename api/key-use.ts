import type { KeyRow, KeyStore } from '../shared/adapters/database/access-store.ts';
import { groupCommit } from '../shared/group-commit.ts';
import type { Log } from '../shared/log.ts';

/** One note a minute says enough, at next to no cost. */
const noteEveryMs = 60_000;

/** Makes a function that notes that a key is used; it never holds up or fails the caller. */
export function createKeyUse({ store, now, log }: { store: Pick<KeyStore, 'touch'>; now: () => number; log: Log }) {
  const touch = groupCommit<string, void>(
    async (ids) => {
      await store.touch([...new Set(ids)], now());
      return ids.map(() => undefined);
    },
    { maxGroup: 500 },
  );
  return (row: KeyRow): void => {
    const at = now();
    if (row.lastUsedAt !== null && at - row.lastUsedAt < noteEveryMs) return;
    row.lastUsedAt = at;
    touch(row.id).catch((err: unknown) => log.warn({ err }, 'use of a key not noted'));
  };
}
