import { describe, expect, it } from 'vitest';
import { codeAnswerSchema } from '../../shared/contract/code-answer.ts';
import { planRender } from '../../shared/domain/plan-render.ts';
import { drawRender } from '../../workers/image/draw.ts';
import { decodeWithZbar, decodeWithZxing, hasZbar } from '../support/decode.ts';
import { newPng, startApi } from './support/api-under-test.ts';

const api = await startApi();
const target = 'https://example.com/menu';

async function make(body: Record<string, unknown> = {}) {
  const answer = await api.post('/v1/codes', { target, ...body });
  if (answer.status !== 201) throw new Error(answer.body.toString());
  return codeAnswerSchema.parse(answer.json());
}
const imageOf = (id: string, query = '', headers: Record<string, string> = {}) =>
  api.call(`/v1/codes/${id}/image${query}`, { headers });
const dataUri = (png: Buffer) => `data:image/png;base64,${png.toString('base64')}`;

describe('GET /v1/codes/:id/image', () => {
  it('draws the symbol as the image options say, and otherwise like any render', async () => {
    const { id, encodedText } = await make({ imageOptions: { size: 640 } });
    const answer = await imageOf(id);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'image/png']);
    expect(answer.headers.get('cache-control')).toBe('private, no-cache');
    expect(answer.body.toString()).toBe(`png of {"type":"url","url":"${encodedText}"} at 640 px`);
  });

  it('lets the query override each option', async () => {
    const { id } = await make({ imageOptions: { size: 640, format: 'png' } });
    const answer = await imageOf(
      id,
      '?size=800&format=svg&margin=2&errorCorrection=H&foreground=%23111&background=%23fff',
    );
    expect(answer.headers.get('content-type')).toBe('image/svg+xml');
    expect(answer.body.toString()).toMatch(/^svg of .* at 800 px$/);
  });

  it('lets Accept choose the format where nothing else does', async () => {
    const { id } = await make();
    const svg = await imageOf(id, '', { accept: 'image/svg+xml' });
    expect([svg.headers.get('content-type'), svg.headers.get('vary')]).toEqual(['image/svg+xml', 'Accept']);
    const fixed = await make({ imageOptions: { format: 'png' } });
    const png = await imageOf(fixed.id, '', { accept: 'image/svg+xml' });
    expect([png.headers.get('content-type'), png.headers.get('vary')]).toEqual(['image/png', null]);
  });

  it('answers 304 to its ETag, draws the same image once, and stays the same when the target changes', async () => {
    const { id } = await make();
    const first = await imageOf(id);
    const jobs = api.queues.jobs.length;
    await api.patch(`/v1/codes/${id}`, { target: 'https://example.com/other' });
    const again = await imageOf(id, '', { 'if-none-match': first.headers.get('etag') ?? '' });
    expect([again.status, api.queues.jobs.length]).toEqual([304, jobs]);
    await api.patch(`/v1/codes/${id}`, { imageOptions: { size: 900 } });
    expect((await imageOf(id)).body.toString()).toContain('900 px');
  });

  it('needs a key that may read', async () => {
    const { id } = await make();
    expect((await api.call(`/v1/codes/${id}/image`, { key: null })).status).toBe(401);
    await api.addKey('image-reader', 'read', 'default');
    expect((await api.call(`/v1/codes/${id}/image`, { key: 'image-reader' })).status).toBe(200);
  });

  it.each([
    ['size=99', 'size'],
    ['foreground=%23eeeeee', 'foreground'],
    ['data=x', 'data'],
    ['logoId=logo_none', 'logoId'],
  ])('refuses ?%s, naming the parameter', async (query, name) => {
    const { id } = await make();
    const answer = await imageOf(id, `?${query}`);
    expect(answer.status).toBe(422);
    expect(answer.json().errors).toMatchObject([{ in: 'query', name }]);
  });
});

