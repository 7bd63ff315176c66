import { purgeEverything } from '../purge/purge.ts';
import type { PurgedThing } from '../purge/purge-deps.ts';
import type { AdminContext } from './admin-context.ts';

/** Removes everything whose time is over, and every orphan, at once; the service does the same by and by. */
export async function purgeNow({ config, database, objects, now, say }: AdminContext): Promise<void> {
  const counts = new Map<PurgedThing, number>();
  await purgeEverything({
    database: await database(),
    objects: await objects(),
    imageKeepDays: config.imageKeepDays,
    auditKeepDays: config.auditKeepDays,
    usageKeepDays: config.usageKeepDays,
    now,
    onPurged: (what, count) => void counts.set(what, (counts.get(what) ?? 0) + count),
  });
  for (const [what, count] of counts) say(`${count} ${what} removed`);
  if (counts.size === 0) say('nothing had outlived its time');
}
