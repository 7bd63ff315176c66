import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';

/** Returns an address in one spelling, without port and brackets, an IPv4 one in IPv6 dress as IPv4; null when it is none. */
function plainAddress(text: string): string | null {
  const bare = /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text;
  const address = bare.toLowerCase().startsWith('::ffff:') && bare.includes('.') ? bare.slice(7) : bare;
  return isIP(address) === 0 ? null : address.toLowerCase();
}

export type ClientAddress = (request: IncomingMessage) => string | null;

/**
 * Makes the function that tells a client's address. `X-Forwarded-For` is read from its right end, and only as far as the one who
 * wrote an entry is a trusted proxy: what a client wrote there itself counts for nothing.
 *
 * @param trustedProxies CIDRs, checked by the configuration
 */
export function createClientAddress(trustedProxies: readonly string[]): ClientAddress {
  const trusted = new BlockList();
  for (const cidr of trustedProxies) {
    const [network = '', bits = ''] = cidr.split('/');
    trusted.addSubnet(network, Number(bits), isIP(network) === 6 ? 'ipv6' : 'ipv4');
  }
  const isTrusted = (address: string): boolean => trusted.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');

  return ({ socket, headers }) => {
    const peer = plainAddress(socket.remoteAddress ?? '');
    const forwarded = headers['x-forwarded-for'];
    if (peer === null || typeof forwarded !== 'string' || trustedProxies.length === 0) return peer;
    let address = peer;
    for (const entry of forwarded.split(',').reverse()) {
      if (!isTrusted(address)) break;
      const next = plainAddress(entry.trim());
      if (next === null) break;
      address = next;
    }
    return address;
  };
}
