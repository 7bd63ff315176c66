const maxOctets = 75;

/** Escapes a text value as both vCard 3.0 (RFC 2426, clause 4) and iCalendar (RFC 5545, clause 3.3.11) want it. */
export function escapeTextValue(value: string): string {
  return value.replace(/[\\;,]/g, '\\$&').replace(/\r\n|\r|\n/g, '\\n');
}

/** Joins content lines with CRLF and ends the last one with it too. */
export function joinContentLines(lines: string[]): string {
  return lines.map((line) => `${line}\r\n`).join('');
}

/**
 * Folds a content line into lines of at most 75 octets of UTF-8, line break left out; each further one begins with a
 * space (RFC 5545, clause 3.1). No character is split.
 */
export function foldContentLine(line: string): string {
  if (Buffer.byteLength(line) <= maxOctets) return line;
  let folded = '';
  let octets = 0;
  for (const character of line) {
    const width = Buffer.byteLength(character);
    if (octets + width > maxOctets) {
      folded += '\r\n ';
      octets = 1;
    }
    folded += character;
    octets += width;
  }
  return folded;
}
