import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOutbound, type ResolveAll } from '../../../shared/adapters/outbound.ts';

const request = { headers: { 'content-type': 'application/json' }, body: '{"a":1}' };
const here = ['127.0.0.0/8', '::1/128'];
const endings: (() => Promise<void> | void)[] = [];
afterAll(async () => {
  for (const end of endings.splice(0)) await end();
});

async function listen(server: Server, host = '127.0.0.1'): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket));
  server.listen(0, host);
  await once(server, 'listening');
  endings.push(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  return (server.address() as AddressInfo).port;
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void;
const receiver = (answer: Answer): Promise<number> => listen(createServer(answer));

function outbound(more: { allow?: string[]; timeoutMs?: number; resolve?: ResolveAll } = {}) {
  const client = createOutbound({ allow: here, timeoutMs: 10_000, ...more });
  endings.push(() => client.close());
  return client;
}

/** A name server at the edge: answers each question with the next of its answers, the last one again and again. */
function nameServer(...answers: string[][]): ResolveAll & { asked: string[] } {
  const asked: string[] = [];
  const resolve: ResolveAll = (host, tell) => {
    const addresses = answers[Math.min(asked.length, answers.length - 1)] ?? [];
    asked.push(host);
    process.nextTick(
      tell,
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  };
  return Object.assign(resolve, { asked });
}

describe('an outgoing request', () => {
  it('brings method, headers and body, and answers with status, first bytes and time', async () => {
    const port = await receiver((incoming, response) => {
      let body = '';
      incoming.on('data', (chunk) => {
        body += chunk;
      });
      incoming.on('end', () => {
        response.writeHead(201, { 'retry-after': '7' });
        response.end(`${incoming.method} ${incoming.headers['content-type']} ${body}`);
      });
    });
    const answer = await outbound().post(`http://127.0.0.1:${port}/hook`, request);
    expect(answer).toEqual({
      httpStatus: 201,
      error: null,
      body: 'POST application/json {"a":1}',
      retryAfter: '7',
      latencyMs: expect.any(Number),
    });
  });

  it('follows no redirect', async () => {
    let followed = 0;
    const port = await receiver((incoming, response) => {
      if (incoming.url === '/next') followed++;
      response.writeHead(302, { location: '/next' }).end();
    });
    expect(await outbound().post(`http://127.0.0.1:${port}/`, request)).toMatchObject({ httpStatus: 302, error: null });
    expect(followed).toBe(0);
  });

  it('gives up when the time is up: with a receiver that accepts and says nothing, and one that stops in its headers', async () => {
    const silent = await listen(createTcpServer());
    const stuck = await listen(createTcpServer((socket) => socket.write('HTTP/1.1 200 OK\r\nX: ')));
    const client = outbound({ timeoutMs: 200 });
    for (const port of [silent, stuck]) {
      const answer = await client.post(`http://127.0.0.1:${port}/`, request);
      expect(answer).toMatchObject({ httpStatus: null, body: null, error: { code: 'timeout' } });
    }
  });

  it('answers nothing when it is closed meanwhile or before, not even what waits for a connection', async () => {
    let came = 0;
    let allCame = (): void => undefined;
    const all = new Promise<void>((resolve) => {
      allCame = resolve;
    });
    const port = await receiver(() => {
      came++;
      if (came === 16) allCame();
    });
    const client = outbound();
    const post = () => client.post(`http://127.0.0.1:${port}/`, request);
    const answers = Promise.all(Array.from({ length: 20 }, post));
    await all;
    client.close();
    expect(await answers).toEqual(Array(20).fill(null));
    expect(await post()).toBeNull();
    expect(came).toBe(16);
  });

  it('counts a slow name server within its time', async () => {
    const client = outbound({ timeoutMs: 100, resolve: () => undefined });
    expect((await client.post('http://slow.test/', request))?.error?.code).toBe('timeout');
  });

  it('keeps a kilobyte of an endless body and cuts the connection', async () => {
    let cut: (() => void) | null = null;
    const wasCut = new Promise<void>((resolve) => {
      cut = resolve;
    });
    let sentBytes = 0;
    const port = await receiver((incoming, response) => {
      incoming.resume();
      response.writeHead(200);
      const chunk = Buffer.alloc(16 * 1024, 'x');
      const pump = (): void => {
        while (!response.destroyed && response.write(chunk)) sentBytes += chunk.length;
      };
      response.on('drain', pump);
      response.on('close', () => cut?.());
      pump();
    });
    const answer = await outbound().post(`http://127.0.0.1:${port}/`, request);
    expect(answer).toMatchObject({ httpStatus: 200, error: null, body: 'x'.repeat(1024) });
    await wasCut;
    expect(sentBytes).toBeLessThan(64 * 1024 * 1024);
  });

  it('answers by the status of a body that drips until the time is up', async () => {
    const port = await receiver((incoming, response) => {
      incoming.resume();
      response.writeHead(500);
      response.write('drip');
    });
    const answer = await outbound({ timeoutMs: 200 }).post(`http://127.0.0.1:${port}/`, request);
    expect(answer).toMatchObject({ httpStatus: 500, body: 'drip' });
  });

  it('refuses endless headers and what is no HTTP', async () => {
    const long = await listen(
      createTcpServer((socket) => {
        socket.on('error', () => undefined);
        socket.write(`HTTP/1.1 200 OK\r\n${`X-Long: ${'y'.repeat(1000)}\r\n`.repeat(40)}`);
      }),
    );
    const strange = await listen(createTcpServer((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n')));
    const codeOf = async (port: number) => (await outbound().post(`http://127.0.0.1:${port}/`, request))?.error?.code;
    expect(await codeOf(long)).toBe('answer_too_large');
    expect(await codeOf(strange)).toBe('invalid_answer');
  });

  it('says that nobody listens, and that a name leads nowhere', async () => {
    const port = await receiver(() => undefined);
    await endings.pop()?.();
    expect((await outbound().post(`http://127.0.0.1:${port}/`, request))?.error?.code).toBe('connection_failed');
    const lost: ResolveAll = (_, tell) => tell(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }), []);
    const answer = await outbound({ resolve: lost }).post('http://nowhere.test/', request);
    expect(answer?.error?.code).toBe('host_not_found');
  });

  it('uses a connection again, and asks anew when the receiver has closed it meanwhile', async () => {
    const ports = new Set<number | undefined>();
    let requests = 0;
    const server = createTcpServer((socket) => {
      ports.add(socket.remotePort);
      let onThis = 0;
      socket.on('error', () => undefined);
      socket.on('data', () => {
        requests++;
        onThis++;
        // The third request on a connection meets its end.
        if (onThis === 3) socket.destroy();
        else socket.write('HTTP/1.1 204 No Content\r\nConnection: keep-alive\r\n\r\n');
      });
    });
    const port = await listen(server);
    const client = outbound();
    for (let turn = 0; turn < 3; turn++)
      expect((await client.post(`http://127.0.0.1:${port}/`, { ...request, body: '' }))?.httpStatus).toBe(204);
    expect([requests, ports.size]).toEqual([4, 2]);
  });

  it('speaks https, and only to a host whose certificate is good', async () => {
    const file = (name: string) => readFileSync(join(import.meta.dirname, '../../data/tls', name));
    const server = createTlsServer(
      { key: file('localhost-key.pem'), cert: file('localhost-cert.pem') },
      (_, response) => response.end('tls'),
    );
    const port = await listen(server);
    const answer = await outbound().post(`https://localhost:${port}/`, request);
    expect(answer).toMatchObject({ httpStatus: null, error: { code: 'connection_failed' } });
    expect(answer?.error?.detail).toMatch(/certificate/i);
  });
});

describe('a guarded request', () => {
  let port: number;
  let reached = 0;
  beforeAll(async () => {
    port = await receiver((_, response) => {
      reached++;
      response.end('inside');
    });
  });

  it.each([
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0x7f.1',
    '0x7f000001',
    '017700000001',
    '0177.0.0.1',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[::1]',
    '[::]',
    '0.0.0.0',
    '0',
    '[::127.0.0.1]',
    '[64:ff9b::127.0.0.1]',
    '[64:ff9b:1::7f00:1]',
    '[2002:7f00:1::]',
    '[2001:0:7f00:1::]',
    '[fe80::1]',
    '[fec0::1]',
    '[fd00:ec2::254]',
    '[ff02::1]',
    '[2001:db8::1]',
    '10.0.0.1',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '169.254.169.254',
    '2852039166',
    '100.64.0.1',
    '100.100.100.200',
    '168.63.129.16',
    '192.0.0.192',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '１２７.0.0.1',
    '127.0.0.1.',
  ])('does not go to %s', async (host) => {
    const answer = await outbound({ allow: [] }).post(`http://${host}:${port}/`, request);
    expect(answer).toMatchObject({ httpStatus: null, error: { code: 'address_refused' } });
    expect(reached).toBe(0);
  });

  it.each(['127.0.0.1', '10.1.2.3', '169.254.169.254', '::1', '::ffff:127.0.0.1', 'fd00::1', '64:ff9b::7f00:1'])(
    'does not go to a name that stands for %s',
    async (address) => {
      const client = outbound({ allow: [], resolve: nameServer([address]) });
      const answer = await client.post(`http://inside.test:${port}/`, request);
      expect(answer).toMatchObject({ httpStatus: null, error: { code: 'address_refused' } });
      expect(reached).toBe(0);
    },
  );

  it('does not go to localhost, whatever the system says that it is', async () => {
    const answer = await outbound({ allow: [] }).post(`http://localhost:${port}/`, request);
    expect(answer?.error?.code).toBe('address_refused');
    expect(reached).toBe(0);
  });

  it('looks at what a name stands for when it connects: a name that is bound anew is refused', async () => {
    const resolve = nameServer(['127.0.0.2'], ['127.0.0.1']);
    const client = outbound({ allow: ['127.0.0.2/32'], timeoutMs: 500, resolve });
    const open = await listen(
      createServer((_, response) => response.setHeader('connection', 'close').end()),
      '127.0.0.2',
    );
    expect((await client.post(`http://rebinds.test:${open}/`, request))?.httpStatus).toBe(200);
    expect((await client.post(`http://rebinds.test:${port}/`, request))?.error?.code).toBe('address_refused');
    expect(resolve.asked).toEqual(['rebinds.test', 'rebinds.test']);
    expect(reached).toBe(0);
  });

  it('goes only to those addresses of a name that may be reached', async () => {
    const client = outbound({ allow: ['127.0.0.1/32'], resolve: nameServer(['10.0.0.1', '::1', '127.0.0.1']) });
    expect((await client.post(`http://both.test:${port}/`, request))?.body).toBe('inside');
    reached = 0;
  });

  it('goes where OUTBOUND_ALLOW leads, in every notation', async () => {
    for (const host of ['127.0.0.1', '127.1', 'localhost', '[::ffff:127.0.0.1]'])
      expect((await outbound({ allow: ['127.0.0.0/8'] }).post(`http://${host}:${port}/`, request))?.httpStatus).toBe(
        200,
      );
    reached = 0;
  });

  it.each(['ftp://example.com/', 'file:///etc/passwd', 'http://user:pass@example.com/'])(
    'does not call %s',
    async (url) => {
      expect((await outbound().post(url, request))?.error?.code).toBe('address_refused');
    },
  );
});
