import { unavailable } from '../../../errors.ts';
import type { IdempotencyRow, IdempotencyStore } from '../database.ts';
import type { MongoConnection } from './connection.ts';
import { isDuplicateKey } from './mongo-error.ts';

type Claim = Omit<IdempotencyRow, 'scope'>;

const maxRounds = 20;

/** Every query here finds its one document by `_id`, but for those of the purge. */
export function mongoIdempotency(connection: MongoConnection): IdempotencyStore {
  const { idempotency } = connection.collections;
  const run = connection.run.bind(connection);

  const insert = async (scope: string, record: Claim): Promise<boolean> => {
    try {
      await idempotency.insertOne({ _id: scope, ...record });
      return true;
    } catch (error) {
      if (isDuplicateKey(error)) return false;
      throw error;
    }
  };

  /** Puts `next` in the place of `current` unless somebody else changed it meanwhile. */
  const replace = async (scope: string, current: Claim, next: Claim): Promise<boolean> =>
    (await idempotency.replaceOne({ _id: scope, ...current }, next)).matchedCount === 1;

  return {
    claim: ({ scope, ...wanted }, now) =>
      run(async () => {
        const record = { ...wanted, answeredAt: null, sealedSecret: null };
        for (let round = 0; round < maxRounds; round++) {
          if (await insert(scope, record)) return { won: true, row: { scope, ...record } };
          const found = await idempotency.findOne({ _id: scope });
          if (found === null) continue;
          const { _id, ...current } = found;
          const next = successor(current, record, now);
          if (next === null) return { won: false, row: { scope, ...current } };
          if (await replace(scope, current, next)) return { won: true, row: { scope, ...next } };
        }
        throw unavailable('database_unavailable', `A claim came and went in ${maxRounds} tries to take it`);
      }),
    answered: ({ scope, holder }, now, sealedSecret) =>
      run(async () => {
        const filter = { _id: scope, holder, answeredAt: null };
        await idempotency.updateOne(filter, { $set: { answeredAt: now, sealedSecret } });
      }),
    release: ({ scope, holder }) =>
      run(async () => {
        await idempotency.deleteOne({ _id: scope, holder, answeredAt: null });
      }),
    abandon: ({ scope, holder }, now) =>
      run(async () => {
        await idempotency.updateOne({ _id: scope, holder, answeredAt: null }, { $set: { leaseUntil: now } });
      }),
    /** Index: `expiring`. */
    purgeExpired: (before, limit) =>
      run(async () => {
        const expired = { expiresAt: { $lt: before } };
        const sorted = idempotency.find(expired, { projection: { _id: 1 } }).sort({ expiresAt: 1 });
        const scopes = (await sorted.limit(limit).toArray()).map(({ _id }) => _id);
        if (scopes.length > 0) await idempotency.deleteMany({ _id: { $in: scopes }, ...expired });
        return scopes.length;
      }),
  };
}

/** Returns what takes the place of `current`, or null when it stands. A lease that ran out goes to an equal request only. */
function successor(current: Claim, wanted: Claim, now: number): Claim | null {
  if (current.expiresAt <= now) return wanted;
  const abandoned = current.answeredAt === null && current.leaseUntil <= now;
  return abandoned && current.fingerprint === wanted.fingerprint ? { ...wanted, resourceId: current.resourceId } : null;
}
