import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contentSchemas } from '../../../../shared/contract/content.ts';
import type { Content, ContentType } from '../../../../shared/domain/content/content.ts';
import { escapeTextValue } from '../../../../shared/domain/content/content-line.ts';
import { encodeContent } from '../../../../shared/domain/content/encode-content.ts';
import {
  arbitraryContent,
  arbitraryEmail,
  arbitraryEvent,
  arbitraryGeo,
  arbitraryPhone,
  arbitrarySms,
  arbitraryText,
  arbitraryUrl,
  arbitraryVcard,
  arbitraryWifi,
} from '../../../support/arbitrary-content.ts';
import {
  type Property,
  readGeo,
  readMailto,
  readProperties,
  readSms,
  readStructuredValue,
  readTextValue,
  readWifi,
} from './read-encoded.ts';

function canonical<Type extends ContentType>(type: Type, sent: unknown): Extract<Content, { type: Type }> {
  return contentSchemas[type].parse(sent) as Extract<Content, { type: Type }>;
}

function encode(sent: { type: string; [field: string]: unknown }): string {
  return encodeContent(canonical(sent.type as ContentType, sent));
}

/** Gives a check canonical content and what it is encoded as. */
function everyEncoded<Type extends ContentType>(
  type: Type,
  sent: fc.Arbitrary<{ type: string }>,
  check: (content: Extract<Content, { type: Type }>, encoded: string) => void,
): void {
  fc.assert(
    fc.property(sent, (each) => {
      const content = canonical(type, each);
      check(content, encodeContent(content));
    }),
  );
}

function textOf(properties: Property[], name: string): string | null {
  const found = properties.find((property) => property.name === name);
  return found === undefined ? null : readTextValue(found.raw);
}

function withPlainBreaks(text: string | null): string | null {
  return text?.replaceAll('\r\n', '\n') ?? null;
}

describe('encodeContent', () => {
  it('gives a url exactly as it was sent', () => {
    everyEncoded('url', arbitraryUrl, (content, encoded) => expect(encoded).toBe(content.url));
    expect(encode({ type: 'url', url: ' HTTPS://Example.com/ä?b=%20#c ' })).toBe('HTTPS://Example.com/ä?b=%20#c');
  });

  it('gives text byte for byte, white space at its ends included', () => {
    fc.assert(
      fc.property(arbitraryText, (sent) => {
        expect(encode(sent)).toBe(sent.text);
      }),
    );
    expect(encode({ type: 'text', text: ' \tx\r\n\u001d ' })).toBe(' \tx\r\n\u001d ');
  });

  it('gives equal text for equal content', () => {
    fc.assert(
      fc.property(arbitraryContent, (sent) => {
        expect(encode(structuredClone(sent))).toBe(encode(sent));
      }),
    );
  });
});

describe('a text value', () => {
  it('has every kind of line break written as one, so that nothing can begin a line of its own', () => {
    expect(escapeTextValue('a\r\nb\rc\nd')).toBe('a\\nb\\nc\\nd');
  });
});

describe('a network', () => {
  it('reads back from WIFI: as what was sent', () => {
    everyEncoded('wifi', arbitraryWifi, (content, encoded) => {
      const read = readWifi(encoded);
      expect(read.S).toBe(content.ssid);
      expect(read.P ?? null).toBe(content.password);
      expect(read.H).toBe(content.hidden ? 'true' : undefined);
      expect(read.T).toBe(content.security === 'WPA3' ? 'WPA' : content.security);
    });
  });

  it('has each special character escaped', () => {
    const sent = { type: 'wifi', ssid: 'a\\b;c,d:e"f', password: '\\;,:"\\;,:"', hidden: true };
    expect(encode(sent)).toBe('WIFI:T:WPA;S:a\\\\b\\;c\\,d\\:e\\"f;P:\\\\\\;\\,\\:\\"\\\\\\;\\,\\:\\";H:true;;');
  });

  it('that is open has no password', () => {
    expect(encode({ type: 'wifi', ssid: 'Café' })).toBe('WIFI:T:nopass;S:Café;;');
  });
});

