import { randomBytes } from 'node:crypto';

/** Returns a new id that cannot be guessed: the prefix and 120 random bits. */
export function newId(prefix: string): string {
  return `${prefix}_${randomBytes(15).toString('base64url')}`;
}
