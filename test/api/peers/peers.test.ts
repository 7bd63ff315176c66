import { describe, expect, it } from 'vitest';
import type { ApiContext } from '../../../api/deps.ts';
import { readGoogleChart } from '../../../api/peers/google-chart.ts';
import { readGoqr } from '../../../api/peers/goqr.ts';
import { readQuickchart } from '../../../api/peers/quickchart.ts';
import type { QueryDialect } from '../../../api/qr.ts';
import { planRender } from '../../../shared/domain/plan-render.ts';
import { AppError } from '../../../shared/errors.ts';
import { startApi } from '../support/api-under-test.ts';

function read(dialect: QueryDialect, querystring: string) {
  return dialect.read({ querystring } as ApiContext);
}

function refusal(
  dialect: QueryDialect,
  querystring: string,
): { name: string | null; detail: string; received: string | null } {
  try {
    read(dialect, querystring);
  } catch (error) {
    if (!(error instanceof AppError) || error.kind !== 'invalid') throw error;
    const [detail] = error.details;
    return { name: detail?.name ?? null, detail: detail?.detail ?? '', received: detail?.received ?? null };
  }
  throw new Error(`${querystring} was not refused`);
}

const plain = { format: 'png', foreground: '#000000', background: '#ffffff', marginPx: null, logo: null };

describe('goqr.me', () => {
  it('has its defaults: 200 px, level L, a margin of one pixel', () => {
    expect(read(readGoqr, 'data=HelloWorld').spec).toEqual({
      ...plain,
      content: { type: 'text', text: 'HelloWorld' },
      size: 200,
      margin: 0,
      marginPx: 1,
      errorCorrection: 'L',
    });
  });

  it('has small images drawn with that margin: readers still read them', () => {
    const { spec } = read(readGoqr, `data=https://example.com/${'a'.repeat(49)}&size=100x100`);
    expect(planRender({ ...spec, logo: null }, null).symbol.modules).toBe(33);
  });

  it.each([
    ['color=255-0-16', '#ff0010'],
    ['color=f00', '#ff0000'],
    ['color=FF8800', '#ff8800'],
  ])('reads %s', (query, foreground) => {
    expect(read(readGoqr, `data=x&${query}`).spec.foreground).toBe(foreground);
  });

  it('adds the quiet zone in modules to the margin in pixels', () => {
    // Version 1: 21 modules in 200 - 2 px, with four more on each side: 198 / 29 px a module.
    expect(read(readGoqr, 'data=HELLO&qzone=4').spec).toMatchObject({
      margin: 0,
      marginPx: 1 + Math.round((4 * 198) / 29),
    });
    expect(read(readGoqr, 'data=HELLO&qzone=4&margin=0').spec).toMatchObject({ margin: 4, marginPx: null });
  });

  it('leaves the margin out of vector graphics', () => {
    expect(read(readGoqr, 'data=x&format=svg&margin=10').spec).toMatchObject({
      format: 'svg',
      margin: 0,
      marginPx: null,
    });
  });

  it('reads data in the charset that it came in', () => {
    const text = (query: string) => (read(readGoqr, query).spec.content as { text: string }).text;
    expect(text('data=caf%E9&charset-source=ISO-8859-1')).toBe('café');
    expect(text('data=caf%C3%A9')).toBe('café');
    expect(() => text('data=caf%E9')).toThrow(/UTF-8/);
  });

  it('ignores parameters without a meaning', () => {
    expect(read(readGoqr, 'data=x&download=1&_=17').spec).toEqual(read(readGoqr, 'data=x').spec);
  });

  it.each([
    ['', 'data'],
    ['data=', 'data'],
    ['data=x&size=200', 'size'],
    ['data=x&size=200x300', 'size'],
    ['data=x&size=9x9', 'size'],
    ['data=x&size=1001x1001', 'size'],
    ['data=x&color=256-0-0', 'color'],
    ['data=x&color=red', 'color'],
    ['data=x&bgcolor=12345', 'bgcolor'],
    ['data=x&ecc=X', 'ecc'],
    ['data=x&format=gif', 'format'],
    ['data=x&format=jpeg', 'format'],
    ['data=x&format=eps', 'format'],
    ['data=x&margin=51', 'margin'],
    ['data=x&margin=-1', 'margin'],
    ['data=x&qzone=101', 'qzone'],
    ['data=x&charset-source=Shift_JIS', 'charset-source'],
    ['data=%C3%A9&charset-target=ISO-8859-1', 'charset-target'],
    ['data=x&data=y', 'data'],
  ])('refuses %s, naming the parameter', (query, name) => {
    expect(refusal(readGoqr, query).name).toBe(name);
  });
});

