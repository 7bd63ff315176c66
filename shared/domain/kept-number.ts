/**
 * Whether a number of JSON is still the same after it was read: not too large, not lost to 0, and each digit of a whole number kept. Of
 * other numbers the last digits may go: what writes more than 17 of them means no more.
 */
export function isKeptNumber(text: string): boolean {
  const number = Number(text);
  if (!Number.isFinite(number)) return false;
  if (number === 0) return !/^-?[\d.]*[1-9]/.test(text);
  if (Number.isSafeInteger(number) || /[.e]/i.test(text)) return true;
  return BigInt(text) === BigInt(String(number).replace(/^(-?\d)(?:\.(\d+))?e\+(\d+)$/, writtenOut));
}

function writtenOut(_: string, first: string, rest = '', exponent: string): string {
  return `${first}${rest}${'0'.repeat(Number(exponent) - rest.length)}`;
}
