import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contentFieldsOf } from '../../../shared/contract/flat-fields.ts';
import { parseRenderQuery, type Query } from '../../../shared/contract/render-query.ts';
import { readRenderRequest } from '../../../shared/contract/render-request.ts';
import { inBody } from '../../../shared/contract/zod-problems.ts';
import { contentTypes } from '../../../shared/domain/content/content.ts';
import { arbitraryContent } from '../../support/arbitrary-content.ts';
import { codesOf, refusal } from './refusal.ts';

function bodySpec(body: unknown) {
  return readRenderRequest(body, { logoBytes: 0 }, inBody, []).spec;
}

/** Writes content as the parameters of a query. */
function asQuery(content: object): Query {
  const texts = Object.entries(content).map(([name, value]) => [name, Array.isArray(value) ? value : String(value)]);
  return Object.fromEntries(texts);
}

describe('a query', () => {
  it('means what the same request means as a body', () => {
    fc.assert(
      fc.property(arbitraryContent, (content) => {
        expect(parseRenderQuery(asQuery(content)).spec).toEqual(bodySpec({ content }));
      }),
    );
  });

  it('takes each field of the spec under its own name', () => {
    const query = {
      ...{ data: 'a', format: 'svg', size: '500', margin: '0', errorCorrection: 'Q' },
      ...{ foreground: 'ABC', background: 'transparent', logoId: 'logo_a', logoRatio: '0.1' },
    };
    expect(parseRenderQuery(query)).toEqual({
      spec: bodySpec({
        ...{ content: { type: 'text', text: 'a' }, format: 'svg', size: 500, margin: 0, errorCorrection: 'Q' },
        ...{ foreground: '#aabbcc', background: 'transparent', logo: { id: 'logo_a', ratio: 0.1 } },
      }),
      formatGiven: true,
    });
    expect(parseRenderQuery({ data: 'a' }).formatGiven).toBe(false);
  });

  it.each([
    ['url', 'https://a.de', 'url'],
    ['text', 'a', 'text'],
    ['wifi', 'net', 'ssid'],
    ['email', 'a@b.de', 'to'],
    ['phone', '110', 'number'],
    ['sms', '110', 'number'],
  ])('of type %s has %s as data', (type, data, main) => {
    expect(parseRenderQuery({ type, data }).spec).toEqual(bodySpec({ content: { type, [main]: data } }));
    expect(parseRenderQuery({ type, [main]: data }).spec).toEqual(parseRenderQuery({ type, data }).spec);
  });

  it('takes an unescaped plus of an offset for what it is, and asks for no logo in a body', () => {
    const times = { start: '2026-11-23T10:00:00 01:00', end: '2026-11-23T12:00:00 02:00' };
    const { content } = parseRenderQuery({ type: 'event', title: 'a', ...times }).spec;
    expect(content).toMatchObject({ start: '2026-11-23T09:00:00Z', end: '2026-11-23T10:00:00Z' });
    const { details } = refusal(() => parseRenderQuery({ data: 'a', logoRatio: '0.2' }));
    expect(details).toMatchObject([{ in: 'query', name: 'logoId', code: 'required' }]);
    expect(details[0]?.detail).not.toContain('body');
  });

  it('takes an unescaped plus of a phone number for what it is', () => {
    const contentOf = (query: Query) => parseRenderQuery(query).spec.content;
    expect(contentOf({ type: 'phone', number: ' 49301234567' })).toMatchObject({ number: '+49301234567' });
    expect(contentOf({ type: 'sms', data: ' 49301234567' })).toMatchObject({ number: '+49301234567' });
    const card = { firstName: 'Ada', phone: [' 49301', '030 1'], mobile: ' 49171' };
    expect(contentOf(card)).toMatchObject({ phone: ['+49301', '030 1'], mobile: '+49171' });
    expect(contentOf({ firstName: 'Ada', phone: ' 49301' })).toMatchObject({ phone: ['+49301'] });
    expect(contentOf({ data: ' 49301234567' })).toMatchObject({ text: ' 49301234567' });
  });

  it('of an event has its title as data', () => {
    const start = '2026-11-23T10:00:00Z';
    expect(parseRenderQuery({ type: 'event', data: 'a', start }).spec.content).toMatchObject({ title: 'a' });
  });

  it('is text without a type', () => {
    expect(parseRenderQuery({ data: 'https://a.de' }).spec.content).toEqual({ type: 'text', text: 'https://a.de' });
  });

  it.each<[Query, Record<string, unknown>]>([
    [{ url: 'https://a.de' }, { type: 'url', url: 'https://a.de' }],
    [{ text: 'https://a.de' }, { type: 'text', text: 'https://a.de' }],
    [{ ssid: 'guests' }, { type: 'wifi', security: 'nopass' }],
    [
      { number: '+49301234', message: 'hi' },
      { type: 'sms', message: 'hi' },
    ],
    [{ number: '+49301234' }, { type: 'phone' }],
    [{ latitude: '1', longitude: '2' }, { type: 'geo' }],
  ])('tells its type by its fields where neither type nor data is there: %j', (query, content) => {
    expect(parseRenderQuery(query).spec.content).toMatchObject(content);
  });

  it('repeats what may be a list', () => {
    const query = { type: 'email', data: ['a@b.de', 'c@d.de'], cc: 'e@f.de' };
    expect(parseRenderQuery(query).spec.content).toMatchObject({ to: ['a@b.de', 'c@d.de'], cc: ['e@f.de'] });
  });

  it('reads numbers and flags strictly', () => {
    const query = { type: 'geo', latitude: '-1.5e1', longitude: '0', size: '100' };
    expect(parseRenderQuery(query).spec).toMatchObject({ content: { latitude: -15, longitude: 0 }, size: 100 });
    for (const size of ['0300', '3e', '+300', ' 300', '0x12c', '', '300px', 'NaN', 'Infinity', '1_000']) {
      expect(codesOf(refusal(() => parseRenderQuery({ data: 'a', size })))).toEqual(['size invalid_type']);
    }
    for (const hidden of ['1', 'True', '', 'yes']) {
      expect(codesOf(refusal(() => parseRenderQuery({ type: 'wifi', data: 'a', hidden })))).toEqual([
        'hidden invalid_type',
      ]);
    }
  });

  it('may have a field named as a number that is a text all the same', () => {
    expect(parseRenderQuery({ data: '007' }).spec.content).toEqual({ type: 'text', text: '007' });
    expect(parseRenderQuery({ type: 'wifi', data: 'true', password: '12345678' }).spec.content).toMatchObject({
      ssid: 'true',
      password: '12345678',
    });
  });
});

