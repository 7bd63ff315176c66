import type { Content, ContentType } from './content.ts';
import { encodeEmail } from './encode-email.ts';
import { encodeEvent } from './encode-event.ts';
import { encodeGeo } from './encode-geo.ts';
import { encodePhone } from './encode-phone.ts';
import { encodeSms } from './encode-sms.ts';
import { encodeText } from './encode-text.ts';
import { encodeUrl } from './encode-url.ts';
import { encodeVcard } from './encode-vcard.ts';
import { encodeWifi } from './encode-wifi.ts';

type Encoders = { [Type in ContentType]: (content: Extract<Content, { type: Type }>) => string };

const encoders = {
  url: encodeUrl,
  text: encodeText,
  vcard: encodeVcard,
  wifi: encodeWifi,
  email: encodeEmail,
  phone: encodePhone,
  sms: encodeSms,
  geo: encodeGeo,
  event: encodeEvent,
} satisfies Encoders & Record<ContentType, unknown>;

/** Returns what a reader will read. Pure: equal content gives equal text. Expects canonical content and checks nothing. */
export function encodeContent(content: Content): string {
  const encode = encoders[content.type] as (content: Content) => string;
  return encode(content);
}