describe('QuickChart', () => {
  it('has its defaults: 150 px, level M, four modules', () => {
    expect(read(readQuickchart, 'text=hi').spec).toEqual({
      ...plain,
      content: { type: 'text', text: 'hi' },
      size: 150,
      margin: 4,
      errorCorrection: 'M',
    });
  });

  it('leaves plus signs as they are', () => {
    expect(read(readQuickchart, 'text=1+1%20is%202').spec.content).toEqual({ type: 'text', text: '1+1 is 2' });
  });

  it.each([
    ['dark=f00', { foreground: '#ff0000' }],
    ['dark=%2300ff00ff', { foreground: '#00ff00' }],
    ['light=0000', { background: 'transparent' }],
    ['light=ffffff00', { background: 'transparent' }],
    ['light=eee', { background: '#eeeeee' }],
    ['ecLevel=high', { errorCorrection: 'H' }],
    ['ecLevel=q', { errorCorrection: 'Q' }],
    ['format=svg&margin=0&size=300', { format: 'svg', margin: 0, size: 300 }],
    ['centerImageSizeRatio=0.3&captionFontSize=12&foo=bar', {}],
  ])('reads %s', (query, expected) => {
    expect(read(readQuickchart, `text=hi&${query}`).spec).toMatchObject(expected);
  });

  it.each([
    ['', 'text'],
    ['text=hi&format=webp', 'format'],
    ['text=hi&margin=21', 'margin'],
    ['text=hi&size=2001', 'size'],
    ['text=hi&size=big', 'size'],
    ['text=hi&dark=0000', 'dark'],
    ['text=hi&light=8888', 'light'],
    ['text=hi&light=white', 'light'],
    ['text=hi&ecLevel=X', 'ecLevel'],
    ['text=hi&centerImageUrl=https%3A%2F%2Fexample.com%2Fa.png', 'centerImageUrl'],
    ['text=hi&caption=Scan', 'caption'],
    ['text=hi&mode=sjis', 'mode'],
  ])('refuses %s, naming the parameter', (query, name) => {
    expect(refusal(readQuickchart, query).name).toBe(name);
  });
});

describe('Google Image Charts', () => {
  it('has its defaults: level L, four modules', () => {
    expect(read(readGoogleChart, 'cht=qr&chl=hello%20world&chs=150x150').spec).toEqual({
      ...plain,
      content: { type: 'text', text: 'hello world' },
      size: 150,
      margin: 4,
      errorCorrection: 'L',
    });
  });

  it.each([
    ['chld=H|1', { errorCorrection: 'H', margin: 1 }],
    ['chld=Q%7C0', { errorCorrection: 'Q', margin: 0 }],
    ['chld=M', { errorCorrection: 'M', margin: 4 }],
    ['chld=|2', { errorCorrection: 'L', margin: 2 }],
    ['chld=h|', { errorCorrection: 'H', margin: 4 }],
    ['choe=UTF-8', {}],
    ['choe=Shift_JIS', {}],
    ['chf=bg,s,65432100', { background: 'transparent' }],
    ['chf=bg,s,ffeecc', { background: '#ffeecc' }],
    ['chco=000000&chtt=Title', {}],
  ])('reads %s', (query, expected) => {
    expect(read(readGoogleChart, `cht=qr&chl=x&chs=100x100&${query}`).spec).toMatchObject(expected);
  });

  it.each([
    ['chl=x&chs=100x100', 'cht'],
    ['cht=p3&chl=x&chs=100x100', 'cht'],
    ['cht=qr&chs=100x100', 'chl'],
    ['cht=qr&chl=x', 'chs'],
    ['cht=qr&chl=x&chs=100x200', 'chs'],
    ['cht=qr&chl=x&chs=2001x2001', 'chs'],
    ['cht=qr&chl=x&chs=100x100&chof=gif', 'chof'],
    ['cht=qr&chl=x&chs=100x100&chf=bg,lg,0,ffffff,0,000000,1', 'chf'],
    ['cht=qr&chl=%C3%A9&chs=100x100&choe=Shift_JIS', 'choe'],
  ])('refuses %s, naming the parameter', (query, name) => {
    expect(refusal(readGoogleChart, query).name).toBe(name);
  });

  it.each(['Z', '4', 'L,4', 'L|21', 'L|-1', 'L|4|5'])('refuses chld=%s by showing the form that it has', (chld) => {
    const { detail, received } = refusal(readGoogleChart, `cht=qr&chl=x&chs=100x100&chld=${chld}`);
    expect([detail, received]).toEqual([expect.stringContaining('as in L|4'), chld]);
  });
});

