import type { GeoContent } from './content.ts';

/** Writes a number without an exponent, as RFC 5870 (clause 3.3) wants it, and without losing a digit. */
function plainDecimal(value: number): string {
  const text = String(value);
  const small = /^(-?)(\d)(?:\.(\d+))?e-(\d+)$/.exec(text);
  if (small === null) return text;
  const [, sign = '', whole = '', fraction = '', exponent = ''] = small;
  return `${sign}0.${'0'.repeat(Number(exponent) - 1)}${whole}${fraction}`;
}

/** Parentheses close the label for some readers, and encodeURIComponent leaves them. */
function encodeLabel(label: string): string {
  return encodeURIComponent(label).replaceAll('(', '%28').replaceAll(')', '%29');
}

/** Encodes `geo:lat,lon` (RFC 5870), with a label as `?q=lat,lon(label)`, which map apps on phones understand. */
export function encodeGeo(content: GeoContent): string {
  const place = `${plainDecimal(content.latitude)},${plainDecimal(content.longitude)}`;
  return content.label === null ? `geo:${place}` : `geo:${place}?q=${place}(${encodeLabel(content.label)})`;
}
