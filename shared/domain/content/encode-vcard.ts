import type { VcardContent } from './content.ts';
import { escapeTextValue, joinContentLines } from './content-line.ts';

/** A property whose value has parts: each is escaped, and a part that is absent is left empty. */
function structured(name: string, parts: (string | null)[]): string[] {
  if (parts.every((part) => part === null)) return [];
  return [`${name}:${parts.map((part) => escapeTextValue(part ?? '')).join(';')}`];
}

function property(name: string, value: string | null): string[] {
  return value === null ? [] : [`${name}:${escapeTextValue(value)}`];
}

/** What an address book shows: the person's name, else the organization, because FN may not be left out. */
function formattedName(content: VcardContent): string {
  const person = [content.firstName, content.lastName].filter((name) => name !== null).join(' ');
  return person === '' ? (content.organization ?? '') : person;
}

/**
 * Encodes a vCard 3.0 (RFC 2426): CRLF, N and FN always there, text escaped by clause 4.
 *
 * Lines are not folded: clause 2.6 only recommends it, each fold makes the symbol bigger, and simple readers take the
 * card line by line. EMAIL and URL carry no TYPE, because their defaults say the same.
 */
export function encodeVcard(content: VcardContent): string {
  return joinContentLines([
    'BEGIN:VCARD',
    'VERSION:3.0',
    `N:${[content.lastName, content.firstName].map((name) => escapeTextValue(name ?? '')).join(';')};;;`,
    ...property('FN', formattedName(content)),
    ...property('ORG', content.organization),
    ...property('TITLE', content.title),
    ...content.phone.flatMap((number) => property('TEL;TYPE=VOICE', number)),
    ...property('TEL;TYPE=CELL', content.mobile),
    ...content.email.flatMap((address) => property('EMAIL', address)),
    // A URI is no text value: clause 3.6.8 gives it as it is.
    ...content.website.map((address) => `URL:${address}`),
    ...address(content),
    ...property('NOTE', content.note),
    'END:VCARD',
  ]);
}

/** Post office box and extended address, the first two parts, stay empty (clause 3.2.1). */
function address(content: VcardContent): string[] {
  const known = [content.street, content.city, content.region, content.postalCode, content.country];
  if (known.every((part) => part === null)) return [];
  return structured('ADR;TYPE=WORK', ['', '', ...known]);
}
