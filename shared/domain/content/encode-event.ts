import { createHash } from 'node:crypto';
import { canonicalJson } from '../identity.ts';
import type { EventContent } from './content.ts';
import { escapeTextValue, foldContentLine, joinContentLines } from './content-line.ts';

/** 128 bits of a hash of the fields: the same event keeps its UID, so importing it twice makes one entry. */
function uidOf(content: EventContent): string {
  return createHash('sha256').update(canonicalJson(content)).digest().subarray(0, 16).toString('base64url');
}

/** `2026-11-23T12:00:00Z` → `20261123T120000Z`, `2026-11-23` → `20261123` (RFC 5545, clauses 3.3.4 and 3.3.5). */
function basicForm(moment: string): string {
  return moment.replaceAll(/[-:]/g, '');
}

function moment(name: string, value: string | null, allDay: boolean): string[] {
  if (value === null) return [];
  return [`${name}${allDay ? ';VALUE=DATE' : ''}:${basicForm(value)}`];
}

function text(name: string, value: string | null): string[] {
  return value === null ? [] : [`${name}:${escapeTextValue(value)}`];
}

/**
 * Encodes a VCALENDAR with one VEVENT (RFC 5545): times in UTC, lines folded at 75 octets. DTSTAMP is the start, because
 * the time of making would give every rendering other bytes. The end is exclusive, as DTEND is (clause 3.8.2.2).
 */
export function encodeEvent(content: EventContent): string {
  const stamp = content.allDay ? `${content.start}T00:00:00Z` : content.start;
  const lines = [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//QRFactory//EN',
    'BEGIN:VEVENT',
    `UID:${uidOf(content)}`,
    `DTSTAMP:${basicForm(stamp)}`,
    ...moment('DTSTART', content.start, content.allDay),
    ...moment('DTEND', content.end, content.allDay),
    ...text('SUMMARY', content.title),
    ...text('LOCATION', content.location),
    ...text('DESCRIPTION', content.description),
    'END:VEVENT',
    'END:VCALENDAR',
  ];
  return joinContentLines(lines.map(foldContentLine));
}
