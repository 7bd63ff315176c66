/**
 * Returns where a scan came from, by the case of the slug in the path: the symbol says the short URL in upper case, people see and
 * share it in lower case. Null when that tells nothing: no letter in the slug, or a symbol that says the URL as shown.
 */
export function scanSource(slugAsCame: string, compact: boolean): 'qr' | 'link' | null {
  const upper = slugAsCame.toUpperCase();
  if (!compact || upper === slugAsCame.toLowerCase()) return null;
  return slugAsCame === upper ? 'qr' : 'link';
}
