import { createHash } from 'node:crypto';

const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/**
 * Writes 128 random bits as an API key: `qrf_`, 22 base62 digits, and 6 that are a checksum of them, so that a mistyped or
 * leaked key is recognised as one without a look-up.
 *
 * @param random 16 bytes of a cryptographic source
 */
export function makeApiKey(random: Uint8Array): string {
  if (random.length !== 16) throw new RangeError(`An API key takes 16 random bytes, got ${random.length}`);
  const body = base62(random, 22);
  const checksum = createHash('sha256').update(body).digest().subarray(0, 4);
  return `qrf_${body}${base62(checksum, 6)}`;
}

function base62(bytes: Uint8Array, length: number): string {
  let value = BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
  let text = '';
  for (let index = 0; index < length; index++) {
    text = `${digits[Number(value % 62n)]}${text}`;
    value /= 62n;
  }
  return text;
}
