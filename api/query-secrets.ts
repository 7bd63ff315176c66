import { randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Database } from '../shared/adapters/database/database.ts';
import { createSeal } from '../shared/seal.ts';
import { overlapMs } from '../shared/signing-secrets.ts';

const secretPrefix = 'query-secret:';
const listPrefix = (tenantId: string): string => `query-secrets-of:${tenantId}:`;
/** Such a name sorts by the time in it. */
const listName = ({ tenantId, createdAt, kid }: Entry): string =>
  `${listPrefix(tenantId)}${String(createdAt).padStart(15, '0')}:${kid}`;
/** How long a secret that was looked up is trusted, and one that is not there is refused, without asking again. */
const trustedForMs = 5000;

type Entry = { kid: string; tenantId: string; createdAt: number };
type Needs = { database: Database; secretKey: string; now: () => number };

/** A secret that signs at present. */
export type QuerySecret = Entry & { secret: string; expiresAt: number | null };
export type QuerySecrets = ReturnType<typeof createQuerySecrets>;

/**
 * Keeps the secrets that sign queries, sealed, among the settings: one entry by `kid`, and one in the tenant's list, by time. The
 * newest of a list signs, and the one before for a day after that was made.
 */
export function createQuerySecrets({ database, secretKey, now }: Needs) {
  const seal = createSeal(secretKey);
  const known = new LRUCache<string, { secret: QuerySecret | null }>({ max: 10_000, ttl: trustedForMs });

  const entries = async (tenantId: string): Promise<Entry[]> => {
    const prefix = listPrefix(tenantId);
    const listed = await database.listSettings(prefix);
    return listed.map(({ name }) => {
      const [createdAt = '', kid = ''] = name.slice(prefix.length).split(':');
      return { kid, tenantId, createdAt: Number(createdAt) };
    });
  };

  const read = async (kid: string): Promise<QuerySecret | null> => {
    const stored = (await database.listSettings(secretPrefix + kid)).find(({ name }) => name === secretPrefix + kid);
    if (stored === undefined) return null;
    const { tenantId, sealed } = JSON.parse(stored.value) as { tenantId: string; sealed: string };
    const signing = (await entries(tenantId)).slice(-2);
    const at = signing.findIndex((each) => each.kid === kid);
    const [entry, next] = [signing[at], signing[at + 1]];
    if (entry === undefined) return null;
    const expiresAt = next === undefined ? null : next.createdAt + overlapMs;
    return { ...entry, secret: seal.open(sealed, kid), expiresAt };
  };

  return {
    /** The secret of this name; null when there is none, or when it signs no more. */
    async find(kid: string): Promise<QuerySecret | null> {
      let entry = known.get(kid);
      if (entry === undefined) {
        entry = { secret: await read(kid) };
        known.set(kid, entry);
      }
      const { secret } = entry;
      return secret === null || (secret.expiresAt !== null && secret.expiresAt <= now()) ? null : secret;
    },

    /** Makes the tenant's next secret under this name, or returns it where that was done already; what signs no more goes. */
    async rotate(tenantId: string, kid: string): Promise<{ made: QuerySecret; previousKid: string | null }> {
      const secret = `qrs_${randomBytes(32).toString('base64url')}`;
      const value = JSON.stringify({ tenantId, sealed: seal.close(secret, kid) });
      await database.claimSetting(secretPrefix + kid, value);
      const before = await entries(tenantId);
      if (!before.some((entry) => entry.kid === kid))
        await database.claimSetting(listName({ tenantId, kid, createdAt: now() }), '');
      const after = await entries(tenantId);
      const over = after.slice(0, -2);
      await database.removeSettings(over.flatMap((entry) => [listName(entry), secretPrefix + entry.kid]));
      known.clear();
      const made = await read(kid);
      if (made === null) throw new Error(`The new signing secret ${kid} is not there`);
      const previous = after[after.findIndex((entry) => entry.kid === kid) - 1];
      return { made, previousKid: previous?.kid ?? null };
    },
  };
}
