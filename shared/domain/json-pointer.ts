/** Returns the JSON pointer (RFC 6901, sections 3 and 4) of what lies at `path`: '' for the whole. */
export function jsonPointer(path: readonly PropertyKey[]): string {
  return path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
