import { once } from 'node:events';
import type { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { pipeline, Readable } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Handle } from '../../api/handle.ts';
import { createApiServer } from '../../api/server.ts';
import { eventually } from '../support/client.ts';
import { newBody, operatorKey, startApi } from './support/api-under-test.ts';

const head = `POST /v1/renders HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${operatorKey}\r\nContent-Type: application/json\r\n`;

async function answerTo(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(text);
  return everything(socket);
}

async function everything(socket: Socket): Promise<string> {
  let answer = '';
  socket.setEncoding('utf8').on('data', (chunk) => {
    answer += chunk;
  });
  await once(socket, 'close');
  return answer;
}

describe('readers that take nothing', () => {
  it('are given up, and what was read for them is released; who waits for work is not', async () => {
    const source = new Readable({
      read() {
        this.push(Buffer.alloc(65_536));
      },
    });
    const handle: Handle = (request, response) => {
      if (request.url === '/late') setTimeout(() => response.end('late'), 700);
      else pipeline(source, response, () => undefined);
    };
    const { server } = createApiServer(handle, 'http://localhost', { stillMs: 200 });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const late = answerTo(port, 'GET /late HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    const reader = connect(port, '127.0.0.1').on('error', () => undefined);
    reader.write('GET /endless HTTP/1.1\r\nHost: x\r\n\r\n');
    await new Promise((resolve) => source.once('close', resolve)); // by an error, which once() would throw
    expect(await late).toMatch(/^HTTP\/1\.1 200 [\s\S]*late/);
    reader.destroy();
    server.close();
  });
});

describe('slow and broken senders', () => {
  it('get 408 when the body never arrives', async () => {
    const api = await startApi({ timeouts: { headersMs: 300, bodyMs: 500 } });
    const answer = await answerTo(api.port, `${head}Content-Length: 100\r\n\r\n{"content"`);
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(answer).toContain('"code":"request_timeout"');
    expect(answer).toContain('application/problem+json');
  });

  it('get 408 when the head never ends, 400 for what is not HTTP, 431 for endless headers', async () => {
    const api = await startApi({ timeouts: { headersMs: 300, bodyMs: 500 } });
    expect(await answerTo(api.port, 'GET / HTTP/1.1\r\nHost: x\r\n')).toMatch(/^HTTP\/1\.1 408 /);
    expect(await answerTo(api.port, 'NONSENSE\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
    expect(await answerTo(api.port, 'GET /v1/qr?data=é HTTP/1.1\r\nHost: x\r\n\r\n')).toContain('malformed_url');
    const long = `GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(20_000)}\r\n\r\n`;
    expect(await answerTo(api.port, long)).toMatch(/^HTTP\/1\.1 431 /);
  });
});

describe('bodies on their way', () => {
  async function listen(handle: Handle) {
    const { server } = createApiServer(handle, 'http://localhost', {
      headersMs: 100,
      bodyMs: 400,
      mostBodyBytes: 10_000_000,
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    return (server.address() as AddressInfo).port;
  }

  /** Sends a body of 5 MB, `bytes` every 20 ms, as far as it gets within two seconds; its end then, if `ends`. */
  async function send(port: number, bytes: number, ends: boolean): Promise<string> {
    const socket = connect(port, '127.0.0.1').on('error', () => undefined);
    const answer = everything(socket);
    socket.write('POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 5000000\r\n\r\n');
    let sent = 0;
    const timer = setInterval(() => {
      socket.write(Buffer.alloc(bytes));
      sent += bytes;
    }, 20);
    const end = setTimeout(() => {
      clearInterval(timer);
      if (ends) socket.write(Buffer.alloc(5_000_000 - sent));
    }, 2000);
    socket.once('close', () => {
      clearInterval(timer);
      clearTimeout(end);
    });
    return answer;
  }

  const reads: Handle = (request, response) => {
    request.on('error', () => undefined).resume();
    request.once('end', () => response.end('all of it'));
  };

  it('are not waited for behind their answer, however steadily they come', async () => {
    const port = await listen((request, response) => {
      request.on('error', () => undefined);
      response.writeHead(401).end();
    });
    const socket = connect(port, '127.0.0.1').on('error', () => undefined);
    const answer = everything(socket);
    socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000000\r\n\r\n');
    const timer = setInterval(() => socket.write(Buffer.alloc(10_000)), 20);
    onTestFinished(() => clearInterval(timer));
    expect((await answer).match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 401']);
  });

  it('are waited for many times the limit as long as they come steadily, and given up when they trickle or stop', async () => {
    const port = await listen(reads);
    const [steady, trickle, standstill] = await Promise.all([
      send(port, 10_000, true),
      send(port, 10, true),
      send(port, 0, true),
    ]);
    expect(steady).toContain('all of it');
    expect(trickle).toMatch(/^HTTP\/1\.1 408 [\s\S]*"code":"request_timeout"/);
    expect(standstill).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('are not held to time that we did not read in', async () => {
    const port = await listen((request, response) => {
      setTimeout(() => reads(request, response), 1200);
    });
    expect(await send(port, 40_000, true)).toContain('all of it');
  });
});

describe('draining', () => {
  it('finishes requests in hand, closes their connections, and takes no new ones', async () => {
    const api = await startApi();
    api.queues.isHeld = true;
    const waiting = api.post('/v1/renders', newBody(), { prefer: 'wait=20' });
    await eventually('the render is enqueued', async () => api.queues.jobs.length > 0);
    const drained = api.server.drain({ hurryMs: 5000, cutMs: 10_000, hurry: () => api.hurry.abort() });
    const refused = () =>
      fetch(`http://127.0.0.1:${api.port}/healthz`).then(
        () => false,
        () => true,
      );
    await eventually('new connections are refused', refused);
    await api.queues.work();
    const answer = await waiting;
    expect([answer.status, answer.headers.get('connection')]).toEqual([200, 'close']);
    await drained;
  });

  it('answers a request that comes on an idle connection just then, as the last one there', async () => {
    const api = await startApi();
    const socket = connect(api.port, '127.0.0.1');
    const answers = everything(socket);
    const get = 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n';
    socket.write(get);
    await once(socket, 'data');
    const drained = api.server.drain({ hurryMs: 5000, cutMs: 10_000, hurry: () => undefined });
    socket.write(get);
    const heads = (await answers).match(/HTTP\/1\.1 200|Connection: [\w-]+/g);
    expect(heads).toEqual(['HTTP/1.1 200', 'Connection: keep-alive', 'HTTP/1.1 200', 'Connection: close']);
    await drained;
  });

  it('hurries whoever waits, and cuts what is still open in the end', async () => {
    const api = await startApi();
    api.queues.isHeld = true;
    const waiting = api.post('/v1/renders', newBody(), { prefer: 'wait=20' });
    await eventually('the render is enqueued', async () => api.queues.jobs.length > 0);
    const stuck = connect(api.port, '127.0.0.1');
    stuck.write(`${head}Content-Length: 100\r\n\r\n{`);
    await once(stuck, 'connect');
    await eventually('both are connected', async () => (await connections(api.server.server)) >= 2);
    const closed = everything(stuck);
    await api.server.drain({ hurryMs: 50, cutMs: 500, hurry: () => api.hurry.abort() });
    expect((await waiting).status).toBe(202);
    await closed;
  });
});

function connections(server: ReturnType<typeof createServer>): Promise<number> {
  return new Promise((resolve, reject) =>
    server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
  );
}
