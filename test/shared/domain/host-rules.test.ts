import { describe, expect, it } from 'vitest';
import { denyingRule, parseHostRule } from '../../../shared/domain/host-rules.ts';

describe('parseHostRule', () => {
  it.each([
    ['example.com', 'example.com', false],
    ['EXAMPLE.com.', 'example.com', false],
    ['.example.com', 'example.com', true],
    ['*.Example.com', 'example.com', true],
    ['bücher.example', 'xn--bcher-kva.example', false],
    ['127.1', '127.0.0.1', false],
    ['[::1]', '[::1]', false],
    ['com', 'com', false],
  ])('reads %s', (text, host, withSubdomains) => {
    expect(parseHostRule(text)).toEqual({ host, withSubdomains });
  });

  it.each([
    '',
    '.',
    '*',
    '*.',
    '..',
    'https://example.com',
    'example.com:80',
    'example.com/x',
    'a*b.com',
    'a b',
    'u@h',
    '%',
  ])('refuses %j', (text) => {
    expect(parseHostRule(text)).toBeNull();
  });
});

describe('denyingRule', () => {
  const denies = (rule: string, url: string) => {
    const parsed = parseHostRule(rule);
    if (parsed === null) throw new Error(`${rule} is no rule`);
    return denyingRule(new URL(url), [parsed]) !== null;
  };

  it.each([
    ['evil.com', 'https://evil.com/x'],
    ['evil.com', 'https://EVIL.com'],
    ['evil.com', 'https://evil.com./'],
    ['evil.com', 'http://evil.com:8080/'],
    ['evil.com', 'https://ｅｖｉｌ。com/'],
    ['evil.com', 'https://%65vil.com/'],
    ['evil.com', 'https://ev\u00adil.com/'],
    ['bücher.example', 'https://xn--bcher-kva.example/'],
    ['xn--bcher-kva.example', 'https://BÜCHER.example/'],
    ['.evil.com', 'https://evil.com/'],
    ['*.evil.com', 'https://a.b.evil.com./'],
    ['127.0.0.1', 'http://2130706433/'],
    ['127.0.0.1', 'http://0x7f.1/'],
    ['[::1]', 'http://[0:0::1]/'],
  ])('%s denies %s', (rule, url) => {
    expect(denies(rule, url)).toBe(true);
  });

  it.each([
    ['evil.com', 'https://www.evil.com/'],
    ['evil.com', 'https://notevil.com/'],
    ['.evil.com', 'https://notevil.com/'],
    ['evil.com', 'https://evil.com.example/'],
    ['evil.com', 'https://example.com/evil.com?evil.com#evil.com'],
  ])('%s lets %s through', (rule, url) => {
    expect(denies(rule, url)).toBe(false);
  });
});
