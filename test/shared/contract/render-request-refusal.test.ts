import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arbitraryContent } from '../../support/arbitrary-content.ts';
import { content, dataUri, parse, png } from './parse-request.ts';
import { codesOf, refusal } from './refusal.ts';

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

  it('may call a JPEG image/jpg', () => {
    const data = dataUri(png).replace('image/png', 'image/jpg');
    expect(parse({ content, logo: { data } }).spec.logo).toHaveProperty('bytes');
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
    expect(only({ content: [], size: 300 })).toMatchObject({ received: 'a list of 0' });
    expect(only({ content, size: {} })).toMatchObject({ received: 'an object' });
  });

  it('has what came shortened', () => {
    const received = only({ content, foreground: 'x'.repeat(500) })?.received;
    expect(received).toHaveLength(80);
  });

  const secret = 'hunter2';
  it.each<[string, object]>([
    ['a password', { content: { type: 'wifi', ssid: 'a', password: `${secret}\n` } }],
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
