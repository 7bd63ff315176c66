import { BlockList, isIP } from 'node:net';

/**
 * IPv4 that is nobody's public server: IANA's special-purpose registry, multicast, class E, the relays of 6to4, and the
 * address under which Azure's machines find their platform, which looks public.
 */
const refusedIpv4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '168.63.129.16/32',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
];

/** All of IPv6 that is public so far; loopback, ULA, link-local, multicast, mapped IPv4 and NAT64 lie outside. */
const publicIpv6 = ['2000::/3'];

/** And within it: protocol assignments with Teredo and ORCHID, documentation, 6to4, AS112. */
const refusedIpv6 = ['2001::/23', '2001:db8::/32', '2002::/16', '2620:4f:8000::/48', '3fff::/20'];

function listOf(cidrs: readonly string[]): BlockList {
  const list = new BlockList();
  for (const cidr of cidrs) {
    const [network = '', bits = ''] = cidr.split('/');
    list.addSubnet(network, Number(bits), isIP(network) === 6 ? 'ipv6' : 'ipv4');
  }
  return list;
}

const publicRange = listOf(publicIpv6);
const refused = listOf([...refusedIpv4, ...refusedIpv6]);

export type AddressRule = (address: string) => boolean;

/**
 * Makes the function that says whether an address (as a resolver or `new URL` writes it) may be connected to: public ones, and
 * those in `allow`. An IPv4 address in IPv6 dress counts as what it maps to for `allow` only.
 *
 * request-filtering-agent has the same aim; it takes `::7f00:1` and 168.63.129.16 for public, and prints a warning for each
 * address of the other family than an allowed range's.
 *
 * @param allow CIDRs, checked by the configuration
 */
export function createAddressRule(allow: readonly string[]): AddressRule {
  const allowed = listOf(allow);
  return (address) => {
    const family = isIP(address);
    if (family === 0 || address.includes('%')) return false;
    const kind = family === 6 ? 'ipv6' : 'ipv4';
    if (allowed.check(address, kind)) return true;
    return (family === 4 || publicRange.check(address, kind)) && !refused.check(address, kind);
  };
}

/** Returns the address that a URL names instead of a host name, as `new URL` reads it: `http://127.1` names 127.0.0.1. */
export function literalAddress({ hostname }: URL): string | null {
  const address = hostname.replace(/^\[(.*)\]$/, '$1');
  return isIP(address) === 0 ? null : address;
}

/**
 * Makes the rule by which a URL is refused as soon as it is named: for an address that may not be reached, and for localhost
 * (RFC 6761) where loopback may not. Other names are looked up when they are called.
 */
export function createReceiverRule(allow: readonly string[]): (url: URL) => boolean {
  const mayReach = createAddressRule(allow);
  return (url) => {
    const literal = literalAddress(url);
    if (literal !== null) return mayReach(literal);
    return !/(?:^|\.)localhost\.?$/i.test(url.hostname) || mayReach('127.0.0.1') || mayReach('::1');
  };
}