describe('a contact', () => {
  it('reads back from its vCard as what was sent', () => {
    everyEncoded('vcard', arbitraryVcard, (content, encoded) => {
      const properties = readProperties(encoded);
      const all = (name: string, parameter?: string): string[] =>
        properties
          .filter((property) => property.name === name && (!parameter || property.parameters.includes(parameter)))
          .map((property) => readTextValue(property.raw));
      const raw = (name: string): string => properties.find((property) => property.name === name)?.raw ?? '';
      expect(properties.slice(0, 2).map(({ name, raw: value }) => `${name}:${value}`)).toEqual([
        'BEGIN:VCARD',
        'VERSION:3.0',
      ]);
      expect(properties.at(-1)).toEqual({ name: 'END', parameters: [], raw: 'VCARD' });
      expect(readStructuredValue(raw('N'))).toEqual([content.lastName ?? '', content.firstName ?? '', '', '', '']);
      expect(textOf(properties, 'ORG')).toBe(content.organization);
      expect(textOf(properties, 'TITLE')).toBe(content.title);
      expect(textOf(properties, 'NOTE')).toBe(content.note);
      expect(all('TEL', 'TYPE=VOICE')).toEqual(content.phone);
      expect(all('TEL', 'TYPE=CELL')).toEqual(content.mobile === null ? [] : [content.mobile]);
      expect(all('EMAIL')).toEqual(content.email);
      expect(properties.filter(({ name }) => name === 'URL').map((property) => property.raw)).toEqual(content.website);
      const parts = [content.street, content.city, content.region, content.postalCode, content.country];
      const address = parts.every((part) => part === null) ? [''] : ['', '', ...parts.map((part) => part ?? '')];
      expect(readStructuredValue(raw('ADR'))).toEqual(address);
    });
  });

  it('has N and FN always, FN being the organization when nobody is named', () => {
    expect(encode({ type: 'vcard', organization: 'A, B & C' })).toBe(
      'BEGIN:VCARD\r\nVERSION:3.0\r\nN:;;;;\r\nFN:A\\, B & C\r\nORG:A\\, B & C\r\nEND:VCARD\r\n',
    );
    expect(encode({ type: 'vcard', firstName: 'Ada', lastName: 'Lovelace', organization: 'X' })).toContain(
      '\r\nN:Lovelace;Ada;;;\r\nFN:Ada Lovelace\r\n',
    );
    expect(encode({ type: 'vcard', lastName: 'Lovelace' })).toContain('\r\nFN:Lovelace\r\n');
  });

  it('has each special character escaped, in single values and in parts', () => {
    const card = encode({
      type: 'vcard',
      lastName: 'a\\b;c,d:e',
      city: ';,',
      note: 'one\r\ntwo\nthree\rfour',
    });
    expect(card).toContain('\r\nN:a\\\\b\\;c\\,d:e;;;;\r\n');
    expect(card).toContain('\r\nADR;TYPE=WORK:;;;\\;\\,;;;\r\n');
    expect(card).toContain('\r\nNOTE:one\\ntwo\\nthree\\nfour\r\n');
  });
});

describe('a mail', () => {
  it('reads back from mailto: as what was sent', () => {
    everyEncoded('email', arbitraryEmail, (content, encoded) => {
      const { to, fields } = readMailto(encoded);
      expect(to).toEqual(content.to);
      expect(fields.cc?.split(',') ?? []).toEqual(content.cc);
      expect(fields.bcc?.split(',') ?? []).toEqual(content.bcc);
      expect(fields.subject ?? null).toBe(content.subject);
      expect(withPlainBreaks(fields.body ?? null)).toBe(content.body);
    });
  });

  it('has line breaks as %0D%0A, spaces as %20, and a plus that stays a plus', () => {
    const sent = { type: 'email', to: ['a+b@example.com', 'c@example.com'], subject: 'a & b', body: 'x\ny\r\nz=?' };
    expect(encode(sent)).toBe('mailto:a%2Bb@example.com,c@example.com?subject=a%20%26%20b&body=x%0D%0Ay%0D%0Az%3D%3F');
  });

  it('that is only addressed has no query', () => {
    expect(encode({ type: 'email', to: 'a@example.com' })).toBe('mailto:a@example.com');
  });
});

describe('a number', () => {
  it('is dialled as it was sent', () => {
    everyEncoded('phone', arbitraryPhone, (content, encoded) => {
      expect(encoded).toMatch(/^tel:[+\d*%]+$/);
      expect(decodeURIComponent(encoded.slice(4))).toBe(content.number);
    });
    expect(encode({ type: 'phone', number: '*100#' })).toBe('tel:*100%23');
  });

  it('gets the message as it was sent', () => {
    everyEncoded('sms', arbitrarySms, (content, encoded) => {
      expect(readSms(encoded)).toEqual({ number: content.number, message: content.message });
    });
    expect(encode({ type: 'sms', number: '+4930 1', message: 'a:b\nc' })).toBe('SMSTO:+49301:a:b\nc');
    expect(encode({ type: 'sms', number: '110' })).toBe('SMSTO:110');
  });
});

