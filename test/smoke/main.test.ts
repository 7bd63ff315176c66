import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { startOurProcess } from '../support/our-process.ts';

async function smoke(...args: string[]): Promise<{ code: number | null; lines: string[] }> {
  const command = startOurProcess('smoke/main.js', {}, args);
  const { code } = await command.ended;
  return { code, lines: command.lines };
}

it.each([
  ['no address', ['--key', 'k']],
  ['no key', ['http://localhost']],
  ['an option that is none', ['http://localhost', '--key', 'k', '--kye', 'k']],
  ['an address of another kind', ['localhost:3000', '--key', 'k']],
  ['two addresses', ['http://localhost', 'http://localhost', '--key', 'k']],
])('says how it is used when it is given %s', async (_what, args) => {
  const { code, lines } = await smoke(...args);
  expect([code, lines.at(-1)]).toEqual([2, expect.stringContaining('usage: npm run smoke')]);
  expect(lines.length).toBeLessThan(3);
});

it('stops with one line at a key that is refused, and at an address where nobody is', async () => {
  const server = createServer((_request, response) => response.writeHead(401).end('{}')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const refused = await smoke(base, '--key', 'wrong');
  expect(refused).toEqual({ code: 1, lines: [`${base}/v1/me answered 401: it does not know this key`] });
  server.close();
  await once(server, 'close');
  const { code, lines } = await smoke(base, '--key', 'wrong');
  expect([code, lines]).toEqual([1, [expect.stringMatching(/does not answer: .*ECONNREFUSED/)]]);
});
