import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { parseRenderRequest, renderRequestSchema } from '../../../shared/contract/render-request.ts';
import { contentTypes } from '../../../shared/domain/content/content.ts';
import { arbitraryContent } from '../../support/arbitrary-content.ts';
import { codesOf, refusal } from './refusal.ts';

const limits = { logoBytes: 3001 };
const content = { type: 'url', url: 'https://example.com' };
const png = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(100)]);
const dataUri = (bytes: Buffer): string => `data:image/png;base64,${bytes.toString('base64')}`;

function parse(body: unknown) {
  return parseRenderRequest(body, limits);
}

/** Parses a JSON text, as a body comes. */
function parseJson(json: string) {
  return parse(JSON.parse(json));
}

describe('a render request', () => {
  it('gets every default that it leaves out', () => {
    expect(parse({ content })).toEqual({
      spec: {
        content,
        format: 'png',
        size: 300,
        margin: 4,
        marginPx: null,
        errorCorrection: 'M',
        foreground: '#000000',
        background: '#ffffff',
        logo: null,
      },
      formatGiven: false,
    });
  });

  it('tells whether it names a format', () => {
    expect(parse({ content, format: 'png' }).formatGiven).toBe(true);
    expect(parse({ content, format: null }).formatGiven).toBe(false);
  });

  it.each([
    [
      'key order',
      '{"size":200,"content":{"type":"text","text":"a"}}',
      '{"content":{"text":"a","type":"text"},"size":200}',
    ],
    [
      'numbers',
      '{"content":{"type":"geo","latitude":-0,"longitude":1.50},"size":3e2}',
      '{"content":{"type":"geo","latitude":0.0,"longitude":15e-1}}',
    ],
    [
      'hex',
      '{"content":{"type":"text","text":"a"},"foreground":"#ABC","background":"FFFFFF"}',
      '{"content":{"type":"text","text":"a"},"foreground":"aabbcc"}',
    ],
    [
      'null',
      '{"content":{"type":"wifi","ssid":"a","password":null,"hidden":null,"security":null},"margin":null,"logo":null}',
      '{"content":{"type":"wifi","ssid":"a","security":"nopass"}}',
    ],
    [
      'lists',
      '{"content":{"type":"email","to":"a@b.de","cc":["c@d.de"],"bcc":[]}}',
      '{"content":{"type":"email","to":["a@b.de"],"cc":" c@d.de "}}',
    ],
    [
      'white space',
      '{"content":{"type":"url","url":" https://a.de\\n"}}',
      '{"content":{"type":"url","url":"https://a.de"}}',
    ],
    [
      'line breaks',
      '{"content":{"type":"vcard","lastName":"a","note":"b\\r\\nc"}}',
      '{"content":{"type":"vcard","lastName":" a","note":"b\\nc"}}',
    ],
    [
      'numbers to dial',
      '{"content":{"type":"phone","number":"+49 (30) 12-34/5"}}',
      '{"content":{"type":"phone","number":"+4930.12345"}}',
    ],
    [
      'time zones',
      '{"content":{"type":"event","title":"a","start":"2026-11-23T00:30:00.000+01:00"}}',
      '{"content":{"type":"event","title":"a","start":"2026-11-22t23:30:00z","allDay":false}}',
    ],
    [
      'logo',
      '{"content":{"type":"text","text":"a"},"logo":{"id":"logo_a","ratio":0.20}}',
      '{"content":{"type":"text","text":"a"},"logo":{"data":null,"id":"logo_a"}}',
    ],
  ])('is the same in every spelling of its %s', (_, one, other) => {
    expect(parseJson(one).spec).toEqual(parseJson(other).spec);
  });

  it('of any content is canonical at once: its own spec gives the same spec', () => {
    fc.assert(
      fc.property(arbitraryContent, (sent) => {
        const { marginPx, ...spec } = parse({ content: sent }).spec;
        expect(parse(spec).spec).toEqual({ ...spec, marginPx });
      }),
    );
  });

  it('keeps white space where it may count: text, message, ssid and password', () => {
    const kept = (sent: object): unknown => parse({ content: sent }).spec.content;
    expect(kept({ type: 'text', text: ' a ' })).toMatchObject({ text: ' a ' });
    expect(kept({ type: 'sms', number: '1', message: ' a\r\n' })).toMatchObject({ message: ' a\r\n' });
    expect(kept({ type: 'wifi', ssid: ' a', password: ' 1234567 ' })).toMatchObject({
      ssid: ' a',
      password: ' 1234567 ',
    });
  });

  it('takes a network with a password for WPA', () => {
    const { spec } = parse({ content: { type: 'wifi', ssid: 'a', password: '12345678' } });
    expect(spec.content).toMatchObject({ security: 'WPA', hidden: false });
  });
});

