import { randomFillSync } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { ScanEvent } from '../shared/contract/scan-event.ts';
import { scanId } from '../shared/domain/scans/scan-id.ts';
import { scanSource } from '../shared/domain/scans/scan-source.ts';
import { type Visit, visitorHash } from '../shared/domain/scans/visitor.ts';
import type { ClientAddress } from './client-address.ts';
import type { KnownCode } from './known-code.ts';
import { type Locate, nowhere } from './locate.ts';
import type { DailySalts } from './visitor.ts';

const maxUserAgent = 512;
const maxHost = 253;
const idBytes = 12;

type Needs = {
  clientAddress: ClientAddress;
  locate: Locate;
  salts: Pick<DailySalts, 'at'>;
  now: () => number;
};

/** Where a scan was sent: to a version of the target, or to the fallback target. */
export type SentTo = Pick<ScanEvent, 'version' | 'fallbackTarget'>;
export type MintScan = ReturnType<typeof createMintScan>;

/** Makes the event of each scan. The client's address ends here: the event has the place and a keyed hash. */
export function createMintScan({ clientAddress, locate, salts, now }: Needs) {
  const randomId = createRandomId();
  const visitorOf = createVisitorOf(salts);
  return (request: IncomingMessage, code: KnownCode, slugAsCame: string, sentTo: SentTo): ScanEvent => {
    const { headers } = request;
    const at = now();
    const address = clientAddress(request);
    const userAgent = headers['user-agent']?.slice(0, maxUserAgent) ?? null;
    const { country, city } = address === null ? nowhere : locate(address);
    return {
      id: randomId(at),
      tenantId: code.tenantId,
      codeId: code.id,
      at,
      version: sentTo.version,
      fallbackTarget: sentTo.fallbackTarget,
      source: scanSource(slugAsCame, code.compact),
      country,
      city,
      visitor: address === null ? null : visitorOf(at, { codeId: code.id, address, userAgent }),
      userAgent,
      referrer: referrerHost(headers.referer),
      language: primaryLanguage(headers['accept-language']),
      prefetch: isPrefetch(headers),
    };
  };
}

/** Null while there is no salt of the day. */
function createVisitorOf(salts: Needs['salts']): (at: number, visit: Visit) => string | null {
  let today: { salt: string; hash: (visit: Visit) => string } | null = null;
  return (at, visit) => {
    const salt = salts.at(at);
    if (salt === null) return null;
    if (today?.salt !== salt) today = { salt, hash: visitorHash(salt) };
    return today.hash(visit);
  };
}

/** Draws randomness for hundreds of ids at once: asking for it is what costs. */
function createRandomId(): (at: number) => string {
  const pool = Buffer.alloc(idBytes * 512);
  let used = pool.length;
  return (at) => {
    if (used === pool.length) {
      randomFillSync(pool);
      used = 0;
    }
    used += idBytes;
    return scanId(at, pool.toString('base64url', used - idBytes, used));
  };
}

function referrerHost(referrer: string | undefined): string | null {
  if (referrer === undefined || !URL.canParse(referrer)) return null;
  return new URL(referrer).hostname.slice(0, maxHost) || null;
}

/** The language that an Accept-Language (RFC 9110, section 12.5.4) names first: browsers write the one they like best there. */
function primaryLanguage(header: string | undefined): string | null {
  return header === undefined ? null : (/^\s*([a-z]{2,8})(?=[\s,;-]|$)/i.exec(header)?.[1]?.toLowerCase() ?? null);
}

/** What browsers and apps say of a request that nobody has looked at yet. */
function isPrefetch(headers: IncomingHttpHeaders): boolean {
  const said = headers['sec-purpose'] ?? headers.purpose ?? headers['x-purpose'] ?? headers['x-moz'];
  return said !== undefined && /prefetch|prerender|preview/i.test(String(said));
}
