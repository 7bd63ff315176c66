import type { ByteRange } from '../shared/adapters/objects/objects.ts';

/**
 * Reads a `Range` header of one range of bytes (RFC 9110, section 14.1.2).
 *
 * @param sizeBytes of the whole, at least 1
 * @returns the range; null when the whole is to be sent, as for several ranges at once and for what is no range of bytes
 */
export function readByteRange(header: string, sizeBytes: number): ByteRange | null | 'unsatisfiable' {
  const match = /^bytes=\s*(\d{0,15})-(\d{0,15})\s*$/i.exec(header);
  if (match === null || (match[1] === '' && match[2] === '')) return null;
  const [, first = '', last = ''] = match;
  if (first === '') {
    const length = Math.min(Number(last), sizeBytes);
    return length === 0 ? 'unsatisfiable' : { offset: sizeBytes - length, sizeBytes: length };
  }
  const offset = Number(first);
  if (last !== '' && Number(last) < offset) return null;
  if (offset >= sizeBytes) return 'unsatisfiable';
  const end = last === '' ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1);
  return { offset, sizeBytes: end - offset + 1 };
}
