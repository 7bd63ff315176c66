import { describe, expect, it } from 'vitest';
import { planSymbol } from '../../../shared/domain/plan-symbol.ts';
import { domainOf, encodedTextOf, shortUrlOf } from '../../../shared/domain/short-url.ts';

const code = { shortOrigin: 'https://q.example.com', slug: 'ab3de9xk' };

describe('a short URL', () => {
  it('is shown in lower case and encoded in upper case', () => {
    expect(shortUrlOf(code)).toBe('https://q.example.com/ab3de9xk');
    expect(encodedTextOf(code)).toBe('HTTPS://Q.EXAMPLE.COM/AB3DE9XK');
  });

  it('is encoded as shown when it is not to be compact', () => {
    expect(encodedTextOf(code, false)).toBe('https://q.example.com/ab3de9xk');
  });

  it('has its port in the domain', () => {
    expect(domainOf(code)).toBe('q.example.com');
    expect(domainOf({ shortOrigin: 'http://localhost:3000' })).toBe('localhost:3000');
  });

  it('is the same URL in either case to a client that follows it', () => {
    const url = new URL(encodedTextOf({ shortOrigin: 'http://localhost:3000', slug: 'menu' }));
    expect([url.origin, url.pathname]).toEqual(['http://localhost:3000', '/MENU']);
  });

  it('is one alphanumeric segment in upper case', () => {
    const plan = planSymbol(encodedTextOf(code), 'M');
    expect('segments' in plan && plan.segments.map(({ mode }) => mode)).toEqual(['alphanumeric']);
  });
});