describe('a place', () => {
  it('reads back from geo: to the last digit, without an exponent', () => {
    everyEncoded('geo', arbitraryGeo, (content, encoded) => {
      const { latitude, longitude, label } = content;
      expect(readGeo(encoded)).toEqual({ latitude, longitude, label });
    });
    expect(encode({ type: 'geo', latitude: -1.5e-7, longitude: 180 })).toBe('geo:-0.00000015,180');
  });

  it('keeps the parentheses of its label apart from those around it', () => {
    const sent = { type: 'geo', latitude: 52.5, longitude: 13.4, label: 'Ä (1) & #2' };
    expect(encode(sent)).toBe('geo:52.5,13.4?q=52.5,13.4(%C3%84%20%281%29%20%26%20%232)');
  });
});

describe('an event', () => {
  it('reads back from its calendar as what was sent, no line over 75 octets', () => {
    everyEncoded('event', arbitraryEvent, (content, encoded) => {
      for (const line of encoded.split('\r\n')) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(75);
      const properties = readProperties(encoded);
      const moment = (name: string): string | null => {
        const found = properties.find((property) => property.name === name);
        if (found === undefined) return null;
        expect(found.parameters).toEqual(content.allDay && name !== 'DTSTAMP' ? ['VALUE=DATE'] : []);
        const [, year, month, day, time] = /^(\d{4})(\d\d)(\d\d)(?:T(\d{6})Z)?$/.exec(found.raw) ?? [];
        return `${year}-${month}-${day}${time === undefined ? '' : `T${time.replace(/(..)(..)(..)/, '$1:$2:$3')}Z`}`;
      };
      expect(moment('DTSTART')).toBe(content.start);
      expect(moment('DTEND')).toBe(content.end);
      expect(moment('DTSTAMP')).toBe(content.allDay ? `${content.start}T00:00:00Z` : content.start);
      expect(textOf(properties, 'SUMMARY')).toBe(content.title);
      expect(textOf(properties, 'LOCATION')).toBe(content.location);
      expect(textOf(properties, 'DESCRIPTION')).toBe(content.description);
      const blocks = properties.filter(({ name }) => name === 'BEGIN' || name === 'END');
      expect(blocks.map(({ raw }) => raw)).toEqual(['VCALENDAR', 'VEVENT', 'VEVENT', 'VCALENDAR']);
    });
  });

  it('is written in UTC, and a whole day as dates', () => {
    const timed = encode({ type: 'event', title: 'a,b;c\\d', start: '2026-11-23T00:30:00+01:00' });
    expect(timed).toContain('\r\nDTSTAMP:20261122T233000Z\r\nDTSTART:20261122T233000Z\r\nSUMMARY:a\\,b\\;c\\\\d\r\n');
    const wholeDay = encode({
      type: 'event',
      title: 'x',
      allDay: true,
      start: '2026-12-24',
      end: '2026-12-27',
    });
    expect(wholeDay).toContain('\r\nDTSTART;VALUE=DATE:20261224\r\nDTEND;VALUE=DATE:20261227\r\n');
  });

  it('folds long lines without splitting a character', () => {
    const title = '漢'.repeat(60);
    const calendar = encode({ type: 'event', title, start: '2026-12-24T10:00:00Z' });
    expect(calendar).not.toContain('\ufffd');
    const description = 'x'.repeat(300);
    const long = encode({ type: 'event', title, description, start: '2026-12-24T10:00:00Z' });
    const octets = long.split('\r\n').map((line) => Buffer.byteLength(line));
    expect(Math.max(...octets)).toBe(75);
    expect(textOf(readProperties(long), 'DESCRIPTION')).toBe(description);
    expect(textOf(readProperties(calendar), 'SUMMARY')).toBe(title);
  });

  it('has a UID that follows from its fields', () => {
    const uid = (title: string): string | null =>
      textOf(readProperties(encode({ type: 'event', title, start: '2026-12-24T10:00:00Z' })), 'UID');
    expect(uid('a')).toBe(uid('a'));
    expect(uid('a')).not.toBe(uid('b'));
  });
});
