import { execFile } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { describeOn } from '../support/servers.ts';
import { startApi } from './support/api-under-test.ts';

const run = promisify(execFile);
const api = await startApi({ config: { openQr: false } });
await api.addKey('other-key', 'write', 'other');

type Secret = { kid: string; secret: string; previousKid: string | null; previousSecretExpiresAt: string | null };
const rotate = async (key?: string, headers: Record<string, string> = {}): Promise<Secret> => {
  const answer = await api.call('/v1/signing-secret/rotate', { method: 'POST', headers, ...(key ? { key } : {}) });
  expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'private, no-store']);
  return answer.json() as Secret;
};
const inAnHour = (): number => Math.floor(api.deps.now() / 1000) + 3600;
function signed(path: string, { kid, secret }: Secret, exp: number | string = inAnHour()): string {
  const text = `${path}&kid=${kid}&exp=${exp}`;
  return `${text}&sig=${createHmac('sha256', secret).update(text).digest('hex')}`;
}
const get = (path: string) => api.call(path, { key: null });
const refused = async (path: string): Promise<[number, unknown, unknown]> => {
  const answer = await get(path);
  const [error] = answer.json().errors as { name: string }[];
  return [answer.status, answer.json().code, error?.name];
};

const current = await rotate();

describe('a signed query', () => {
  it.each(['/v1/qr?data=s', '/v1/create-qr-code/?data=s', '/qr?text=s', '/chart?cht=qr&chs=200x200&chl=s'])(
    'answers the image where OPEN_QR is false: %s',
    async (path) => {
      expect((await get(path)).status).toBe(401);
      const answer = await get(signed(path, current));
      expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'image/png']);
      expect(answer.headers.get('cache-control')).toMatch(/^public, max-age=(3600|35\d\d)$/);
    },
  );

  it('belongs to the tenant of its secret', async () => {
    const secret = await rotate('other-key');
    await get(signed('/v1/qr?data=of-the-other-tenant', secret));
    const own = (await api.call('/v1/renders?limit=200', { key: 'other-key' })).json().data as {
      encodedText: string;
    }[];
    expect(own.map(({ encodedText }) => encodedText)).toEqual(['of-the-other-tenant']);
    const callsOf = async () => {
      const usage = (await api.call('/v1/usage', { key: 'other-key' })).json();
      return (usage.total as { calls: number }).calls;
    };
    const before = await callsOf();
    await get(signed('/v1/qr?data=counted', secret));
    expect(await callsOf()).toBe(before + 2); // with the one that asks
  });

  it('is signed as it is sent, whatever its escapes', async () => {
    const answer = await get(signed('/v1/qr?data=a+b%2Bc%20%C3%A9&size=400', current));
    expect(answer.body.toString()).toContain('a b+c é');
  });

  it.each([
    ['changed content', (url: string) => url.replace('data=s', 'data=t')],
    ['a parameter more', (url: string) => url.replace('&sig=', '&size=500&sig=')],
    ['another end', (url: string) => url.replace(/exp=\d/, 'exp=9')],
    ['another path', (url: string) => url.replace('/v1/qr?data', '/qr?data')],
    ['a parameter behind it', (url: string) => `${url}&size=500`],
    ['a second signature', (url: string) => `${url}&sig=${'0'.repeat(64)}`],
    ['no digits', (url: string) => url.replace(/sig=.*/, 'sig=none')],
    ['an empty one', (url: string) => url.replace(/sig=.*/, 'sig=')],
  ])('is refused with 403 for %s', async (_, change) => {
    expect(await refused(change(signed('/v1/qr?data=s', current)))).toEqual([403, 'signature_invalid', 'sig']);
  });

  it('is refused with 403 without, with two, and with unknown names of the secret, or ends', async () => {
    const unknown = { ...current, kid: 'sgn_unknown' };
    expect(await refused(signed('/v1/qr?data=s', unknown))).toEqual([403, 'signature_invalid', 'kid']);
    const none = signed('/v1/qr?data=s', current).replace(/&kid=[^&]*/, '');
    expect(await refused(none)).toEqual([403, 'signature_invalid', 'kid']);
    expect(await refused(signed('/v1/qr?data=s&kid=a', current))).toEqual([403, 'signature_invalid', 'kid']);
    for (const exp of ['', 'soon', '-1', '1e9', '999999999999'])
      expect(await refused(signed('/v1/qr?data=s', current, exp))).toEqual([403, 'signature_invalid', 'exp']);
    expect(await refused(signed('/v1/qr?data=s&exp=9', current))).toEqual([403, 'signature_invalid', 'exp']);
  });

  it('is refused with 403 once it is over, and says so', async () => {
    const now = Math.floor(api.deps.now() / 1000);
    expect(await refused(signed('/v1/qr?data=s', current, now - 1))).toEqual([403, 'signature_expired', 'exp']);
    expect((await get(signed('/v1/qr?data=s', current, now + 30))).status).toBe(200);
  });

  it('under the secret of another tenant is not mine', async () => {
    const [mine, other] = [await rotate(), await rotate('other-key')];
    const mixed = { ...mine, secret: other.secret };
    expect(await refused(signed('/v1/qr?data=s', mixed))).toEqual([403, 'signature_invalid', 'sig']);
  });

  it('is checked where OPEN_QR is true as well, and a key beats it', async () => {
    const open = await startApi({ beside: api });
    const url = signed('/v1/qr?data=s', current);
    expect((await open.call(url, { key: null })).status).toBe(200);
    expect((await open.call(url.replace('data=s', 'data=t'), { key: null })).status).toBe(403);
  });
});