describe('a logo in the image options', () => {
  it('that comes inline is uploaded first and shown by its id', async () => {
    const png = newPng();
    const code = await make({ imageOptions: { logo: { data: dataUri(png), ratio: 0.15 } } });
    const uploaded = await api.call('/v1/logos', { body: png, headers: { 'content-type': 'image/png' } });
    expect(code.imageOptions).toEqual({ logo: { id: uploaded.json().id, ratio: 0.15 } });
    expect((await imageOf(code.id)).status).toBe(200);
    const other = newPng();
    const patched = await api.patch(`/v1/codes/${code.id}`, { imageOptions: { logo: { data: dataUri(other) } } });
    const { imageOptions } = codeAnswerSchema.parse(patched.json());
    expect(imageOptions.logo).toEqual({ id: expect.not.stringMatching(String(uploaded.json().id)), ratio: 0.15 });
  });

  it('may make the body as large as with a render, and nothing else may', async () => {
    const logo = { data: dataUri(newPng(100_000)) };
    await make({ imageOptions: { logo } });
    const padded = await api.post('/v1/codes', { target, metadata: { x: 'x'.repeat(100_000) } });
    expect(padded.status).toBe(413);
  });

  it.each([
    [{ id: 'logo_none' }, '/imageOptions/logo/id', 'unknown_logo'],
    [{ data: 'data:image/png;base64,AAAA' }, '/imageOptions/logo/data', 'logo_type'],
  ])('is refused at its field: %j', async (logo, pointer, code) => {
    const answer = await api.post('/v1/codes', { target, imageOptions: { logo } });
    expect(answer.status).toBe(422);
    expect(answer.json().errors).toMatchObject([{ in: 'body', pointer, code }]);
  });

  it('that covers more than readers bear is refused when the code is made, and when it is changed', async () => {
    const uploaded = await api.call('/v1/logos', { body: newPng(), headers: { 'content-type': 'image/png' } });
    const imageOptions = { size: 100, margin: 20, logo: { id: uploaded.json().id, ratio: 0.3 } };
    const made = await api.post('/v1/codes', { target, imageOptions });
    const { id } = await make();
    const changed = await api.patch(`/v1/codes/${id}`, { imageOptions });
    for (const answer of [made, changed]) {
      expect(answer.status).toBe(422);
      for (const { pointer } of answer.json().errors as { pointer: string }[])
        expect(pointer).toMatch(/^\/imageOptions\/./);
    }
  });
});

describe('the drawn symbol', () => {
  const looks = [
    {},
    { compact: false },
    { errorCorrection: 'H', size: 200 },
    { format: 'svg' },
    { foreground: '#003366' },
  ];

  it('says the short URL in upper case, or as shown, to zxing and zbar', async () => {
    api.queues.drawing = async (spec) => Buffer.from((await drawRender(planRender(spec, null), null)).bytes);
    const images: Buffer[] = [];
    const texts: string[] = [];
    for (const imageOptions of looks) {
      const code = await make({ imageOptions });
      const url = 'compact' in imageOptions ? code.shortUrl : code.shortUrl.toUpperCase();
      expect(code.encodedText).toBe(url);
      images.push((await imageOf(code.id)).body);
      texts.push(url);
    }
    const byZxing = await Promise.all(images.map(decodeWithZxing));
    expect(byZxing.map((read) => read?.text)).toEqual(texts);
    if (hasZbar) expect(await decodeWithZbar(images)).toEqual(texts);
  });

  it('is smaller in upper case', async () => {
    api.queues.drawing = async (spec) => Buffer.from((await drawRender(planRender(spec, null), null)).bytes);
    const [upper, shown] = [
      await make({ slug: 'menu-7xk' }),
      await make({ slug: 'menu-7xm', imageOptions: { compact: false } }),
    ];
    const versions = await Promise.all(
      [upper, shown].map(async ({ id }) => (await decodeWithZxing((await imageOf(id)).body))?.version),
    );
    expect(versions).toEqual([2, 3]);
  });
});
