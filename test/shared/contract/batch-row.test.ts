import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { columnsOf, namedColumns } from '../../../shared/contract/batch-columns.ts';
import { parseBatchRequest } from '../../../shared/contract/batch-request.ts';
import { readBatchRow } from '../../../shared/contract/batch-row.ts';
import type { RowRules } from '../../../shared/contract/row-input.ts';

type More = { mode?: RowRules['mode']; shared?: Record<string, string> };

function read(header: string[], cells: string[], { mode = 'static', shared = {} }: More = {}) {
  const found = columnsOf(namedColumns(header, []), {
    hasTargets: mode !== 'static',
    shared: new Set(Object.keys(shared)),
  });
  if ('problem' in found) throw new Error(found.problem.detail);
  const layout = { delimiter: ',' as const, hasHeader: true, columns: found.columns };
  return readBatchRow(cells, { mode, layout, shared, targets: { ownUrls: [], denied: [] }, now: 0 });
}

const contentOf = (header: string[], cells: string[], more?: More) => {
  const { input, error } = read(header, cells, more);
  return input?.mode === 'static' ? input.spec.content : error;
};

describe('a row of a batch', () => {
  it.each([
    [['url'], ['https://a.example'], { type: 'url', url: 'https://a.example' }],
    [['Link'], [' https://a.example '], { type: 'url', url: 'https://a.example' }],
    [['data'], ['just text'], { type: 'text', text: 'just text' }],
    [['type', 'data'], ['URL', 'https://a.example'], { type: 'url', url: 'https://a.example' }],
    [
      ['ssid', 'password', 'hidden'],
      ['Café', 'secret12', 'TRUE'],
      { type: 'wifi', ssid: 'Café', password: 'secret12', security: 'WPA', hidden: true },
    ],
    [['to'], ['a@b.example; c@d.example'], { type: 'email', to: ['a@b.example', 'c@d.example'] }],
    [['lat', 'lon'], ['52,5', '13.4'], { type: 'geo', latitude: 52.5, longitude: 13.4 }],
    [['number', 'message'], ['+49 30 1234567', 'hi'], { type: 'sms', number: '+49301234567', message: 'hi' }],
    [
      ['First Name', 'Email', 'E-Mail'],
      ['Ada', 'a@b.example', 'c@d.example'],
      { type: 'vcard', firstName: 'Ada', email: ['a@b.example', 'c@d.example'] },
    ],
  ])('of %j reads %j', (header, cells, content) => {
    expect(contentOf(header, cells)).toMatchObject(content);
  });

  it("takes the request's fields where it has none of its own", () => {
    const shared = { size: '500', format: 'SVG', security: 'WPA' };
    const { input } = read(['ssid', 'password', 'size'], ['Net', 'secret12', ''], { shared });
    expect(input).toMatchObject({ spec: { size: 500, format: 'svg', content: { security: 'WPA' } } });
    expect(read(['url', 'size'], ['https://a.example', '300'], { shared }).input).toMatchObject({
      spec: { size: 300 },
    });
  });

  it('keeps as extra what nobody knows and what its kind does not have', () => {
    const header = ['url', 'title', '__proto__', 'Größe', ''];
    const { extra, input } = read(header, ['https://a.example', 'Shop', 'x', '', 'more', '', ' ']);
    expect(input).not.toBeNull();
    expect(extra).toEqual([
      ['title', 'Shop'],
      ['__proto__', 'x'],
      ['Größe', ''],
      ['column 5', 'more'],
    ]);
  });

  it('fails with a cell behind the last column: one before it was not quoted', () => {
    const { extra, input, error } = read(['url', 'file'], ['https://a.example/?a=1', '2', 'x']);
    expect(input).toBeNull();
    expect(error).toMatchObject({ code: 'too_many_cells', pointer: '/column 3' });
    expect(error?.detail).toMatch(/quotes.*"x"/);
    expect(extra).toEqual([['column 3', 'x']]);
    expect(read(['url'], ['https://a.example/?q=a', 'b']).error).toMatchObject({ code: 'too_many_cells' });
    expect(read(['url'], ['https://a.example/', '']).input).toMatchObject({
      spec: { content: { url: 'https://a.example/' } },
    });
  });

  it.each<[string[], string[], More, string, string]>([
    [['url'], ['nonsense'], {}, 'invalid_url', '/url'],
    [['url', 'file'], ['', 'x'], {}, 'required', '/url'],
    [['data', 'type'], ['nonsense', 'url'], {}, 'invalid_url', '/data'],
    [['url', 'data'], ['https://a.example', 'x'], {}, 'not_allowed', '/data'],
    [['url', 'type'], ['https://a.example', 'qr'], {}, 'invalid_value', '/type'],
    [['url', 'size'], ['https://a.example', 'big'], {}, 'invalid_type', '/size'],
    [['url', 'logo'], ['https://a.example', 'x'], {}, 'invalid_logo_id', '/logoId'],
    [['url'], ['javascript:alert(1)'], { mode: 'dynamic' }, 'invalid_url', '/target'],
    [['url', 'slug'], ['https://a.example', 'a/b'], { mode: 'dynamic' }, 'invalid_slug', '/slug'],
    [['url', 'tags'], ['https://a.example', 'x'.repeat(51)], { mode: 'dynamic' }, 'invalid_tag', '/codeTags'],
    [['url', 'size'], ['https://a.example', '5'], { mode: 'dynamic' }, 'out_of_range', '/size'],
    [['slug', 'target'], ['', 'https://a.example'], { mode: 'retarget' }, 'required', '/slug'],
    [['slug', 'id', 'target'], ['a', 'b', 'https://a.example'], { mode: 'retarget' }, 'not_allowed', '/id'],
    [['slug', 'target'], ['abc', ''], { mode: 'retarget' }, 'required', '/target'],
    [['slug', 'target'], ['abc', 'https://u:p@a.example'], { mode: 'retarget' }, 'url_with_user', '/target'],
  ])('of %j with %j and %j fails with %s at %s', (header, cells, more, code, pointer) => {
    const { error, input } = read(header, cells, more);
    expect(input).toBeNull();
    expect(error).toMatchObject({ code, pointer });
  });

  it('is an input or an error, whatever stands in it', () => {
    const header = [
      'type',
      'url',
      'data',
      'ssid',
      'to',
      'latitude',
      'size',
      'logoId',
      'slug',
      'target',
      'x',
      'codeTags',
    ];
    const cell = fc.oneof(
      fc.constant(''),
      fc.string({ unit: 'binary' }),
      fc.constantFrom('url', 'wifi', '5', 'https://a.example', '__proto__'),
    );
    const mode = fc.constantFrom<RowRules['mode']>('static', 'dynamic', 'retarget');
    fc.assert(
      fc.property(fc.array(cell, { maxLength: 14 }), mode, (cells, kind) => {
        const { input, error } = read(header, cells, { mode: kind });
        expect((input === null) !== (error === null)).toBe(true);
      }),
    );
  });
});

