import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type CodeRules,
  parseCodePatch,
  parseCodeRequest,
  parseRollback,
} from '../../../shared/contract/code-request.ts';
import { codesOf, refusal } from './refusal.ts';

const logoPng = `data:image/png;base64,${Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex').toString('base64')}`;
const now = Date.parse('2026-11-24T12:00:00Z');
const rules: CodeRules = {
  targets: { ownUrls: ['https://q.example.com'], denied: [{ host: 'evil.example', withSubdomains: false }] },
  logoBytes: 1000,
  now,
};
const target = 'https://example.com/menu';
const parse = (body: unknown) => parseCodeRequest(body, rules);
const refused = (body: unknown) => codesOf(refusal(() => parse(body)));

describe('a new code', () => {
  it('needs a target and nothing else', () => {
    expect(parse({ target: `  ${target}\n` })).toEqual({
      slug: null,
      target,
      fallbackTarget: null,
      title: null,
      tags: [],
      imageOptions: {},
      expiresAt: null,
      forwardQuery: false,
      externalId: null,
      metadata: {},
    });
  });

  it('takes every field, null as absent', () => {
    const absent = { slug: null, fallbackTarget: null, title: null, tags: null, imageOptions: null, expiresAt: null };
    expect(parse({ target, ...absent, forwardQuery: null, externalId: null, metadata: null })).toEqual(
      parse({ target }),
    );
    expect(
      parse({
        target,
        slug: 'Spring-Menu',
        fallbackTarget: 'https://example.com/closed',
        title: ' Menu ',
        tags: [' Spring', 'spring', 'Spring'],
        imageOptions: { size: 600, foreground: '#ABC', compact: false, margin: null, logo: { id: 'logo_x' } },
        expiresAt: '2026-12-31T23:59:59.5+01:00',
        forwardQuery: true,
        externalId: 'table 7',
        metadata: { table: 7, deep: [{ a: null }] },
      }),
    ).toEqual({
      slug: 'spring-menu',
      target,
      fallbackTarget: 'https://example.com/closed',
      title: 'Menu',
      tags: ['Spring', 'spring'],
      imageOptions: { size: 600, foreground: '#aabbcc', compact: false, logo: { id: 'logo_x', ratio: 0.2 } },
      expiresAt: Date.parse('2026-12-31T22:59:59.500Z'),
      forwardQuery: true,
      externalId: 'table 7',
      metadata: { table: 7, deep: [{ a: null }] },
    });
  });

  it('has the bytes of an inline logo', () => {
    const { logo } = parse({ target, imageOptions: { logo: { data: logoPng, ratio: 0.1 } } }).imageOptions;
    expect(logo).toMatchObject({ ratio: 0.1, bytes: expect.any(Buffer) });
  });

  it('tells all mistakes at once, each at its field', () => {
    const body = {
      target: 'javascript:alert(1)',
      fallbackTarget: 'https://evil.example/',
      slug: 'a b',
      title: 'two\nlines',
      tags: ['', 'x'.repeat(51), 7],
      imageOptions: { size: 50, logo: { data: 'data:text/plain,x' }, colour: 'red' },
      expiresAt: '2026-11-24T12:00:00Z',
      forwardQuery: 'yes',
      externalId: 'x'.repeat(201),
      metadata: [],
      colour: 'red',
    };
    expect(refused(body)).toEqual([
      '/colour unknown_field',
      '/expiresAt not_in_future',
      '/externalId invalid_external_id',
      '/fallbackTarget denied_host',
      '/forwardQuery invalid_type',
      '/imageOptions/colour unknown_field',
      '/imageOptions/logo/data invalid_logo',
      '/imageOptions/size out_of_range',
      '/metadata invalid_type',
      '/slug invalid_slug',
      '/tags/0 invalid_tag',
      '/tags/1 invalid_tag',
      '/tags/2 invalid_type',
      '/target invalid_url',
      '/title invalid_title',
    ]);
  });

  it.each([
    [{}, '/target required'],
    [{ target: null }, '/target required'],
    [{ target: '' }, '/target invalid_url'],
    [{ target: 7 }, '/target invalid_type'],
    [{ target: 'https://user:password@example.com' }, '/target url_with_user'],
    [{ target: 'https://example.com/\r\nSet-Cookie: a=b' }, '/target invalid_url'],
    [{ target: `https://example.com/${'x'.repeat(1_000_000)}` }, '/target target_too_long'],
    [{ target: 'HTTP://Q.EXAMPLE.COM/AB3DE9XK' }, '/target own_url'],
    [{ target, fallbackTarget: 'https://q.example.com/x' }, '/fallbackTarget own_url'],
    [{ target, slug: 'QR' }, '/slug invalid_slug'],
    [{ target, slug: 'Chart' }, '/slug reserved_slug'],
    [{ target, slug: 'v12' }, '/slug reserved_slug'],
    [{ target, slug: 'Console' }, '/slug reserved_slug'],
    [{ target, expiresAt: '2027-01-01' }, '/expiresAt invalid_time'],
    [{ target, expiresAt: '2027-01-01T00:00:00' }, '/expiresAt invalid_time'],
    [{ target, expiresAt: 1_900_000_000 }, '/expiresAt invalid_type'],
    [{ target, tags: Array.from({ length: 21 }, (_, index) => `${index}`) }, '/tags too_many'],
    [{ target, tags: 'spring' }, '/tags invalid_type'],
    [{ target, metadata: { text: 'x'.repeat(4096) } }, '/metadata metadata_too_large'],
    [{ target, imageOptions: { content: { type: 'text', text: 'x' } } }, '/imageOptions/content unknown_field'],
    [{ target, imageOptions: { logo: {} } }, '/imageOptions/logo/id required'],
    [{ target, imageOptions: 'big' }, '/imageOptions invalid_type'],
    [{ target, status: 'paused' }, '/status unknown_field'],
  ])('is refused: %j', (body, problem) => {
    expect(refused(body)).toEqual([problem]);
  });

  it.each([null, 7, 'text', [], [{ target }]])('is no %j', (body) => {
    expect(refused(body)).toHaveLength(1);
  });

  it('holds metadata of exactly 4096 bytes', () => {
    const text = 'x'.repeat(4096 - '{"text":""}'.length);
    expect(parse({ target, metadata: { text } }).metadata).toEqual({ text });
  });

  it('refuses what is nested too deeply, and does not run out of stack', () => {
    const deep = JSON.parse(`${'['.repeat(50_000)}${']'.repeat(50_000)}`);
    expect(refused({ target, metadata: { deep } })).toEqual([' too_deep']);
    expect(
      codesOf(
        refusal(() =>
          parseCodePatch({ metadata: { deep } }, { imageOptions: {}, metadata: {}, expiresAt: null }, rules),
        ),
      ),
    ).toEqual([' too_deep']);
  });

  it('never shows the password of a target', () => {
    const { details, message } = refusal(() => parse({ target: 'https://me:hunter2@example.com/' }));
    expect(JSON.stringify([details, message])).not.toContain('hunter2');
  });

  it('is accepted or refused in words, whatever comes', () => {
    const value = fc.jsonValue();
    const record = fc.record(
      {
        target: fc.oneof(fc.constant(target), value),
        slug: value,
        title: value,
        tags: value,
        imageOptions: value,
        metadata: value,
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(record, (body) => {
        try {
          const code = parse(body);
          expect(code.target).toBe(target);
        } catch {
          expect(refused(body).length).toBeGreaterThan(0);
        }
      }),
    );
  });
});

describe('a patch', () => {
  const imageOptions = { size: 600, logo: { id: 'logo_x', ratio: 0.1 } };
  const current = { imageOptions, metadata: { a: 1, b: { c: 2 } }, expiresAt: null };
  const patch = (body: unknown) => parseCodePatch(body, current, rules);
  const refusedPatch = (body: unknown) => codesOf(refusal(() => patch(body)));

  it('names only what it changes', () => {
    expect(patch({})).toEqual({});
    expect(patch({ title: 'New', status: 'paused' })).toEqual({ title: 'New', status: 'paused' });
  });

  it('clears by null what may be cleared', () => {
    const cleared = { fallbackTarget: null, title: null, expiresAt: null, externalId: null };
    expect(patch({ ...cleared, tags: null, imageOptions: null, metadata: null, forwardQuery: null })).toEqual({
      ...cleared,
      tags: [],
      imageOptions: {},
      metadata: {},
      forwardQuery: false,
    });
    expect(refusedPatch({ target: null, status: null })).toEqual(['/status required', '/target required']);
  });

  it('merges objects and replaces lists', () => {
    expect(patch({ metadata: { a: null, b: { d: 3 } }, tags: ['x'] })).toEqual({
      metadata: { b: { c: 2, d: 3 } },
      tags: ['x'],
    });
    expect(patch({ imageOptions: { size: null, logo: { ratio: 0.3 } } }).imageOptions).toEqual({
      logo: { id: 'logo_x', ratio: 0.3 },
    });
    expect(patch({ imageOptions: { logo: null } }).imageOptions).toEqual({ size: 600 });
  });

  it('puts an inline logo in the place of the one that is there', () => {
    const { logo } = patch({ imageOptions: { logo: { data: logoPng } } }).imageOptions ?? {};
    expect(logo).toMatchObject({ ratio: 0.1, bytes: expect.any(Buffer) });
  });

  it('keeps members that are named as what every object has', () => {
    const body = JSON.parse('{"metadata":{"__proto__":{"x":1},"constructor":"y"}}');
    const { metadata } = patch(body);
    expect(JSON.stringify(metadata)).toBe('{"a":1,"b":{"c":2},"__proto__":{"x":1},"constructor":"y"}');
    expect(({} as { x?: number }).x).toBeUndefined();
  });

  it.each([
    [{ status: 'archived' }, '/status invalid_value'],
    [{ status: 'expired' }, '/status invalid_value'],
    [{ slug: 'new-slug' }, '/slug read_only'],
    [{ version: 1 }, '/version read_only'],
    [{ colour: 'red' }, '/colour unknown_field'],
    [{ target: 'https://q.example.com/x' }, '/target own_url'],
    [{ expiresAt: '2020-01-01T00:00:00Z' }, '/expiresAt not_in_future'],
    [{ metadata: { c: 'x'.repeat(4090) } }, '/metadata metadata_too_large'],
    [{ imageOptions: { size: 1 } }, '/imageOptions/size out_of_range'],
    [{ imageOptions: 7 }, '/imageOptions invalid_type'],
    [{ metadata: [1] }, '/metadata invalid_type'],
    [[], ' invalid_type'],
  ])('is refused: %j', (body, problem) => {
    expect(refusedPatch(body)).toEqual([problem]);
  });
});

describe('a rollback', () => {
  it('names a version', () => {
    expect(parseRollback({ version: 2 })).toEqual({ version: 2 });
  });

  it.each([{}, { version: 0 }, { version: '2' }, { version: 1.5 }, { version: 1, target: 'x' }, null])(
    'is no %j',
    (body) => {
      expect(refusal(() => parseRollback(body)).details).toHaveLength(1);
    },
  );
});
