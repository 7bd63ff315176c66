import type { IncomingMessage } from 'node:http';
import { isIPv6 } from 'node:net';
import { LRUCache } from 'lru-cache';
import type { RateLimit, RatePolicy, RateStanding, RateWindows } from '../../shared/adapters/rate-windows.ts';
import type { Config } from '../../shared/config.ts';
import { keyedBytes } from '../../shared/domain/identity.ts';
import { AppError } from '../../shared/errors.ts';
import type { ClientAddress } from '../client-address.ts';

/** Where the headers of a limit go. */
type Answer = { setHeader(name: string, value: string): unknown };

type Needs = {
  rates: Config['rateLimits'];
  windows: Pick<RateWindows, 'limit'>;
  secretKey: string;
  clientAddress: ClientAddress;
};

/** Keys that were good here stay so known for an hour: their callers are not held back by somebody who guesses at their address. */
const goodForMs = 60 * 60 * 1000;

export type RateLimits = ReturnType<typeof createRateLimits>;

/**
 * Holds callers to so many calls; a limit of 0 is off.
 *
 * An address is that of the client behind trusted proxies, an IPv6 one its /64. Redis knows it by a keyed hash only.
 */
export function createRateLimits({ rates, windows, secretKey, clientAddress }: Needs) {
  const hashed = (caller: string): string =>
    keyedBytes(secretKey, 'rate limit', caller).subarray(0, 16).toString('base64url');
  const limitOf = (policy: RatePolicy, redisKeyOf = hashed): RateLimit | null =>
    policy.calls === 0 ? null : windows.limit(policy, redisKeyOf);

  // In windows of two seconds: so many a second, and the double at once.
  const perKey = limitOf({ name: 'key', calls: rates.perKey * 2, windowS: 2 }, (keyId) => keyId);
  const perAddress = limitOf({ name: 'address', calls: rates.perAddress, windowS: 1 });
  const failedAuth = limitOf({ name: 'failed-auth', calls: rates.failedAuthPerMinute, windowS: 60 });
  const unknown = limitOf({ name: 'unknown', calls: rates.unknownPerMinute, windowS: 60 });
  const goodDigests = new LRUCache<string, true>({ max: 10_000, ttl: goodForMs });

  const addressOf = (request: IncomingMessage): string => networkOf(clientAddress(request));

  return {
    /** Counts a call with a key. @throws AppError `too-many` */
    ofKey: (answer: Answer, keyId: string): Promise<void> | undefined => hold(perKey, keyId, answer),

    /** Counts a call for an image without a key. @throws AppError `too-many` */
    ofAddress: (request: IncomingMessage, answer: Answer): Promise<void> | undefined =>
      hold(perAddress, addressOf(request), answer),

    /** Counts a call for what does not exist: a slug, an image. @throws AppError `too-many` */
    ofUnknown: (request: IncomingMessage, answer?: Answer): Promise<void> | undefined =>
      hold(unknown, addressOf(request), answer),

    /** Counts a key, signature or sign-in that was no good. @throws AppError `too-many` */
    ofFailedAuth: (request: IncomingMessage): Promise<void> | undefined => hold(failedAuth, addressOf(request)),

    /**
     * Refuses, unseen, what may be a guess from an address that guessed too often; a key that was good here within the hour is none.
     *
     * @throws AppError `too-many`
     */
    refuseGuess(request: IncomingMessage, digest: string): void {
      if (failedAuth === null || goodDigests.has(digest)) return;
      const full = failedAuth.exhausted(addressOf(request));
      if (full) throw tooMany(failedAuth.policy, full);
    },
    wasGood: (digest: string): void => void goodDigests.set(digest, true),
  };
}

/** Throws at once, or returns what to wait for: nothing in most cases, and then nobody waits. */
function hold(limit: RateLimit | null, caller: string, answer?: Answer): Promise<void> | undefined {
  if (limit === null) return undefined;
  const { policy } = limit;
  const judge = (standing: RateStanding): void => {
    if (answer) for (const [name, value] of Object.entries(headersOf(policy, standing))) answer.setHeader(name, value);
    if (!standing.isAllowed) throw tooMany(policy, standing);
  };
  const standing = limit.call(caller);
  if (standing instanceof Promise) return standing.then(judge);
  judge(standing);
  return undefined;
}

/** The fields of draft-ietf-httpapi-ratelimit-headers-10. */
function headersOf({ name, calls, windowS }: RatePolicy, { remaining, resetS }: RateStanding): Record<string, string> {
  return {
    'RateLimit-Policy': `"${name}";q=${calls};w=${windowS}`,
    RateLimit: `"${name}";r=${remaining};t=${resetS}`,
  };
}

const whatFor: Record<string, string> = {
  key: 'calls with this key',
  address: 'images without a key from this address',
  'failed-auth': 'failed attempts to authenticate from this address',
  unknown: 'calls from this address for what does not exist',
};

function tooMany(policy: RatePolicy, standing: RateStanding): AppError {
  const { name, calls, windowS } = policy;
  const time = windowS === 1 ? 'a second' : `${windowS} seconds`;
  const detail = `${calls} ${whatFor[name]} are accepted in ${time}; try again in ${standing.resetS} s`;
  return new AppError('too-many', 'too_many_requests', detail, {
    retryAfterS: standing.resetS,
    headers: headersOf(policy, standing),
  });
}

/** An IPv4 address as it is; of an IPv6 one the first 64 bits, which one customer has for himself. */
export function networkOf(address: string | null): string {
  if (address === null || !isIPv6(address)) return address ?? 'none';
  const [head = '', tail] = address.replace(/%.*$/, '').split('::');
  const groups = head === '' ? [] : head.split(':');
  // An IPv4 address in its last 32 bits takes the place of two groups.
  const after = tail ? tail.split(':').reduce((count, group) => count + (group.includes('.') ? 2 : 1), 0) : 0;
  const filled = tail === undefined ? groups : [...groups, ...Array(Math.max(8 - groups.length - after, 0)).fill('0')];
  const rest = tail ? tail.split(':') : [];
  return `${[...filled, ...rest]
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}
