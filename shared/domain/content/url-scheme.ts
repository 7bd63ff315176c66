/**
 * The schemes that a `url` may have. Each names a place or a person to reach; what can run a script or start any app
 * (`javascript`, `data`, `file`, `intent`) is left out, and whoever needs another one sends it as text.
 */
export const urlSchemes = [
  'http',
  'https',
  'ftp',
  'mailto',
  'tel',
  'sms',
  'geo',
  'webcal',
  'sip',
  'xmpp',
  'matrix',
  'market',
  'itms-apps',
  'whatsapp',
  'tg',
  'bitcoin',
  'ethereum',
] as const;

export const webSchemes = ['http', 'https'] as const;

/** These have an authority: `scheme://host`. */
const withHost = new Set(['http', 'https', 'ftp', 'webcal']);

/**
 * Whether the text is an absolute URL of one of these schemes, without white space, control characters or lone
 * surrogates. Letters outside ASCII are accepted (RFC 3987): phones encode them.
 */
export function isUrl(text: string, schemes: readonly string[]): boolean {
  const scheme = /^([a-z][a-z0-9+.-]*):(?!$)/i.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined || !schemes.includes(scheme)) return false;
  if (/[\s\p{Cc}\p{Cs}]/u.test(text) || !URL.canParse(text)) return false;
  return !withHost.has(scheme) || /^[a-z]+:\/\/[^/]/i.test(text);
}

/** Returns `https://…` when that is all that an address lacks, else null. */
export function nearestUrl(text: string): string | null {
  const looksLikeHost = /^[\p{L}\p{N}][\p{L}\p{N}.-]*\.\p{L}{2,}(?:[/?#:]|$)/u.test(text);
  const candidate = `https://${text}`;
  return looksLikeHost && isUrl(candidate, webSchemes) ? candidate : null;
}
