import { beforeAll, describe, expect, it } from 'vitest';
import { findCode, problemCodes, problemSlug } from '../../shared/contract/problems/problem-codes.ts';
import { type ApiUnderTest, startApi } from './support/api-under-test.ts';

let api: ApiUnderTest;
beforeAll(async () => {
  api = await startApi();
});

describe('GET /openapi.json', () => {
  it('needs no key, and answers 304 to whoever has it', async () => {
    const answer = await api.call('/openapi.json', { key: null });
    expect([answer.status, answer.json().openapi]).toEqual([200, '3.1.0']);
    expect(answer.json().servers).toEqual([{ url: 'https://qr.example.com' }]);
    const etag = answer.headers.get('etag') ?? '';
    expect((await api.call('/openapi.json', { headers: { 'if-none-match': etag } })).status).toBe(304);
  });

  it('is led to by the start page, and so is the reference', async () => {
    expect((await api.call('/')).json().links).toMatchObject({
      docs: 'https://qr.example.com/docs',
      openapi: 'https://qr.example.com/openapi.json',
    });
  });

  it('is led to by a page where a browser asks', async () => {
    const page = await api.call('/', { key: null, headers: { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' } });
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-/);
    expect(page.body.toString()).toContain('<a href="https://qr.example.com/docs">');
    expect((await api.call('/', { key: null })).headers.get('vary')).toBe('Accept');
  });
});

describe('GET /docs', () => {
  it('is a page without inline script that may fetch from its own origin only', async () => {
    const answer = await api.call('/docs', { key: null });
    const policy = answer.headers.get('content-security-policy');
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(policy).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self';/);
    expect(policy).not.toContain('unsafe');
    expect(answer.body.toString()).not.toMatch(/https?:|<script>|\bon\w+=/);
  });

  it('has what it links to, under the type that it is', async () => {
    const page = (await api.call('/docs')).body.toString();
    const files = [...page.matchAll(/(?:href|src)="(\/docs\/[^"]+)"/g)].map(([, path]) => path as string);
    expect(files).toHaveLength(4);
    for (const file of files) {
      const answer = await api.call(file, { key: null });
      expect([file, answer.status, answer.body.length > 100]).toEqual([file, 200, true]);
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    }
  });

  it.each(['package.json', 'index.html', '..%2fpackage.json', 'constructor'])(
    'serves no other file: %s',
    async (name) => {
      expect((await api.call(`/docs/${name}`)).status).toBe(404);
    },
  );
});

describe('GET /problems', () => {
  it('lists every code, with a link to its page', async () => {
    const page = (await api.call('/problems', { key: null })).body.toString();
    for (const code of Object.keys(problemCodes))
      expect(page).toContain(`/problems/${problemSlug(code)}"><code>${code}<`);
  });

  it('is where the type of a problem leads', async () => {
    const { type, code } = (await api.call('/v1/renders', { key: null })).json();
    const answer = await api.call(new URL(String(type)).pathname, { key: null });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(answer.body.toString()).toContain(findCode(String(code))?.remedy);
  });

  it('has a page for the codes of a parameter too, and none for what is no code', async () => {
    expect((await api.call('/problems/invalid-limit')).status).toBe(200);
    for (const none of ['nonsense', 'invalid_request', '%3Cscript%3E', '__proto__'])
      expect((await api.call(`/problems/${none}`)).status, none).toBe(404);
  });
});
