import type { UsageDay, UsageStore } from '../usage-store.ts';
import type { MongoConnection } from './connection.ts';
import { isDuplicateKey } from './mongo-error.ts';

/** A tenant's day; ids of one tenant are in the order of days. */
export type UsageDocument = UsageDay & { _id: string };

function rowOf({ _id, ...day }: UsageDocument): UsageDay {
  return day;
}

export function mongoUsage(connection: MongoConnection): UsageStore {
  const { usage } = connection.collections;
  const run = connection.run.bind(connection);
  const addOne = async ({ tenantId, day, ...counts }: UsageDay): Promise<void> => {
    const update = { $inc: counts, $setOnInsert: { tenantId, day } };
    const upsert = () => usage.updateOne({ _id: `${tenantId} ${day}` }, update, { upsert: true });
    /* Two upserts of a new day at once: one of them meets the other's document, to which it may add now. */
    await upsert().catch((error: unknown) => {
      if (!isDuplicateKey(error)) throw error;
      return upsert();
    });
  };
  return {
    async add(days) {
      for (const [index, day] of days.entries()) {
        try {
          await run(() => addOne(day));
        } catch (err) {
          return { left: days.slice(index), err };
        }
      }
      return { left: [], err: null };
    },
    find: (tenantId, day) =>
      run(async () => {
        const document = await usage.findOne({ _id: `${tenantId} ${day}` });
        return document && rowOf(document);
      }),
    /** Index: `by_tenant`. */
    list: (tenantId, { from, to }) =>
      run(async () => {
        const found = usage.find({ tenantId, day: { $gte: from, $lt: to } }).sort({ day: 1 });
        return (await found.toArray()).map(rowOf);
      }),
    /** Index: `by_day`. */
    purge: (before, limit) =>
      run(async () => {
        const old = usage
          .find({ day: { $lt: before } }, { projection: { _id: 1 } })
          .sort({ day: 1 })
          .limit(limit);
        const ids = (await old.toArray()).map(({ _id }) => _id);
        if (ids.length > 0) await usage.deleteMany({ _id: { $in: ids } });
        return ids.length;
      }),
  };
}
