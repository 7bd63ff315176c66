/** What a caller prefers (RFC 7240): how many seconds to wait, and whether to be answered at once. */
export type Preferences = { waitS: number | null; respondAsync: boolean };

const none: Preferences = { waitS: null, respondAsync: false };

const between = (separator: string): RegExp => new RegExp(`(?:"(?:[^"\\\\]|\\\\.)*(?:"|$)|[^"${separator}])+`, 'gs');
const pieces = { ',': between(','), ';': between(';'), '=': between('=') };

/** Splits at a separator that stands outside quoted strings (RFC 9110, section 5.6.4). */
function splitOutsideQuotes(text: string, separator: keyof typeof pieces): string[] {
  if (!text.includes(separator)) return [text.trim()];
  return (text.match(pieces[separator]) ?? []).map((piece) => piece.trim());
}

function unquoted(word: string): string {
  return word.replace(/^"(.*)"$/s, '$1').replace(/\\(.)/gs, '$1');
}

/**
 * Reads the `Prefer` header. Preferences that we don't know, or cannot follow, such as a `wait` that is no whole number of seconds, are
 * ignored (RFC 7240, section 2); of one given twice the first counts.
 */
export function parsePrefer(header: string | undefined): Preferences {
  if (header === undefined || header === '') return none;
  let waitS: number | null = null;
  let respondAsync = false;
  for (const preference of splitOutsideQuotes(header, ',')) {
    const [name = '', value = ''] = splitOutsideQuotes(splitOutsideQuotes(preference, ';')[0] ?? '', '=');
    if (/^respond-async$/i.test(name)) respondAsync = true;
    if (/^wait$/i.test(name)) waitS ??= readSeconds(unquoted(value));
  }
  return { waitS, respondAsync };
}

function readSeconds(text: string): number | null {
  return /^\d{1,9}$/.test(text) ? Number(text) : null;
}

/** How long a POST waits for the end of its work, and what it tells the caller of that (`Preference-Applied`). */
export type Wait = { waitMs: number; applied: string | null };

/** Decides how long to wait: as long as asked, at most `maxMs`; not at all for a bare `respond-async`; else `defaultMs`. */
export function decideWait({ waitS, respondAsync }: Preferences, limits: { defaultMs: number; maxMs: number }): Wait {
  if (waitS !== null) {
    const waitMs = Math.min(waitS * 1000, limits.maxMs);
    return { waitMs, applied: `wait=${Math.floor(waitMs / 1000)}` };
  }
  if (respondAsync) return { waitMs: 0, applied: 'respond-async' };
  return { waitMs: limits.defaultMs, applied: null };
}
