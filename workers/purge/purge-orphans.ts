import { batchOfKey } from '../../shared/domain/batches/batch-ids.ts';
import { logoOfKey, renderOfKey } from '../../shared/domain/object-key.ts';
import { dayMs, type PurgeDeps } from './purge-deps.ts';

/** An object may come before its row: an upload before its batch, a logo before its check. None takes so long. */
export const unownedKeepMs = dayMs;
const pageSize = 500;

/**
 * Removes objects that no row owns and that were not stored lately: of uploads whose request died, of rows that are gone. Keys that
 * are not ours stay. Goes through the whole store, page by page, as long as `hasTime`.
 *
 * @param after the key behind which it goes on; null: from the first
 * @returns where to go on, null when it came to the end
 */
export async function purgeOrphans(
  deps: PurgeDeps,
  after: string | null,
  hasTime: () => boolean,
): Promise<string | null> {
  const { objects, now, onPurged } = deps;
  if (after === null) {
    const unfinished = await objects.removeUnfinished(now() - unownedKeepMs);
    if (unfinished > 0) onPurged('unfinished uploads', unfinished);
  }
  let page: string[] = [];
  for await (const key of objects.list('', after ?? undefined)) {
    if (page.push(key) < pageSize) continue;
    await purgePage(deps, page);
    if (!hasTime()) return key;
    page = [];
  }
  await purgePage(deps, page);
  return null;
}

async function purgePage(deps: PurgeDeps, keys: string[]): Promise<void> {
  const { objects, now, onPurged } = deps;
  let removed = 0;
  for (const key of await withoutOwner(deps, keys)) {
    // Asked last: what is stored again in between is younger.
    const modifiedAt = await objects.modifiedAt(key);
    if (modifiedAt === null || modifiedAt > now() - unownedKeepMs) continue;
    await objects.remove(key);
    removed++;
  }
  if (removed > 0) onPurged('orphaned objects', removed);
}

type Owners = { database: Pick<PurgeDeps['database'], 'renders' | 'logos' | 'batches'> };

/** Returns those of the keys that no row owns; keys that are not ours are none of them. */
export async function withoutOwner({ database }: Owners, keys: string[]): Promise<string[]> {
  const kinds = [
    { ownerOf: renderOfKey, find: (ids: string[]) => database.renders.findMany(ids) },
    { ownerOf: logoOfKey, find: (ids: string[]) => database.logos.findMany(ids) },
    {
      ownerOf: batchOfKey,
      find: async (ids: string[]) => (await database.batches.findMany(ids)).filter(({ purgedAt }) => purgedAt === null),
    },
  ];
  const orphans: string[] = [];
  for (const { ownerOf, find } of kinds) {
    const owned = keys.flatMap((key) => {
      const owner = ownerOf(key);
      return owner === null ? [] : [{ key, owner }];
    });
    if (owned.length === 0) continue;
    const owners = await find([...new Set(owned.map(({ owner }) => owner))]);
    const alive = new Set(owners.map(({ id }) => id));
    orphans.push(...owned.filter(({ owner }) => !alive.has(owner)).map(({ key }) => key));
  }
  return orphans;
}
