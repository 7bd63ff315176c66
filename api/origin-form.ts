/**
 * Returns a request's target as clients mostly send it: a proxy's `http://host/path` without the host (RFC 9112, section 3.2.2), and in
 * the path letters, digits and `-._~` as themselves where they came percent-encoded (RFC 3986, section 6.2.2.2).
 */
export function originForm(target: string): string {
  const [, fromPath = target] = /^https?:\/\/[^/?#]*(.*)$/i.exec(target) ?? [];
  const [path = '', query] = fromPath.split(/(?=\?)(.*)/s);
  return `${path.replace(/%[0-9a-f]{2}/gi, unreserved)}${query ?? ''}`;
}

function unreserved(encoded: string): string {
  const character = String.fromCharCode(Number.parseInt(encoded.slice(1), 16));
  return /[\w.~-]/.test(character) ? character : encoded;
}
