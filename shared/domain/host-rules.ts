/** A host that no target may have. */
export type HostRule = {
  /** Lower case, in ASCII (punycode), without a trailing dot; an IPv6 address in brackets. */
  host: string;
  /** The hosts below it too: what `.example.com` and `*.example.com` say. */
  withSubdomains: boolean;
};

/** Returns the one spelling of a host: as URLs have it (lower case, punycode, addresses in their usual form), no trailing dot. */
export function canonicalHost(url: URL): string {
  return url.hostname.replace(/\.+$/, '');
}

/**
 * Reads one rule of a deny-list: `example.com` is that host alone; `.example.com` and `*.example.com` are every host below
 * it and the host itself. Letters outside ASCII are accepted.
 *
 * @returns null when it is none: a URL, a port, a `*` elsewhere
 */
export function parseHostRule(text: string): HostRule | null {
  const withSubdomains = /^\*?\./.test(text);
  const name = text.replace(/^\*?\./, '');
  const isAddress6 = /^\[[0-9a-f:.]+\]$/i.test(name);
  if (name === '' || (!isAddress6 && /[/\\?#@:*[\]\s%]/.test(name)) || !URL.canParse(`http://${name}`)) return null;
  const host = canonicalHost(new URL(`http://${name}`));
  return host === '' ? null : { host, withSubdomains };
}

/** Returns the first rule that denies the host of `url`, or null. */
export function denyingRule(url: URL, rules: readonly HostRule[]): HostRule | null {
  const host = canonicalHost(url);
  const denies = (rule: HostRule) => host === rule.host || (rule.withSubdomains && host.endsWith(`.${rule.host}`));
  return rules.find(denies) ?? null;
}
