/** The part of a code that its short URL follows from. */
type Named = {
  /** Scheme, host and port: `https://q.example.com`. */
  shortOrigin: string;
  /** Lower case. */
  slug: string;
};

/** Returns the short URL as it is shown: lower case. */
export function shortUrlOf({ shortOrigin, slug }: Named): string {
  return `${shortOrigin}/${slug}`;
}

/** Returns the host of the short URL, with its port where one is named. */
export function domainOf({ shortOrigin }: Pick<Named, 'shortOrigin'>): string {
  return shortOrigin.slice(shortOrigin.indexOf('//') + 2);
}

/**
 * Returns what the code's symbol says. In upper case the URL fits the alphanumeric mode (ISO/IEC 18004, clause 7.4.4: 5.5
 * bits a character instead of 8); scheme and host mean the same in any case (RFC 3986, section 6.2.2.1), and so do our slugs.
 *
 * @param compact false: the short URL as shown
 */
export function encodedTextOf(code: Named, compact = true): string {
  const url = shortUrlOf(code);
  return compact ? url.toUpperCase() : url;
}
