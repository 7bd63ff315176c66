const localPart = /^[^\s\p{Cc}\p{Cs}@,:;<>()[\]\\"]{1,64}$/u;
const domainLabel = /^[\p{L}\p{N}](?:[\p{L}\p{M}\p{N}-]{0,61}[\p{L}\p{M}\p{N}])?$/u;

/**
 * Whether the text is one address `name@example.com`: a dot-atom and a domain of two labels or more (RFC 5321, letters
 * outside ASCII by RFC 6531). Quoted names, address literals and display names are not accepted.
 */
export function isEmailAddress(text: string): boolean {
  const at = text.lastIndexOf('@');
  const local = text.slice(0, Math.max(at, 0));
  const labels = text.slice(at + 1).split('.');
  if (text.length > 254 || !localPart.test(local) || local.split('.').includes('')) return false;
  return labels.length > 1 && labels.every((label) => domainLabel.test(label)) && !/^\d+$/.test(labels.at(-1) ?? '');
}
