import type { IncomingMessage } from 'node:http';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createClientAddress } from '../../api/client-address.ts';

const trusted = ['10.0.0.0/8', '192.0.2.7/32', 'fd00::/8'];
const addressOf = (peer: string, forwarded?: string, proxies = trusted) =>
  createClientAddress(proxies)({
    socket: { remoteAddress: peer },
    headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
  } as unknown as IncomingMessage);

describe("a client's address", () => {
  it.each([
    [
      'is the peer, whatever it says of itself, when no proxy is trusted',
      '198.51.100.1',
      '203.0.113.9',
      [],
      '198.51.100.1',
    ],
    ['is the peer when that is no trusted proxy', '198.51.100.1', '203.0.113.9', trusted, '198.51.100.1'],
    ['is what a trusted proxy wrote', '10.0.0.1', '203.0.113.9', trusted, '203.0.113.9'],
    [
      'is the last entry, not what the client wrote in front of it',
      '10.0.0.1',
      '1.1.1.1, 203.0.113.9',
      trusted,
      '203.0.113.9',
    ],
    [
      'is found behind several trusted proxies',
      '10.0.0.1',
      '1.1.1.1, 203.0.113.9, 192.0.2.7,10.2.3.4',
      trusted,
      '203.0.113.9',
    ],
    ['is the farthest proxy when all are trusted', '10.0.0.1', '10.0.0.3, 10.0.0.2', trusted, '10.0.0.3'],
    ['is the proxy when that wrote nonsense', '10.0.0.1', '203.0.113.9, unknown', trusted, '10.0.0.1'],
    ['is the proxy when the header is empty', '10.0.0.1', '', trusted, '10.0.0.1'],
    ['is read without its port', '10.0.0.1', '203.0.113.9:4711', trusted, '203.0.113.9'],
    ['is read without brackets', 'fd12::1', '[2001:DB8::1]:443', trusted, '2001:db8::1'],
    ['is IPv4 where it comes in IPv6 dress', '::ffff:10.0.0.1', '::FFFF:203.0.113.9', trusted, '203.0.113.9'],
    ['knows trusted IPv6 proxies', 'fd12::1', '2001:db8::1', trusted, '2001:db8::1'],
    ['is no IPv6 one trusted by an IPv4 network', '2001:db8::a00:1', '203.0.113.9', trusted, '2001:db8::a00:1'],
  ])('%s', (_name, peer, forwarded, proxies, expected) => {
    expect(addressOf(peer, forwarded, proxies)).toBe(expected);
  });

  it('is null when the connection is gone', () => {
    expect(addressOf('', '203.0.113.9')).toBe(null);
  });

  it('is the same whatever a client writes in front of what the proxy appends', () => {
    fc.assert(
      fc.property(fc.string(), (forged) => {
        expect(addressOf('10.0.0.1', `${forged}, 203.0.113.9`)).toBe('203.0.113.9');
      }),
    );
  });
});
