/**
 * Returns the number as it is dialled, or null: `+` and 3 to 15 digits, or 1 to 20 of digits, `*` and `#`. Spaces and
 * the separators `- . ( ) /` are only ways to write it (RFC 3966, clause 5.1.1) and go. `+49 (0)30 …` is refused: with
 * the separators gone, phones would dial the 0.
 */
export function dialledNumber(text: string): string | null {
  if (/^\s*\+.*\(\s*0\s*\)/.test(text)) return null;
  const number = text.replace(/[\s()./\u2010-\u2015-]/g, '');
  const dialable = /^\+[1-9]\d{2,14}$/.test(number) || /^(?=.*\d)[\d*#]{1,20}$/.test(number);
  return dialable ? number : null;
}

/** Whether the text can stand as a contact's number: as people write it, an extension such as `ext. 12` included. */
export function isContactNumber(text: string): boolean {
  return /^\+?[\d ()./*#,;-]+(?:(?:x|ext\.?) ?\d+)?$/i.test(text) && /\d.*\d/.test(text);
}