describe('a refused query', () => {
  it.each<[Query, string[]]>([
    [{}, ['data required']],
    [{ data: '' }, ['data empty']],
    [{ type: 'url' }, ['data required']],
    [{ type: 'url', url: 'x' }, ['url invalid_url']],
    [{ type: 'url', data: 'x' }, ['data invalid_url']],
    [{ type: 'url', url: 'https://a.de', data: 'https://a.de' }, ['data not_allowed']],
    [{ type: 'vcard', data: 'a', firstName: 'a' }, ['data not_allowed']],
    [{ type: 'vcard', firstName: 'a', phone: ['030 12', 'x', 'y'] }, ['phone invalid_phone', 'phone invalid_phone']],
    [{ type: 'link', data: 'a', ssid: 'b' }, ['type invalid_value']],
    [{ type: '', data: 'a' }, ['type invalid_value']],
    [{ type: '__proto__', data: 'a' }, ['type invalid_value']],
    [{ type: ['text', 'url'], data: 'a' }, ['type given_twice']],
    [{ data: ['a', 'b'] }, ['data given_twice']],
    [{ data: 'a', size: ['300', '300'] }, ['size given_twice']],
    [{ data: 'a', size: '99' }, ['size out_of_range']],
    [{ data: 'a', logoRatio: '0.2' }, ['logoId required']],
    [{ data: 'a', logoId: 'x' }, ['logoId invalid_logo_id']],
    [{ data: 'a', logoId: 'logo_a', logoRatio: '1' }, ['logoRatio out_of_range']],
    [{ data: 'a', logo: 'logo_a' }, ['logo unknown_field']],
    [{ data: 'a', content: 'b' }, ['content unknown_field']],
    [{ data: 'a', label: 'b' }, ['label not_allowed']],
    [{ data: 'a', constructor: 'b' } as Query, ['constructor unknown_field']],
    [{ data: 'a', colour: 'red', size: '1' }, ['colour unknown_field', 'size out_of_range']],
  ])('%j names each wrong parameter: %j', (query, expected) => {
    expect(codesOf(refusal(() => parseRenderQuery(query)))).toEqual(expected);
  });

  it('tells the parameter, what came and what is accepted', () => {
    expect(refusal(() => parseRenderQuery({ data: 'a', size: '9' })).details).toEqual([
      {
        in: 'query',
        pointer: null,
        name: 'size',
        code: 'out_of_range',
        detail: 'size must be a whole number from 100 to 2000 (px); 9 came.',
        received: '9',
      },
    ]);
  });

  it.each([
    [
      { type: 'geo', latitude: '1e-400', longitude: '3' },
      'latitude must be a number from -90 to 90 (degrees); "1e-400" came.',
    ],
    [{ data: 'a', size: '1e400' }, 'size must be a whole number from 100 to 2000 (px); "1e400" came.'],
    [
      { data: 'a', size: '99999999999999999999' },
      'size must be a whole number from 100 to 2000 (px); "99999999999999999999" came.',
    ],
    [{ data: 'a', size: ['300', '400'] }, 'size must be given once; it came 2 times.'],
  ])('tells what came as it came: %j', (query, detail) => {
    expect(refusal(() => parseRenderQuery(query as Query)).details.map((each) => each.detail)).toEqual([detail]);
  });

  it('names the parameter that was probably meant', () => {
    const detail = (query: Query): string | undefined => refusal(() => parseRenderQuery(query)).details[0]?.detail;
    expect(detail({ data: 'a', siez: '300' })).toContain('perhaps size is meant');
    expect(detail({ data: 'a', error_correction: 'H' })).toContain('perhaps errorCorrection is meant');
    expect(detail({ data: 'a', ssid: 'b' })).toContain('it is a field of type wifi');
    expect(detail({ data: 'a', qwertyuiop: 'b' })).not.toContain('perhaps');
  });

  it('never holds a password', () => {
    const secret = 'hunter2';
    for (const query of [
      { type: 'wifi', data: 'a', password: `${secret}\n` },
      { type: 'wifi', data: 'a', password: [secret, secret] },
      { type: 'wifi', data: 'a', pasword: secret },
      { data: 'a', password: secret },
    ] as Query[]) {
      const error = refusal(() => parseRenderQuery(query));
      expect(JSON.stringify([error.message, error.details])).not.toContain(secret);
    }
  });
});

describe('the fields of content', () => {
  it('share no name with those of the spec', () => {
    const names = contentTypes.flatMap(contentFieldsOf);
    const shared = [
      'data',
      'type',
      'format',
      'size',
      'margin',
      'errorCorrection',
      'foreground',
      'background',
      'logoId',
      'logoRatio',
    ];
    expect(names.filter((name) => shared.includes(name))).toEqual([]);
  });
});
