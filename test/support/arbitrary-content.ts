import fc from 'fast-check';

/*
 * Content as clients send it, of every type and always acceptable, for tests that want anything that the service takes.
 */

const special = fc.constantFrom(
  '\\',
  ';',
  ',',
  ':',
  '"',
  '&',
  '=',
  '?',
  '%',
  '+',
  '#',
  '(',
  ')',
  '/',
  "'",
  ' ',
  'ä',
  '漢',
  '🙂',
);
const unit = fc.oneof(special, fc.string({ minLength: 1, maxLength: 1, unit: 'grapheme' }));
const oneLine = fc
  .string({ unit, minLength: 1, maxLength: 24 })
  .filter((text) => !/[\p{Cc}\u2028\u2029]/u.test(text) && text.trim() !== '');
const severalLines = fc
  .array(oneLine, { minLength: 1, maxLength: 3 })
  .chain((parts) => fc.constantFrom('\n', '\r\n').map((lineBreak) => parts.join(lineBreak)));
const label = fc.stringMatching(/^[a-z0-9]{1,12}$/).map((text) => `a${text}`);
const emailAddress = fc
  .tuple(fc.stringMatching(/^[a-z0-9!#$%&'*+/=?^_`{|}~-]{1,16}$/), label, fc.constantFrom('com', 'de', 'bücher'))
  .map(([name, host, top]) => `${name}@${host}.${top}`);
const phone = fc.oneof(
  fc.stringMatching(/^\+[1-9]\d{4,13}$/),
  fc.stringMatching(/^[0-9*#]{3,12}$/).filter((text) => /\d/.test(text)),
);
const web = fc.webUrl({ withQueryParameters: true, withFragments: true });
const oneOrMore = (item: fc.Arbitrary<string>) => fc.oneof(item, fc.array(item, { minLength: 1, maxLength: 3 }));

export const arbitraryUrl = fc.record({ type: fc.constant('url'), url: web });
export const arbitraryText = fc.record({
  type: fc.constant('text'),
  text: fc.string({ unit: 'binary', minLength: 1, maxLength: 200 }).filter((text) => !text.includes('\0')),
});
export const arbitraryVcard = fc
  .record(
    {
      type: fc.constant('vcard'),
      firstName: oneLine,
      lastName: oneLine,
      organization: oneLine,
      title: oneLine,
      phone: oneOrMore(fc.stringMatching(/^\+?\d{2}[\d ()-]{0,8}$/)),
      mobile: fc.stringMatching(/^\+\d{6,12}$/),
      email: oneOrMore(emailAddress),
      website: oneOrMore(web),
      street: severalLines,
      city: oneLine,
      region: oneLine,
      postalCode: oneLine,
      country: oneLine,
      note: severalLines,
    },
    { requiredKeys: ['type'] },
  )
  .filter(({ firstName, lastName, organization }) => Boolean(firstName ?? lastName ?? organization));

const ssid = oneLine.filter((text) => Buffer.byteLength(text) <= 32);
const passphrase = fc.string({
  unit: fc.oneof(special, fc.string({ minLength: 1, maxLength: 1 })),
  minLength: 8,
  maxLength: 15,
});
const wpaPassword = passphrase.filter((text) => Buffer.byteLength(text) <= 63);
export const arbitraryWifi = fc.oneof(
  fc.record(
    {
      type: fc.constant('wifi'),
      ssid,
      password: wpaPassword,
      security: fc.constantFrom('WPA', 'WPA3'),
      hidden: fc.boolean(),
    },
    { requiredKeys: ['type', 'ssid', 'password'] },
  ),
  fc.record({
    type: fc.constant('wifi'),
    ssid,
    password: fc.stringMatching(/^[0-9a-f]{10}$/),
    security: fc.constant('WEP'),
  }),
  fc.record({ type: fc.constant('wifi'), ssid, security: fc.constant('nopass') }, { requiredKeys: ['type', 'ssid'] }),
);

export const arbitraryEmail = fc.record(
  {
    type: fc.constant('email'),
    to: oneOrMore(emailAddress),
    cc: oneOrMore(emailAddress),
    bcc: oneOrMore(emailAddress),
    subject: oneLine,
    body: severalLines,
  },
  { requiredKeys: ['type', 'to'] },
);
export const arbitraryPhone = fc.record({ type: fc.constant('phone'), number: phone });
export const arbitrarySms = fc.record(
  { type: fc.constant('sms'), number: phone, message: severalLines },
  { requiredKeys: ['type', 'number'] },
);
export const arbitraryGeo = fc.record(
  {
    type: fc.constant('geo'),
    latitude: fc.double({ min: -90, max: 90, noNaN: true }),
    longitude: fc.double({ min: -180, max: 180, noNaN: true }),
    label: oneLine,
  },
  { requiredKeys: ['type', 'latitude', 'longitude'] },
);

const instant = fc.date({ min: new Date('1970-01-01'), max: new Date('2100-01-01'), noInvalidDate: true });
const hour = 3_600_000;
export const arbitraryEvent = fc
  .record({
    start: instant,
    hours: fc.option(fc.integer({ min: 1, max: 900 })),
    allDay: fc.boolean(),
    more: fc.record({ location: severalLines, description: severalLines }, { requiredKeys: [] }),
    title: oneLine,
  })
  .map(({ start, hours, allDay, more, title }) => {
    const shown = (milliseconds: number): string =>
      new Date(milliseconds).toISOString().slice(0, allDay ? 10 : undefined);
    const length = allDay ? 24 * hour : hour;
    const end = hours === null ? {} : { end: shown(start.getTime() + hours * length) };
    return { type: 'event', title, start: shown(start.getTime()), ...end, allDay, ...more };
  });

/** Any content of any type. */
export const arbitraryContent = fc.oneof(
  arbitraryUrl,
  arbitraryText,
  arbitraryVcard,
  arbitraryWifi,
  arbitraryEmail,
  arbitraryPhone,
  arbitrarySms,
  arbitraryGeo,
  arbitraryEvent,
);
