import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseHostRule } from '../../../shared/domain/host-rules.ts';
import { mostTargetCharacters, targetProblem } from '../../../shared/domain/target-rules.ts';

const evil = parseHostRule('.evil.example');
const rules = {
  ownUrls: ['https://q.example.com', 'https://www.example.com/qr', 'http://localhost:3000'],
  denied: evil ? [evil] : [],
};
const problemOf = (target: string) => targetProblem(target, rules)?.code ?? null;

describe('a target', () => {
  it.each([
    'https://example.com',
    'http://example.com:8080/a/b?c=d&e=%20#f',
    'HTTPS://EXAMPLE.COM/A',
    'https://bücher.example/straße?q=ä',
    'https://example.com/@user',
    'https://example.com/?mail=a@b.example',
    'https://example.com/?path=C:\\temp',
    'http://192.168.1.1/',
    'http://[2001:db8::1]/',
    `https://example.com/${'x'.repeat(mostTargetCharacters - 20)}`,
    // Not below our own URLs.
    'https://www.example.com/menu',
    'https://www.example.com/qrcodes',
    'http://localhost:8080/ab3de9xk',
    'https://a.q.example.com/',
  ])('may be %s', (target) => {
    expect(problemOf(target)).toBeNull();
  });

  it.each([
    ['javascript:alert(1)', 'invalid_url'],
    ['JaVaScRiPt://example.com/%0aalert(1)', 'invalid_url'],
    ['java\nscript:alert(1)', 'invalid_url'],
    ['data:text/html,<script>alert(1)</script>', 'invalid_url'],
    ['ftp://example.com/', 'invalid_url'],
    ['mailto:a@b.example', 'invalid_url'],
    ['//example.com', 'invalid_url'],
    ['/menu', 'invalid_url'],
    ['example.com', 'invalid_url'],
    ['https:example.com', 'invalid_url'],
    ['https:///example.com', 'invalid_url'],
    ['https://', 'invalid_url'],
    ['https://.', 'invalid_url'],
    ['https://exa mple.com', 'invalid_url'],
    ['https://example.com/a b', 'invalid_url'],
    ['https://example.com/\r\nSet-Cookie: a=b', 'invalid_url'],
    ['https://example.com/\tx', 'invalid_url'],
    ['https://example.com/\u0000', 'invalid_url'],
    ['https://example.com/\u2028', 'invalid_url'],
    ['https://example.com/\u202egnp.exe', 'invalid_url'],
    ['https://example.com/\u2066x', 'invalid_url'],
    ['https://example.com/\u200fx', 'invalid_url'],
    ['http://0.0.0.0:3000/x', 'own_url'],
    ['http://0:3000/x', 'own_url'],
    ['http://[::]:3000/x', 'own_url'],
    ['http://[::ffff:127.0.0.1]:3000/x', 'own_url'],
    ['http://[::ffff:0.0.0.0]:3000/x', 'own_url'],
    ['https://example.com/\ud800', 'invalid_url'],
    ['https://example.com:99999/', 'invalid_url'],
    ['https:\\\\example.com', 'invalid_url'],
    ['https://example.com\\@evil.example/', 'invalid_url'],
    ['https://user:password@example.com/', 'url_with_user'],
    ['https://user@example.com/', 'url_with_user'],
    ['https://@example.com/', 'url_with_user'],
    ['https://:@example.com/', 'url_with_user'],
    ['https://a@b@example.com/', 'url_with_user'],
    [`https://example.com/${'x'.repeat(mostTargetCharacters - 19)}`, 'target_too_long'],
    [`https://example.com/${'x'.repeat(1_000_000)}`, 'target_too_long'],
    ['https://q.example.com/ab3de9xk', 'own_url'],
    ['HTTPS://Q.EXAMPLE.COM/AB3DE9XK', 'own_url'],
    ['http://q.example.com./ab3de9xk?x#y', 'own_url'],
    ['https://q.example.com:443/ab3de9xk', 'own_url'],
    ['https://q.example.com', 'own_url'],
    ['https://www.example.com/qr', 'own_url'],
    ['https://www.example.com/x/../qr/ab3de9xk', 'own_url'],
    ['http://localhost:3000/ab3de9xk', 'own_url'],
    ['http://127.0.0.1:3000/ab3de9xk', 'own_url'],
    ['http://[::1]:3000/ab3de9xk', 'own_url'],
    ['http://127.1:3000/ab3de9xk', 'own_url'],
    ['https://evil.example/', 'denied_host'],
    ['https://WWW.Evil.Example./', 'denied_host'],
  ])('may not be %j', (target, code) => {
    expect(problemOf(target)).toBe(code);
  });

  it('is told with the scheme that it lacks', () => {
    expect(targetProblem('example.com/menu', rules)?.nearest).toBe('https://example.com/menu');
  });

  it('has no user, no other scheme and no white space, whatever comes', () => {
    const piece = fc.oneof(
      fc.constantFrom('https://', 'http://', '@', ':', '\\', '/', '#', '?', '.', '\n', '%40'),
      fc.string(),
    );
    const anything = fc.array(piece, { maxLength: 6 }).map((pieces) => `https://${pieces.join('')}`);
    fc.assert(
      fc.property(anything, (target) => {
        if (problemOf(target) !== null) return;
        const { username, password, protocol } = new URL(target);
        expect([username, password, /^https?:$/.test(protocol), /\s/.test(target)]).toEqual(['', '', true, false]);
      }),
    );
  });
});
