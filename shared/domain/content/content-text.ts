/** The most characters that any symbol carries: digits only, version 40, level L (ISO/IEC 18004, table 7). */
export const mostCharacters = 7089;

/** Whether readers can carry the text: UTF-8 has no lone surrogates, and many readers end a text at NUL. */
export function isCarriable(text: string): boolean {
  return !/[\p{Cs}\0]/u.test(text);
}

/** Whether the text stands on one line and shows: carriable, without control characters. */
export function isOneLine(text: string): boolean {
  return !/[\p{Cs}\p{Cc}\u2028\u2029]/u.test(text);
}

/** Whether the text is carriable and has no control characters but tabs and line breaks. */
export function isPlainText(text: string): boolean {
  return !/[\p{Cs}\p{Cc}]/u.test(text.replace(/[\t\r\n]/g, ''));
}

/** Returns the text with every line break as `\n`, so that CRLF and LF are one spelling. */
export function withPlainLineBreaks(text: string): string {
  return text.replace(/\r\n?/g, '\n');
}
