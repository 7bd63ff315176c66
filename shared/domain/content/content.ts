export type UrlContent = { type: 'url'; url: string };
export type TextContent = { type: 'text'; text: string };
export type VcardContent = {
  type: 'vcard';
  firstName: string | null;
  lastName: string | null;
  organization: string | null;
  title: string | null;
  phone: string[];
  mobile: string | null;
  email: string[];
  website: string[];
  street: string | null;
  city: string | null;
  region: string | null;
  postalCode: string | null;
  country: string | null;
  note: string | null;
};
export type WifiContent = {
  type: 'wifi';
  ssid: string;
  password: string | null;
  security: 'WPA' | 'WPA3' | 'WEP' | 'nopass';
  hidden: boolean;
};
export type EmailContent = {
  type: 'email';
  to: string[];
  cc: string[];
  bcc: string[];
  subject: string | null;
  body: string | null;
};
export type PhoneContent = { type: 'phone'; number: string };
export type SmsContent = { type: 'sms'; number: string; message: string | null };
export type GeoContent = { type: 'geo'; latitude: number; longitude: number; label: string | null };
export type EventContent = {
  type: 'event';
  title: string;
  /** RFC 3339, UTC or with an offset; a date (YYYY-MM-DD) when `allDay`. */
  start: string;
  end: string | null;
  allDay: boolean;
  location: string | null;
  description: string | null;
};

/** Canonical content: checked, every default filled in, so that equal content is equal JSON. */
export type Content =
  | UrlContent
  | TextContent
  | VcardContent
  | WifiContent
  | EmailContent
  | PhoneContent
  | SmsContent
  | GeoContent
  | EventContent;

export type ContentType = Content['type'];

export const contentTypes = [
  'url',
  'text',
  'vcard',
  'wifi',
  'email',
  'phone',
  'sms',
  'geo',
  'event',
] as const satisfies readonly ContentType[];
