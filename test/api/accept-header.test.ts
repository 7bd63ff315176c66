import { describe, expect, it } from 'vitest';
import { chooseAnswer, chooseImageFormat, chooseScanFormat, wantsHtml } from '../../api/accept-header.ts';

describe('chooseAnswer', () => {
  it.each([
    ['', 'json'],
    ['*/*', 'json'],
    ['image/png', 'png'],
    ['image/*', 'png'],
    ['image/svg+xml, image/*;q=0.8', 'svg'],
    ['image/*;q=0.8, image/svg+xml', 'svg'],
    ['image/svg+xml, image/png', 'svg'],
    ['application/json;q=0.5, image/png', 'png'],
    // The most specific range counts, not the first or the kindest.
    ['*/*, image/png;q=0.5', 'json'],
    ['image/*, image/png;q=0', 'svg'],
    ['application/json;q=0, */*', 'png'],
    ['text/html', 'json'],
    ['image/png;q=nonsense', 'json'],
  ])('takes "%s" for %s', (header, answer) => {
    expect(chooseAnswer(header)).toBe(answer);
  });
});

describe('chooseScanFormat', () => {
  it.each([
    ['text/*', 'csv'],
    ['application/*', 'json'],
    ['application/x-ndjson, application/json;q=0.9', 'ndjson'],
    ['text/csv;q=0, */*', 'json'],
  ])('takes "%s" for %s', (header, format) => {
    expect(chooseScanFormat(header)).toBe(format);
  });
});

describe('chooseImageFormat', () => {
  it.each([
    ['image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5', 'png'],
    ['image/svg+xml', 'svg'],
    ['image/svg+xml, image/png;q=0', 'svg'],
    ['text/html', 'png'],
  ])('takes "%s" for %s', (header, format) => {
    expect(chooseImageFormat(header)).toBe(format);
  });
});

describe('wantsHtml', () => {
  it.each([
    ['text/html,application/xhtml+xml,*/*;q=0.8', true],
    ['TEXT/HTML;q=0.1', true],
    ['text/html;q=0, application/json', false],
    ['application/json, text/html;q=0.1', false],
    ['application/problem+json;q=0.4, text/html;q=0.5', true],
    ['text/html, application/json', true],
    ['application/ld+json;q=0.1, text/html;q=0.5, application/json;q=0.9', false],
    ['*/*', false],
    ['', false],
  ])('says of "%s" %s', (header, wanted) => {
    expect(wantsHtml(header)).toBe(wanted);
  });

  it.each([
    ['*/*', true],
    ['text/plain', true],
    ['application/vnd.api+json', false],
    ['application/json;q=0', true],
    ['text/html;q=0', false],
  ])('says of "%s" %s where pages are for whoever asks for nothing else', (header, wanted) => {
    expect(wantsHtml(header, true)).toBe(wanted);
  });
});
