import { type ContentType, contentTypes } from '../domain/content/content.ts';
import { isKeptNumber } from '../domain/kept-number.ts';
import { contentSchemas } from './content.ts';

/*
 * A request as names and texts, which is what a query has, and a table's row: the fields of content and spec side by side.
 */

/** The field that `data` stands for. Types without a field that says most have none. */
export const mainFields = {
  url: 'url',
  text: 'text',
  vcard: null,
  wifi: 'ssid',
  email: 'to',
  phone: 'number',
  sms: 'number',
  geo: null,
  event: 'title',
} as const satisfies Record<ContentType, string | null>;

/** Content types in the order in which fields tell them where no type is named, by a field that says most. */
export const tellingFields = [
  ['url', 'url'],
  ['ssid', 'wifi'],
  ['firstName', 'vcard'],
  ['lastName', 'vcard'],
  ['organization', 'vcard'],
  ['to', 'email'],
  ['latitude', 'geo'],
  ['start', 'event'],
  ['message', 'sms'],
  ['number', 'phone'],
  ['text', 'text'],
  ['data', 'text'],
] as const;

/** Names that mean a list in every type that has them. */
export const listFields: ReadonlySet<string> = new Set(['phone', 'email', 'website', 'to', 'cc', 'bcc']);

/** Fields that are numbers, and those that are true or false, in content as in the spec. */
export const numberFields: ReadonlySet<string> = new Set(['size', 'margin', 'logoRatio', 'latitude', 'longitude']);
export const flagFields: ReadonlySet<string> = new Set(['hidden', 'allDay']);
const jsonNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** Returns a field's value: a number or a flag when the text is exactly one and nothing of it is lost, else the text, for the schema to refuse. */
export function flatValue(name: string, text: string): string | number | boolean {
  if (numberFields.has(name) && jsonNumber.test(text) && isKeptNumber(text)) return Number(text);
  if (flagFields.has(name) && (text === 'true' || text === 'false')) return text === 'true';
  return text;
}

export function isContentType(text: string): text is ContentType {
  return (contentTypes as readonly string[]).includes(text);
}

/** Returns the names of a content type's fields, `type` left out. */
export function contentFieldsOf(type: ContentType): string[] {
  const schema = contentSchemas[type];
  const { shape } = 'shape' in schema ? schema : schema.in;
  return Object.keys(shape).filter((name) => name !== 'type');
}

/** Returns the content types that have this field. */
export function typesWith(field: string): ContentType[] {
  return contentTypes.filter((type) => contentFieldsOf(type).includes(field));
}
