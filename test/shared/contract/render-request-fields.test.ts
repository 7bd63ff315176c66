import { describe, expect, it } from 'vitest';
import { content, parse } from './parse-request.ts';
import { codesOf, refusal } from './refusal.ts';

describe('each field once wrong', () => {
  const vcard = { type: 'vcard', firstName: 'a' };
  const wifi = { type: 'wifi', ssid: 'a' };
  const email = { type: 'email', to: 'a@b.de' };
  const event = { type: 'event', title: 'a', start: '2026-11-23T10:00:00Z' };
  const wholeDay = { type: 'event', title: 'a', start: '2026-11-23', allDay: true };
  const geo = { type: 'geo', latitude: 1, longitude: 2 };

  it.each<[object, string]>([
    [{ size: 99 }, '/size out_of_range'],
    [{ size: 2001 }, '/size out_of_range'],
    [{ size: 300.5 }, '/size invalid_type'],
    [{ size: '300' }, '/size invalid_type'],
    [{ size: [300] }, '/size invalid_type'],
    [{ margin: -1 }, '/margin out_of_range'],
    [{ margin: 21 }, '/margin out_of_range'],
    [{ margin: true }, '/margin invalid_type'],
    [{ format: 'gif' }, '/format invalid_value'],
    [{ format: 'PNG' }, '/format invalid_value'],
    [{ errorCorrection: 'm' }, '/errorCorrection invalid_value'],
    [{ foreground: 'red' }, '/foreground invalid_colour'],
    [{ foreground: '#12345678' }, '/foreground invalid_colour'],
    [{ foreground: 'transparent' }, '/foreground invalid_colour'],
    [{ foreground: 0 }, '/foreground invalid_type'],
    [{ background: '#ab' }, '/background invalid_colour'],
    [{ background: '' }, '/background empty'],
    [{ callbackUrl: 'https://example.com' }, '/callbackUrl unknown_field'],
    [{ 'a/b~c': 1 }, '/a~1b~0c unknown_field'],
    [{ marginPx: 3 }, '/marginPx unknown_field'],
  ])('%j beside the content is refused: %s', (fields, expected) => {
    expect(codesOf(refusal(() => parse({ content, ...fields })))).toEqual([expected]);
  });

  it.each<[unknown, string]>([
    [undefined, '/content required'],
    [null, '/content required'],
    ['https://example.com', '/content invalid_type'],
    [[], '/content invalid_type'],
    [{}, '/content/type required'],
    [{ type: 'link' }, '/content/type invalid_value'],
    [{ type: 'constructor' }, '/content/type invalid_value'],
    [{ ...content, label: 'a' }, '/content/label unknown_field'],
    [{ type: 'url' }, '/content/url required'],
    [{ type: 'url', url: null }, '/content/url required'],
    [{ type: 'url', url: 5 }, '/content/url invalid_type'],
    [{ type: 'url', url: ' ' }, '/content/url empty'],
    [{ type: 'url', url: 'example.com' }, '/content/url invalid_url'],
    [{ type: 'url', url: 'https:example.com' }, '/content/url invalid_url'],
    [{ type: 'url', url: 'https://' }, '/content/url invalid_url'],
    [{ type: 'url', url: 'https:///path' }, '/content/url invalid_url'],
    [{ type: 'url', url: 'https://a.de:99999' }, '/content/url invalid_url'],
    [{ type: 'url', url: 'https://a b.de' }, '/content/url invalid_url'],
    [{ type: 'url', url: 'https://a.de/\r\nX: y' }, '/content/url invalid_url'],
    [{ type: 'url', url: 'https://a.de/\ud800' }, '/content/url invalid_url'],
    [{ type: 'url', url: 'javascript:alert(1)' }, '/content/url invalid_url'],
    [{ type: 'url', url: 'data:text/html,x' }, '/content/url invalid_url'],
    [{ type: 'url', url: 'mailto:' }, '/content/url invalid_url'],
    [{ type: 'text' }, '/content/text required'],
    [{ type: 'text', text: '' }, '/content/text empty'],
    [{ type: 'text', text: 'a\0' }, '/content/text invalid_characters'],
    [{ type: 'text', text: '\udc00' }, '/content/text invalid_characters'],
    [{ type: 'text', text: '1'.repeat(7090) }, '/content/text content_too_long'],
    [{ type: 'vcard' }, '/content/firstName required'],
    [{ type: 'vcard', email: 'a@b.de' }, '/content/firstName required'],
    [{ ...vcard, lastName: '' }, '/content/lastName empty'],
    [{ ...vcard, title: 'a\nb' }, '/content/title invalid_characters'],
    [{ ...vcard, note: 'a\u0007' }, '/content/note invalid_characters'],
    [{ ...vcard, phone: 'call me' }, '/content/phone invalid_phone'],
    [{ ...vcard, phone: ['030 12', ''] }, '/content/phone/1 empty'],
    [{ ...vcard, phone: 30 }, '/content/phone invalid_type'],
    [{ ...vcard, mobile: ['030 12'] }, '/content/mobile invalid_type'],
    [{ ...vcard, email: ['a@b.de', 'a@b'] }, '/content/email/1 invalid_email'],
    [{ ...vcard, email: ['a@b.de', 7] }, '/content/email/1 invalid_type'],
    [{ ...vcard, website: 'ftp://example.com' }, '/content/website invalid_url'],
    [{ ...vcard, website: Array.from({ length: 51 }, () => 'https://a.de') }, '/content/website too_many'],
    [{ type: 'wifi' }, '/content/ssid required'],
    [{ ...wifi, ssid: 'ä'.repeat(17) }, '/content/ssid too_long'],
    [{ ...wifi, ssid: 'a\tb' }, '/content/ssid invalid_characters'],
    [{ ...wifi, security: 'WPA' }, '/content/password required'],
    [{ ...wifi, security: 'WPA3', password: null }, '/content/password required'],
    [{ ...wifi, security: 'WEP' }, '/content/password required'],
    [{ ...wifi, security: 'WPA2', password: '12345678' }, '/content/security invalid_value'],
    [{ ...wifi, security: 'nopass', password: '12345678' }, '/content/password not_allowed'],
    [{ ...wifi, password: '' }, '/content/password empty'],
    [{ ...wifi, password: 12345678 }, '/content/password invalid_type'],
    [{ ...wifi, hidden: 'yes' }, '/content/hidden invalid_type'],
    [{ type: 'email' }, '/content/to required'],
    [{ type: 'email', to: [] }, '/content/to empty'],
    [{ type: 'email', to: 'A <a@b.de>' }, '/content/to invalid_email'],
    [{ ...email, cc: 'a@' }, '/content/cc invalid_email'],
    [{ ...email, bcc: ['@b.de'] }, '/content/bcc/0 invalid_email'],
    [{ ...email, bcc: 'a..b@b.de' }, '/content/bcc invalid_email'],
    [{ ...email, subject: 'a\r\nBcc: x@y.de' }, '/content/subject invalid_characters'],
    [{ ...email, body: '' }, '/content/body empty'],
    [{ type: 'phone' }, '/content/number required'],
    [{ type: 'phone', number: '+' }, '/content/number invalid_phone'],
    [{ type: 'phone', number: '+49 (0)30 123' }, '/content/number invalid_phone'],
    [{ type: 'phone', number: '+1234567890123456' }, '/content/number invalid_phone'],
    [{ type: 'phone', number: '0800 CALL' }, '/content/number invalid_phone'],
    [{ type: 'sms', number: '1;2' }, '/content/number invalid_phone'],
    [{ type: 'sms', number: '1', message: '\0' }, '/content/message invalid_characters'],
    [{ ...geo, latitude: 90.1 }, '/content/latitude out_of_range'],
    [{ ...geo, latitude: '1' }, '/content/latitude invalid_type'],
    [{ ...geo, longitude: -180.1 }, '/content/longitude out_of_range'],
    [{ type: 'geo', latitude: 1 }, '/content/longitude required'],
    [{ ...geo, label: ' ' }, '/content/label empty'],
    [{ ...event, title: '' }, '/content/title empty'],
    [{ ...event, start: undefined }, '/content/start required'],
    [{ ...event, start: '2026-11-23' }, '/content/start invalid_time'],
    [{ ...event, start: '2026-11-23T10:00:00' }, '/content/start invalid_time'],
    [{ ...event, start: '2026-02-29T10:00:00Z' }, '/content/start invalid_time'],
    [{ ...event, start: '2026-11-23T24:00:00Z' }, '/content/start invalid_time'],
    [{ ...event, start: '0001-01-01T00:00:00+01:00' }, '/content/start invalid_time'],
    [{ ...event, start: '9999-12-31T23:59:59-01:00' }, '/content/start invalid_time'],
    [{ ...event, end: '2026-11-23T10:00:00Z' }, '/content/end end_not_after_start'],
    [{ ...event, end: '2026-11-23T10:30:00+01:00' }, '/content/end end_not_after_start'],
    [{ ...event, end: 5 }, '/content/end invalid_type'],
    [{ ...event, allDay: 1 }, '/content/allDay invalid_type'],
    [{ ...wholeDay, start: '2026-11-23T10:00:00' }, '/content/start invalid_date'],
    [{ ...wholeDay, end: '2026-11-23T23:59:59-11:00' }, '/content/end end_not_after_start'],
    [{ ...wholeDay, start: '2026-02-29' }, '/content/start invalid_date'],
    [{ ...wholeDay, end: '2026-11-23' }, '/content/end end_not_after_start'],
  ])('content %j is refused: %s', (wrong, expected) => {
    expect(codesOf(refusal(() => parse({ content: wrong })))).toEqual([expected]);
  });

  it.each([[null], [undefined], [[]], ['text'], [5], [true]])('a body that is %j is refused', (body) => {
    const { details } = refusal(() => parse(body));
    expect(details).toMatchObject([{ in: 'body', pointer: '', detail: expect.stringContaining('JSON object') }]);
  });

  it('is told together with every other one', () => {
    const wrong = {
      content: { type: 'wifi', password: '', hidden: 1, x: 1 },
      size: 1,
      sise: 1,
      logo: { data: 'x' },
    };
    expect(codesOf(refusal(() => parse(wrong)))).toEqual([
      '/content/hidden invalid_type',
      '/content/password empty',
      '/content/ssid required',
      '/content/x unknown_field',
      '/logo/data invalid_logo',
      '/sise unknown_field',
      '/size out_of_range',
    ]);
  });
});
