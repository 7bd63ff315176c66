import type { UnusedRenders } from '../../shared/adapters/database/purge-store.ts';
import { imageKey } from '../../shared/domain/object-key.ts';
import { inParallel } from '../in-parallel.ts';
import { dayMs, everyPage, type PurgeDeps, type PurgeStep } from './purge-deps.ts';

/** Rows are kept for so long after the last use, so that purged images can be drawn again under their ids. */
const rowKeepDays = 400;
const keylessImageKeepDays = 1;
const keylessRowKeepDays = 30;

const pageSize = 500;
const removedAtOnce = 16;

/**
 * Removes images that nobody used for long, and rows that nobody used for much longer. The object goes first: a crash in between
 * finds the row again. A use that comes meanwhile keeps the row; its image, when it is gone already, is drawn again.
 */
export const purgeRenders: PurgeStep = async (deps, hasTime) => {
  const ages = [
    { isAnonymous: true, imageDays: keylessImageKeepDays, rowDays: keylessRowKeepDays },
    { isAnonymous: false, imageDays: deps.imageKeepDays, rowDays: Math.max(rowKeepDays, deps.imageKeepDays) },
  ];
  for (const { isAnonymous, imageDays, rowDays } of ages) {
    const since = (days: number): UnusedRenders => ({ isAnonymous, before: deps.now() - days * dayMs });
    if (!(await everyPage(pageSize, hasTime, (limit) => purgeImages(deps, since(imageDays), limit)))) return false;
    if (!(await everyPage(pageSize, hasTime, (limit) => purgeRows(deps, since(rowDays), limit)))) return false;
  }
  return true;
};

async function purgeImages({ database, objects, onPurged }: PurgeDeps, unused: UnusedRenders, limit: number) {
  const images = await database.renders.unusedImages(unused, limit);
  if (images.length === 0) return 0;
  await inParallel(images, removedAtOnce, ({ id, format }) => objects.remove(imageKey(id, format)));
  await database.renders.imagesRemoved(
    images.map(({ id }) => id),
    unused.before,
  );
  onPurged('images', images.length);
  return images.length;
}

async function purgeRows({ database, onPurged }: PurgeDeps, unused: UnusedRenders, limit: number): Promise<number> {
  const count = await database.renders.removeUnused(unused, limit);
  if (count > 0) onPurged('renders', count);
  return count;
}
