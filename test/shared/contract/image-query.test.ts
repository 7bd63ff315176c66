import { describe, expect, it } from 'vitest';
import { imageSpec } from '../../../shared/contract/image-options.ts';
import { parseImageQuery } from '../../../shared/contract/image-query.ts';
import { codesOf, refusal } from './refusal.ts';

const options = { size: 600, foreground: '#003366', logo: { id: 'logo_x', ratio: 0.1 }, compact: false } as const;

describe("the query of a code's image", () => {
  it("leaves the code's own options as they are where it says nothing", () => {
    expect(parseImageQuery({}, options)).toEqual(options);
  });

  it('overrides each of them', () => {
    const query = {
      format: 'svg',
      size: '900',
      margin: '2',
      errorCorrection: 'H',
      foreground: '#111',
      background: 'transparent',
    };
    expect(parseImageQuery({ ...query, logoId: 'logo_y', logoRatio: '0.25' }, options)).toEqual({
      format: 'svg',
      size: 900,
      margin: 2,
      errorCorrection: 'H',
      foreground: '#111111',
      background: 'transparent',
      logo: { id: 'logo_y', ratio: 0.25 },
      compact: false,
    });
    expect(parseImageQuery({ logoRatio: '0.25' }, options).logo).toEqual({ id: 'logo_x', ratio: 0.25 });
    expect(parseImageQuery({ logoId: 'logo_y' }, options).logo).toEqual({ id: 'logo_y', ratio: 0.1 });
    expect(parseImageQuery({ logoId: 'logo_y' }, {}).logo).toEqual({ id: 'logo_y', ratio: 0.2 });
    expect(parseImageQuery({ logoId: '', size: '400' }, options)).not.toHaveProperty('logo');
    expect(parseImageQuery({ logoId: '', size: '400' }, options)).toMatchObject({ size: 400 });
  });

  it.each([
    [{ size: '99' }, 'size out_of_range'],
    [{ size: 'big' }, 'size invalid_type'],
    [{ size: ['300', '400'] }, 'size given_twice'],
    [{ data: 'x' }, 'data unknown_field'],
    [{ content: 'x' }, 'content unknown_field'],
    [{ compact: 'false' }, 'compact unknown_field'],
    [{ logo: 'logo_x' }, 'logo unknown_field'],
    [{ logoId: 'x' }, 'logoId invalid_logo_id'],
    [{ logoId: '', logoRatio: '0.2' }, 'logoId empty'],
    [{ logoRatio: '0.9' }, 'logoRatio out_of_range'],
  ])('refuses %j', (query, problem) => {
    expect(codesOf(refusal(() => parseImageQuery(query, options)))).toEqual([problem]);
  });

  it('asks for the logo whose ratio it names', () => {
    expect(codesOf(refusal(() => parseImageQuery({ logoRatio: '0.2' }, {})))).toEqual(['logoId required']);
  });

  it('tells all mistakes at once', () => {
    expect(codesOf(refusal(() => parseImageQuery({ size: '1', margin: '99', colour: 'red' }, {})))).toEqual([
      'colour unknown_field',
      'margin out_of_range',
      'size out_of_range',
    ]);
  });
});

describe('the spec of an image', () => {
  it('is as with a render where the options say nothing', () => {
    const content = { type: 'url', url: 'HTTPS://Q.EXAMPLE.COM/X' } as const;
    expect(imageSpec(content, { size: 600, compact: true })).toEqual({
      content,
      format: 'png',
      size: 600,
      margin: 4,
      marginPx: null,
      errorCorrection: 'M',
      foreground: '#000000',
      background: '#ffffff',
      logo: null,
    });
  });
});