describe('the fields of a batch', () => {
  const parse = (fields: Record<string, string>) => parseBatchRequest(fields, { mayCall: () => true, isForm: true });

  it.each([
    [{ mode: 'retarget', size: '600' }, 'size'],
    [{ mode: 'retarget', text: 'hi' }, 'text'],
    [{ mode: 'dynamic', type: 'wifi' }, 'type'],
    [{ mode: 'dynamic', text: 'hi' }, 'text'],
  ])('refuses what the rows of its mode never read: %j', (fields, field) => {
    expect(() => parse(fields as Record<string, string>)).toThrow(new RegExp(`${field} must be absent with mode`));
    expect(parse({ mode: 'dynamic', size: '600' }).shared).toEqual({ size: '600' });
  });

  it('are shared defaults, and empty ones are none', () => {
    expect(parse({ mode: 'dynamic', name: ' Menus ', size: '500', format: '' })).toEqual({
      mode: 'dynamic',
      name: 'Menus',
      callbackUrl: null,
      shared: { size: '500' },
    });
  });

  it.each([
    [{ size: '5' }, '/size', 'out_of_range'],
    [{ siez: '500' }, '/siez', 'unknown_field'],
    [{ mode: 'x' }, '/mode', 'invalid_value'],
    [{ type: 'x' }, '/type', 'invalid_value'],
    [{ foreground: 'x' }, '/foreground', 'invalid_colour'],
    [{ callbackUrl: 'x' }, '/callbackUrl', expect.any(String)],
  ])('%j are refused at %s', (fields, pointer, code) => {
    expect(() => parse(fields as unknown as Record<string, string>)).toThrow(
      expect.objectContaining({ code: 'invalid_request', details: [expect.objectContaining({ pointer, code })] }),
    );
  });
});
