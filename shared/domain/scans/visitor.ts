import { hash } from 'node:crypto';

const dayMs = 24 * 60 * 60 * 1000;

/** Returns the UTC day of a time (ms since 1970) as its number since 1970. */
export function utcDay(at: number): number {
  return Math.floor(at / dayMs);
}

/** Returns a day as it is written: `2026-11-24`. */
export function writtenDay(day: number): string {
  return new Date(day * dayMs).toISOString().slice(0, 10);
}

export type Visit = { codeId: string; address: string; userAgent: string | null };

/** SHA-256's block and digest, bytes. */
const blockBytes = 64;
const digestBytes = 32;

/** The key as RFC 2104 has it, every byte of the block combined with `byte`. */
function paddedKey(key: string, byte: number): Buffer {
  const block = Buffer.alloc(blockBytes);
  block.write(key, 'latin1');
  return block.map((value) => value ^ byte) as Buffer;
}

/**
 * Makes what tells visitors of one code on one day apart: 128 bits of an HMAC-SHA256 (RFC 2104) keyed with the day's salt, in
 * base64url. Once the salt is gone nobody can tell whose it was.
 *
 * Made of two plain hashes, since Node's own Hmac takes more time than all else that a redirect does.
 *
 * @param salt at most 64 ASCII characters
 */
export function visitorHash(salt: string): (visit: Visit) => string {
  // ASCII stays ASCII under both: the inner text needs no bytes of its own.
  const inner = paddedKey(salt, 0x36).toString('latin1');
  const outer = Buffer.concat([paddedKey(salt, 0x5c), Buffer.alloc(digestBytes)]);
  return ({ codeId, address, userAgent }) => {
    outer.write(hash('sha256', `${inner}${codeId}|${address}|${userAgent ?? ''}`, 'binary'), blockBytes, 'latin1');
    return hash('sha256', outer, 'base64url').slice(0, 22);
  };
}
