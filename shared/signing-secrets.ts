import { createHmac, randomBytes } from 'node:crypto';
import { createSeal } from './seal.ts';

/** A signing secret as it is stored: sealed in the context of its own id. */
export type SealedSecret = {
  id: string;
  sealed: string;
  /** Milliseconds since 1970. */
  createdAt: number;
  /** Until when it signs beside its successor; null: it has none. */
  expiresAt: number | null;
};

/** How long a secret signs on after its successor was made. */
export const overlapMs = 24 * 60 * 60 * 1000;

const secretBytes = 32;

/** Makes, keeps and opens the secrets of Standard Webhooks 1.0: `whsec_` and 32 bytes in base64. */
export function createSigningSecrets(secretKey: string) {
  const seal = createSeal(secretKey);
  return {
    make(id: string, now: number): { entry: SealedSecret; secret: string } {
      const secret = `whsec_${randomBytes(secretBytes).toString('base64')}`;
      return { secret, entry: { id, sealed: seal.close(secret, id), createdAt: now, expiresAt: null } };
    },

    open: ({ id, sealed }: SealedSecret): string => seal.open(sealed, id),

    /** The secrets that sign at `now`, the newest first. */
    live: (entries: SealedSecret[], now: number): string[] =>
      entries
        .filter(({ expiresAt }) => expiresAt === null || expiresAt > now)
        .map(({ id, sealed }) => seal.open(sealed, id)),

    /** What signs for a tenant who never asked for a secret: nobody knows it, and nobody can forge it. */
    unasked: (tenantId: string): string =>
      `whsec_${createHmac('sha256', secretKey).update(`callback secret of ${tenantId}`).digest('base64')}`,
  };
}

/** Puts a new secret before the one that signs now, which signs on for a day; an older one goes. */
export function rotated(entries: SealedSecret[], next: SealedSecret): SealedSecret[] {
  const [current] = entries;
  return current === undefined ? [next] : [next, { ...current, expiresAt: next.createdAt + overlapMs }];
}