describe('a logo', () => {
  it('is named by id or sent along, with a ratio', () => {
    expect(parse({ content, logo: { id: 'logo_a-_1' } }).spec.logo).toEqual({ id: 'logo_a-_1', ratio: 0.2 });
    expect(parse({ content, logo: { data: dataUri(png), ratio: 0.25 } }).spec.logo).toEqual({
      bytes: png,
      ratio: 0.25,
    });
  });

  it('is what its bytes say, whatever its data URI declares', () => {
    const data = dataUri(Buffer.from('ffd8ffe000', 'hex'));
    expect(parse({ content, logo: { data } }).spec.logo).toMatchObject({ bytes: Buffer.from('ffd8ffe000', 'hex') });
  });

  it('may be as large as the limit and not a byte larger', () => {
    const ofSize = (bytes: number): object => ({
      content,
      logo: { data: dataUri(Buffer.concat([png, Buffer.alloc(bytes - png.length)])) },
    });
    expect(parse(ofSize(3001)).spec.logo).toHaveProperty('bytes.length', 3001);
    for (const size of [3002, 3003, 3004, 9000]) {
      expect(() => parse(ofSize(size))).toThrow(
        expect.objectContaining({
          kind: 'too-large',
          code: 'logo_too_large',
          details: [expect.objectContaining({ pointer: '/logo/data', code: 'logo_too_large' })],
        }),
      );
    }
  });

  it.each([
    ['not a data URI', 'https://example.com/logo.png'],
    ['an SVG', 'data:image/svg+xml;base64,PHN2Zy8+'],
    ['not base64', 'data:image/png;base64,iVBORw0K*A=='],
    ['cut off', dataUri(png).slice(0, -1)],
    ['empty', 'data:image/png;base64,'],
  ])('that is %s is refused', (_, data) => {
    expect(codesOf(refusal(() => parse({ content, logo: { data } })))).toEqual(['/logo/data invalid_logo']);
  });

  it('that is of another kind by its bytes is refused by the code of uploads', () => {
    const data = dataUri(Buffer.from('GIF89a....'));
    expect(codesOf(refusal(() => parse({ content, logo: { data } })))).toEqual(['/logo/data logo_type']);
  });

  it.each([
    [{}, '/logo/id required'],
    [{ id: 'logo_a', data: dataUri(png) }, '/logo/data not_allowed'],
    [{ id: '../x' }, '/logo/id invalid_logo_id'],
    [{ id: 'logo_a', ratio: 0.31 }, '/logo/ratio out_of_range'],
    [{ id: 'logo_a', ratio: 0.04 }, '/logo/ratio out_of_range'],
    [{ id: 'logo_a', ratio: '0.2' }, '/logo/ratio invalid_type'],
    [{ id: 'logo_a', width: 3 }, '/logo/width unknown_field'],
    ['logo_a', '/logo invalid_type'],
  ])('%j is refused: %s', (logo, expected) => {
    expect(codesOf(refusal(() => parse({ content, logo })))).toEqual([expected]);
  });
});

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
    [{ ...wifi, password: '1234567' }, '/content/password invalid_password'],
    [{ ...wifi, password: 'g'.repeat(64) }, '/content/password invalid_password'],
    [{ ...wifi, password: 'a'.repeat(65) }, '/content/password invalid_password'],
    [{ ...wifi, security: 'WEP', password: '123456' }, '/content/password invalid_password'],
    [{ ...wifi, security: 'WEP', password: 'ghijklmnop' }, '/content/password invalid_password'],
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
    [{ ...wholeDay, start: '2026-11-23T10:00:00Z' }, '/content/start invalid_date'],
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
      content: { type: 'wifi', password: 'short', hidden: 1, x: 1 },
      size: 1,
      sise: 1,
      logo: { data: 'x' },
    };
    expect(codesOf(refusal(() => parse(wrong)))).toEqual([
      '/content/hidden invalid_type',
      '/content/password invalid_password',
      '/content/ssid required',
      '/content/x unknown_field',
      '/logo/data invalid_logo',
      '/sise unknown_field',
      '/size out_of_range',
    ]);
  });
});

