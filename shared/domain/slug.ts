/** What random slugs are made of: digits and lower-case letters that nobody takes for each other (no 0, 1, i, l, o). */
export const slugAlphabet = '23456789abcdefghjkmnpqrstuvwxyz';

const randomLength = 8;

/** Random bytes below this fall on every letter of the alphabet equally often. */
const fairBytes = 256 - (256 % slugAlphabet.length);

/** So many random bytes are as good as always enough for one slug. */
export const bytesPerSlug = 16;

/** First segments of our own paths, and words that are kept for paths to come or that browsers and crawlers ask for. */
const reservedWords: ReadonlySet<string> = new Set(
  (
    'qr chart problems healthz readyz livez health ready status ping metrics docs openapi swagger redoc console admin ' +
    'api app auth oauth login logout signin signup settings dashboard static assets public css js fonts www favicon ' +
    'robots sitemap manifest well-known'
  ).split(' '),
);

/** What a slug of one's own may be, in words that follow "must be". */
export const acceptedSlug =
  '3 to 64 letters a-z and digits, with hyphens only inside, in any case (such as spring-menu)';

/**
 * Returns the one spelling that a slug is stored in, lower case, or null when the text cannot be a slug: 3…64 ASCII letters,
 * digits and inner hyphens.
 */
export function normaliseSlug(text: string): string | null {
  return /^[a-z0-9][a-z0-9-]{1,62}[a-z0-9]$/i.test(text) ? text.toLowerCase() : null;
}

/** Whether a slug (lower case) is a path of ours, now or later (`v1`, `v2` …), and so given to nobody. */
export function isReservedSlug(slug: string): boolean {
  return reservedWords.has(slug) || /^v\d+$/.test(slug);
}

/**
 * Makes a slug of 8 characters from random bytes; each slug is as likely as any other.
 *
 * @param bytes `bytesPerSlug` unpredictable bytes
 * @returns null when they make none, for the caller to try others: too few are usable, no letter among them (the case of
 *   the path could not tell a scan from a link), or a reserved word
 */
export function slugFrom(bytes: Uint8Array): string | null {
  const slug = Array.from(bytes)
    .filter((byte) => byte < fairBytes)
    .slice(0, randomLength)
    .map((byte) => slugAlphabet[byte % slugAlphabet.length])
    .join('');
  if (slug.length < randomLength || !/[a-z]/.test(slug) || isReservedSlug(slug)) return null;
  return slug;
}
