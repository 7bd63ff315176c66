/** Words that a code is found by, at most; what comes first in its fields counts first. */
const maxWords = 64;
/** Words of a search text that count, at most. */
const maxQueryWords = 8;
/** Characters of a word that count; the rest of it is cut off, in codes and in search texts alike. */
const maxWordLength = 32;

type Searchable = { slug: string; externalId: string | null; title: string | null; tags: string[]; target: string };

/** Spells equal letters alike: lower case, compatible forms and accents undone, one small sigma. */
function fold(text: string): string {
  const plain = text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[\u0300-\u036f]/g, '');
  return plain.replaceAll('ς', 'σ').normalize('NFC');
}

function* wordsIn(text: string): Generator<string> {
  for (const [word] of fold(text).matchAll(/[\p{L}\p{N}\p{M}]+/gu)) yield [...word].slice(0, maxWordLength).join('');
}

function firstWords(texts: string[], count: number): string[] {
  const words = new Set<string>();
  for (const text of texts)
    for (const word of wordsIn(text)) {
      if (words.size === count) return [...words];
      words.add(word);
    }
  return [...words];
}

/** Returns host and path, with percent-encoded letters as they read. */
function hostAndPath(target: string): string {
  const text = target.replace(/^[a-z][a-z0-9+.-]*:\/\//i, '').replace(/[?#].*$/s, '');
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * Returns the words by which a search finds a code: of its slug, external id, title, tags, and its target's host and path.
 *
 * At most 64 words of at most 32 characters, each once, in lower case and without accents (Unicode NFKD, UAX #15). A word is
 * an unbroken run of letters, digits and marks of any script.
 */
export function searchWords({ slug, externalId, title, tags, target }: Searchable): string[] {
  return firstWords([slug, externalId ?? '', title ?? '', ...tags, hostAndPath(target)], maxWords);
}

/**
 * Returns the words of a search text, spelled as `searchWords` spells them, the first 8 of them, each once. A code matches when
 * each of them begins a word of the code; a text without letters and digits has none.
 */
export function queryWords(text: string): string[] {
  return firstWords([text], maxQueryWords);
}