describe('their paths', () => {
  it.each([
    '/v1/create-qr-code/?data=HelloWorld&size=100x100',
    '/v1/create-qr-code?data=HelloWorld',
    '/qr?text=hello',
    '/chart?cht=qr&chs=150x150&chl=hello',
  ])('answers %s with an image', async (path) => {
    const answer = await (await api).call(path, { key: null });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'image/png']);
  });

  it('draws sizes below 100 px where readers can read them, and else says in its own words what would do', async () => {
    const small = await (await api).call('/v1/create-qr-code/?data=HELLO&size=66x66', { key: null });
    expect(small.status).toBe(200);
    const tiny = await (await api).call('/v1/create-qr-code/?data=HELLO&size=20x20', { key: null });
    expect(tiny.status).toBe(422);
    expect(tiny.json().errors).toMatchObject([{ in: 'query', name: 'size', received: '20x20' }]);
  });

  const url = encodeURIComponent('https://example.com/a/rather/long/path?with=a&query=too');

  it.each([
    `/v1/create-qr-code/?data=${url}&size=40x40`,
    `/v1/create-qr-code/?data=${url}&size=40x40&margin=20`,
    `/v1/create-qr-code/?data=${url}&size=50x50&qzone=4`,
    `/v1/create-qr-code/?data=${url}&size=60x60&qzone=10&margin=7&ecc=H`,
    `/v1/create-qr-code/?data=${url}&color=eee`,
    `/v1/create-qr-code/?data=${url}&color=255-255-0&bgcolor=0-0-0&size=30x30`,
    `/qr?text=${url}&size=20&margin=9`,
    `/qr?text=${url}&dark=fff&light=000`,
    `/qr?text=${'x'.repeat(1500)}&ecLevel=H&size=900`,
    `/chart?cht=qr&chl=${url}&chs=30x30`,
    `/chart?cht=qr&chl=${url}&chs=250x250&chf=bg,s,222222`,
    `/chart?cht=qr&chl=${'x'.repeat(1500)}&chs=900x900&chld=H|2`,
  ])('refuse %s with parameters of their own that work', async (path) => {
    const [route = '', query = ''] = path.split('?');
    const refused = await (await api).call(path, { key: null });
    expect(refused.status).toBe(422);
    const { detail, errors } = refused.json() as { detail: string; errors: { detail: string }[] };
    const better = new URLSearchParams(query.replaceAll('+', '%2B'));
    for (const error of errors) {
      const [, spelt = ''] = /(?:That is|that works:) (\w+=\S+?)(?: here)?\.$/.exec(error.detail) ?? [];
      expect(spelt, error.detail).not.toBe('');
      expect(detail).toContain(error.detail);
      for (const [name, value] of new URLSearchParams(spelt)) better.set(name, value);
    }
    const answer = await (await api).call(`${route}?${better}`, { key: null });
    expect(answer.status, `${better}: ${answer.body}`).toBe(200);
  });

  it('tell one number, and the one that works, where a quiet zone grows with the size', async () => {
    const answer = await (await api).call('/v1/create-qr-code/?data=hello&qzone=100', { key: null });
    const [{ detail } = { detail: '' }] = answer.json().errors as { detail: string }[];
    expect(detail).toMatch(/Smallest size that works: size=498x498\.$/);
    expect(detail).not.toContain('230');
  });

  it('gives base64 as text, as QuickChart does', async () => {
    const path = '/qr?text=base64&format=';
    const png = await (await api).call(`${path}png`, { key: null });
    const text = await (await api).call(`${path}base64`, { key: null });
    expect(text.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(Buffer.from(text.body.toString(), 'base64')).toEqual(png.body);
    const again = await (await api).call(`${path}base64`, {
      headers: { 'if-none-match': text.headers.get('etag') ?? '' },
    });
    expect(again.status).toBe(304);
  });

  const api = startApi();
});
