import { dayMs, type PurgeStep } from './purge-deps.ts';

/** A deleted logo that is uploaded again soon is as it was. */
const deletedKeepDays = 1;
const pageSize = 200;

/**
 * Removes logos that were deleted and that no render and no code has any more: those may be drawn again. Their bytes have no owner
 * from then on, and go with the orphans.
 */
export const purgeLogos: PurgeStep = async ({ database, now, onPurged }, hasTime) => {
  const { logos, renders, codes } = database;
  const before = now() - deletedKeepDays * dayMs;
  let after: { deletedAt: number; id: string } | null = null;
  for (;;) {
    const page: { deletedAt: number; id: string }[] = await logos.deleted({ before, limit: pageSize, after });
    for (const { id } of page) {
      if ((await renders.hasLogo(id)) || (await codes.hasLogo(id))) continue;
      if (await logos.purge(id, before)) onPurged('logos', 1);
    }
    after = page.at(-1) ?? null;
    if (page.length < pageSize) return true;
    if (!hasTime()) return false;
  }
};