describe('signing secrets', () => {
  it('are good for a day beside the next one, and no longer; the one before that is not', async () => {
    const clock = await startApi({ config: { openQr: false }, beside: api });
    const first = await rotate();
    const second = await rotate();
    const third = await rotate();
    expect([second.previousKid, third.previousKid]).toEqual([first.kid, second.kid]);
    const in25Hours = Math.floor(Date.now() / 1000) + 25 * 3600;
    const status = async (secret: Secret) =>
      (await clock.call(signed('/v1/qr?data=s', secret, in25Hours), { key: null })).status;
    expect([await status(first), await status(second), await status(third)]).toEqual([403, 200, 200]);
    clock.advance(24 * 3600_000 - 5000);
    expect(await status(second)).toBe(200);
    clock.advance(10_000);
    expect([await status(second), await status(third)]).toEqual([403, 200]);
  });

  it('are made once for an Idempotency-Key, shown again, and kept sealed', async () => {
    const headers = { 'idempotency-key': 'signing-once' };
    const first = await rotate(undefined, headers);
    expect(await rotate(undefined, headers)).toEqual(first);
    const settings = await api.database.listSettings('query-secret');
    expect(settings.some(({ name }) => name.includes(first.kid))).toBe(true);
    expect(JSON.stringify(settings)).not.toContain(first.secret);
  });

  it('take a key that may write', async () => {
    await api.addKey('reader', 'read', 'default');
    expect((await api.call('/v1/signing-secret/rotate', { method: 'POST', key: 'reader' })).status).toBe(403);
  });
});

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
const exampleIn = (language: string): string =>
  [...readme.matchAll(/```(\w+)\n(.*?)```/gs)].find(
    ([, name, text]) => name === language && text?.includes('SECRET'),
  )?.[2] ?? '';
const hasCommand = (command: string): Promise<boolean> =>
  run('sh', ['-c', `command -v ${command}`]).then(
    () => true,
    () => false,
  );
const [hasShell, hasPython] = [
  (await hasCommand('openssl')) && (await hasCommand('curl')),
  await hasCommand('python3'),
];

describe('the README signs', () => {
  const env = async () => {
    const { kid, secret } = await rotate();
    return { PATH: process.env.PATH ?? '', BASE: `http://127.0.0.1:${api.port}`, KID: kid, SECRET: secret };
  };
  const imageAt = async (url: string) => {
    const answer = await fetch(url);
    return [answer.status, answer.headers.get('content-type')];
  };

  it('in JavaScript', async () => {
    const args = ['--input-type=module', '-e', exampleIn('js')];
    const { stdout } = await run(process.execPath, args, { env: await env() });
    expect(await imageAt(stdout.trim())).toEqual([200, 'image/png']);
  });

  describeOn('in a shell', hasShell, () => {
    it('with openssl and curl', async () => {
      const cwd = await mkdtemp(join(tmpdir(), 'qrf-sign-'));
      await run('sh', ['-c', exampleIn('sh')], { env: await env(), cwd });
      // The queue under test draws a word, with the text in it.
      expect((await readFile(join(cwd, 'code.png'))).toString()).toContain('https://example.com');
      await rm(cwd, { recursive: true });
    });
  });

  describeOn('in Python', hasPython, () => {
    it('with its standard library', async () => {
      const { stdout } = await run('python3', ['-c', exampleIn('python')], { env: await env() });
      expect(await imageAt(stdout.trim())).toEqual([200, 'image/png']);
    });
  });
});
