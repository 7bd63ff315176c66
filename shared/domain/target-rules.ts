import { isUrl, nearestUrl, webSchemes } from './content/url-scheme.ts';
import { canonicalHost, denyingRule, type HostRule } from './host-rules.ts';

/** The most characters of a target: what browsers and servers on the way are known to take. */
export const mostTargetCharacters = 2048;

/** They show a URL in another order than it is read in; RFC 3987, section 4.1, forbids them. */
const directionMarks = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/;

export type TargetRules = {
  /** URLs that this service answers under: what lies on them would lead round in circles. */
  ownUrls: readonly string[];
  denied: readonly HostRule[];
};

/** Why a target is refused: a stable code, what is accepted in words that follow "must be", and a URL that would do. */
export type TargetProblem = { code: string; accepted: string; nearest: string | null };

/** What a target is, in words that follow "must be". */
export const acceptedTarget = `an absolute http or https URL of at most ${mostTargetCharacters} characters, without spaces, user or password`;

/**
 * Checks where a code may lead to. The text is judged as browsers read it (WHATWG URL): names in other letters, addresses
 * in other notations and trailing dots are the same host; it is kept as it is.
 *
 * @param target without white space at its ends
 * @returns what is wrong with it, or null
 */
export function targetProblem(target: string, { ownUrls, denied }: TargetRules): TargetProblem | null {
  if (target.length > mostTargetCharacters) return refused('target_too_long', acceptedTarget);
  if (!isUrl(target, webSchemes)) return refused('invalid_url', acceptedTarget, nearestUrl(target));
  if (directionMarks.test(target))
    return refused('invalid_url', `${acceptedTarget}, and without invisible marks of writing direction`);
  if (/^[^?#]*\\/.test(target))
    return refused('invalid_url', `${acceptedTarget}, and without a backslash before its query`);
  // Before the path nothing but a user can stand in front of an @; an empty one shows in no part of the parsed URL.
  if (/^[^/]*\/\/[^/?#]*@/.test(target))
    return refused('url_with_user', 'a URL without user and password: everyone who scans the code would get them');
  const url = new URL(target);
  if (canonicalHost(url) === '') return refused('invalid_url', acceptedTarget);
  const own = ownUrls.find((base) => isBelow(url, new URL(base)));
  if (own !== undefined)
    return refused(
      'own_url',
      `a URL outside ${own}, where this service itself answers: it would lead round in circles`,
    );
  const rule = denyingRule(url, denied);
  if (rule === null) return null;
  const which = rule.withSubdomains ? `${rule.host} and all hosts below it are` : `${rule.host} is`;
  return refused('denied_host', `a URL of another host: ${which} denied here`);
}

function refused(code: string, accepted: string, nearest: string | null = null): TargetProblem {
  return { code, accepted, nearest };
}

/** Every machine's own names for itself are one; systems take the address of no machine (0.0.0.0, ::) for themselves too. */
function isLoopback(host: string): boolean {
  return /^(?:(?:.+\.)?localhost|127(?:\.\d+){3}|0\.0\.0\.0|\[::1?\]|\[::ffff:(?:0|7f[0-9a-f]{2}):[0-9a-f]{1,4}\])$/.test(
    host,
  );
}

/** Whether `url` lies on `base` or below it; http and https, each at its usual port, are one, as one leads to the other. */
function isBelow(url: URL, base: URL): boolean {
  const [host, own] = [canonicalHost(url), canonicalHost(base)];
  if ((host !== own && !(isLoopback(host) && isLoopback(own))) || url.port !== base.port) return false;
  const folder = base.pathname.replace(/\/+$/, '');
  return url.pathname === folder || url.pathname.startsWith(`${folder}/`);
}