describe('a refusal', () => {
  const only = (body: unknown) => refusal(() => parse(body)).details[0];

  it('names the field, what came and what is accepted', () => {
    expect(only({ content, size: 5000 })).toEqual({
      in: 'body',
      pointer: '/size',
      name: null,
      code: 'out_of_range',
      detail: 'size must be a whole number from 100 to 2000 (px); 5000 came.',
      received: '5000',
    });
  });

  it('names the fields that are known, and the one that was probably meant', () => {
    expect(only({ content, Foreground: '#000' })?.detail).toBe(
      'Foreground is not known here, perhaps foreground is meant; accepted: content, format, size, margin, errorCorrection, foreground, background, logo.',
    );
    expect(only({ content: { type: 'wifi', ssid: 'a', pasword: 'x' } })?.detail).toContain('perhaps password is meant');
  });

  it('names the URL that was probably meant', () => {
    expect(only({ content: { type: 'url', url: 'example.com/menu' } })?.detail).toContain(
      'the nearest is "https://example.com/menu"',
    );
  });

  it('tells lists and objects by their kind', () => {
    expect(only({ content: [], size: 300 })).toMatchObject({ received: 'a list' });
    expect(only({ content, size: {} })).toMatchObject({ received: 'an object' });
  });

  it('has what came shortened', () => {
    const received = only({ content, foreground: 'x'.repeat(500) })?.received;
    expect(received).toHaveLength(80);
  });

  const secret = 'hunter2';
  it.each<[string, object]>([
    ['a password', { content: { type: 'wifi', ssid: 'a', password: secret } }],
    ['a password of the wrong type', { content: { type: 'wifi', ssid: 'a', password: [secret] } }],
    ['an open network with a password', { content: { type: 'wifi', ssid: 'a', password: secret, security: 'nopass' } }],
    ['a misspelled password', { content: { type: 'wifi', ssid: 'a', passphrase: secret } }],
    ['a password in the wrong place', { content, password: secret }],
    ['content as text', { content: `WIFI:T:WPA;S:a;P:${secret};;` }],
    ['content as a list', { content: [{ type: 'wifi', password: secret }] }],
    ['a password in a URL', { content: { type: 'url', url: `gopher://me:${secret}@example.com` } }],
  ])('never holds %s', (_, body) => {
    const error = refusal(() => parse(body));
    expect(error.details.length).toBeGreaterThan(0);
    expect(JSON.stringify([error.message, error.details])).not.toContain(secret);
  });

  it('has a message that names fields and never what came, for it is logged', () => {
    const { message } = refusal(() => parse({ content: { type: 'url', url: 'private.example' }, size: 1234567 }));
    expect(message).toMatch(/^content\.url must be an absolute URL.*; size must be a whole number/);
    expect(message).not.toMatch(/private|1234567/);
  });

  it('stays small, however much is wrong', () => {
    const many = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`x${index}`, 1]));
    const error = refusal(() => parse({ content, ...many }));
    expect(error.details).toHaveLength(50);
    expect(error.message).toContain('and 4997 more');
    const to = Array.from({ length: 100_000 }, () => 0);
    expect(codesOf(refusal(() => parse({ content: { type: 'email', to } })))).toEqual(['/content/to too_many']);
  });

  it('comes for names that every object has, too', () => {
    const body = JSON.parse(
      '{"content":{"type":"text","text":"a","__proto__":1},"__proto__":{"size":1},"constructor":1}',
    );
    expect(codesOf(refusal(() => parse(body)))).toEqual([
      '/__proto__ unknown_field',
      '/constructor unknown_field',
      '/content/__proto__ unknown_field',
    ]);
  });

  it('comes for anything at all that is no request, and nothing else does', () => {
    const near = fc.record(
      {
        content: fc.oneof(
          arbitraryContent,
          fc.record({ type: fc.constantFrom('url', 'wifi', 'event', 'vcard') }),
          fc.anything(),
        ),
        size: fc.anything(),
        logo: fc.anything(),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), near), (body) => {
        try {
          parse(body);
        } catch {
          for (const detail of refusal(() => parse(body)).details)
            expect(detail.detail).not.toMatch(/^\S+ (must be|is required: )?Invalid/);
        }
      }),
    );
  });
});

describe('the schema', () => {
  it.each(contentTypes.map((type) => [type]))('knows the content type %s', (type) => {
    const pointers = refusal(() => parse({ content: { type, unknown: 1 } })).details.map(({ pointer }) => pointer);
    expect(pointers).toContain('/content/unknown');
    expect(pointers).not.toContain('/content/type');
  });

  it('describes what clients send, defaults and bounds included', () => {
    const described = z.toJSONSchema(renderRequestSchema, { io: 'input' });
    expect(described).toMatchObject({ required: ['content'], additionalProperties: false });
    const size = JSON.stringify(described.properties?.size);
    expect(size).toContain('"minimum":100,"maximum":2000');
    expect(size).toContain('"default":300');
  });
});
