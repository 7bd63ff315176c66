import type { HexColour } from './render-spec.ts';

/** Returns the colour as `#rrggbb` in lower case: `#ABC`, `abc` and `AABBCC` are one spelling. Null when it is none. */
export function canonicalColour(text: string): HexColour | null {
  const digits = /^#?([0-9a-f]{6}|[0-9a-f]{3})$/i.exec(text)?.[1]?.toLowerCase();
  if (digits === undefined) return null;
  return `#${digits.length === 3 ? digits.replace(/./g, '$&$&') : digits}`;
}
