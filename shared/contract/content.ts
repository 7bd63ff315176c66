import { z } from 'zod';
import { type Content, type ContentType, contentTypes } from '../domain/content/content.ts';
import { isEmailAddress } from '../domain/content/email-address.ts';
import { dialledNumber, isContactNumber } from '../domain/content/phone-number.ts';
import { isUrl, nearestUrl, urlSchemes, webSchemes } from '../domain/content/url-scheme.ts';
import { eventContent } from './event-content.ts';
import { fields, line, lines, lineThat, listOf, message, numberBetween, optional, rawText } from './field.ts';
import { wifiContent } from './wifi-content.ts';

const webAddress = lineThat({
  accepted: 'an absolute URL with http or https, without spaces',
  code: 'invalid_url',
  isAccepted: (value) => isUrl(value, webSchemes),
  nearest: nearestUrl,
});

const url = lineThat({
  accepted: `an absolute URL, without spaces, whose scheme is one of ${urlSchemes.join(', ')} (send anything else as type text)`,
  code: 'invalid_url',
  isAccepted: (value) => isUrl(value, urlSchemes),
  nearest: nearestUrl,
});

const emailAddress = lineThat({
  accepted: 'an email address such as name@example.com, without a display name',
  code: 'invalid_email',
  isAccepted: isEmailAddress,
});

const phoneNumber = lineThat({
  accepted:
    'a phone number: + and 3 to 15 digits, the first not 0, or up to 20 of digits, * and #; spaces and - . ( ) / may part them, "(0)" after a + may not stand',
  code: 'invalid_phone',
  isAccepted: (value) => dialledNumber(value) !== null,
}).overwrite((value) => dialledNumber(value) ?? value);

const contactNumber = lineThat({
  accepted: 'a phone number: digits, parted as people do, perhaps with + before and "ext. 12" after',
  code: 'invalid_phone',
  isAccepted: isContactNumber,
});

function addresses() {
  return listOf(emailAddress, 'an email address or a list of them');
}

const vcardContent = fields(
  {
    type: z.literal('vcard'),
    firstName: optional(line),
    lastName: optional(line),
    organization: optional(line),
    title: optional(line),
    phone: optional(listOf(contactNumber, 'a phone number or a list of them')).transform((list) => list ?? []),
    mobile: optional(contactNumber),
    email: optional(addresses()).transform((list) => list ?? []),
    website: optional(listOf(webAddress, 'a URL or a list of them')).transform((list) => list ?? []),
    street: optional(lines),
    city: optional(line),
    region: optional(line),
    postalCode: optional(line),
    country: optional(line),
    note: optional(lines),
  },
  'an object of type vcard',
).superRefine(
  (content, context) => {
    const names = [content.firstName, content.lastName, content.organization];
    if (names.some((name) => name !== null && name !== undefined)) return;
    const needed = 'a contact has a firstName, a lastName or an organization';
    context.addIssue({ code: 'custom', path: ['firstName'], message: needed, params: { code: 'required' } });
  },
  { when: () => true },
);

const emailContent = fields(
  {
    type: z.literal('email'),
    to: addresses().refine((list) => list.length > 0, { error: 'at least one address', params: { code: 'empty' } }),
    cc: optional(addresses()).transform((list) => list ?? []),
    bcc: optional(addresses()).transform((list) => list ?? []),
    subject: optional(line),
    body: optional(lines),
  },
  'an object of type email',
);

/** Every content type's schema: it takes what clients send and gives canonical content. */
export const contentSchemas = {
  url: fields({ type: z.literal('url'), url }, 'an object of type url'),
  text: fields({ type: z.literal('text'), text: rawText }, 'an object of type text'),
  vcard: vcardContent,
  wifi: wifiContent,
  email: emailContent,
  phone: fields({ type: z.literal('phone'), number: phoneNumber }, 'an object of type phone'),
  sms: fields({ type: z.literal('sms'), number: phoneNumber, message: optional(message) }, 'an object of type sms'),
  geo: fields(
    {
      type: z.literal('geo'),
      latitude: numberBetween(-90, 90, 'degrees'),
      longitude: numberBetween(-180, 180, 'degrees'),
      label: optional(line),
    },
    'an object of type geo',
  ),
  event: eventContent,
} satisfies { [Type in ContentType]: z.ZodType<Extract<Content, { type: Type }>> };

/** Takes the content of a request and gives canonical content: one spelling, every default filled in. */
export const contentSchema = z
  .discriminatedUnion(
    'type',
    [
      contentSchemas.url,
      contentSchemas.text,
      contentSchemas.vcard,
      contentSchemas.wifi,
      contentSchemas.email,
      contentSchemas.phone,
      contentSchemas.sms,
      contentSchemas.geo,
      contentSchemas.event,
    ],
    {
      error: (issue) =>
        issue.code === 'invalid_union'
          ? `one of ${contentTypes.join(', ')}`
          : 'an object such as { "type": "url", "url": "https://example.com" }',
    },
  )
  .meta({ id: 'Content' });
