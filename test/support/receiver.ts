import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Webhook } from 'standardwebhooks';

export type Received = { path: string; headers: IncomingHttpHeaders; body: string; at: number };

/** How a receiver answers: a status, or whatever the function does. */
export type Answer = number | ((response: ServerResponse, received: Received) => void);

/** A receiver of webhooks on a port of its own, which remembers what came. */
export class Receiver {
  readonly received: Received[] = [];
  readonly port: number;
  answer: Answer = 204;
  readonly #close: () => Promise<void>;
  readonly #waiting = new Set<() => void>();

  constructor(port: number, close: () => Promise<void>) {
    this.port = port;
    this.#close = close;
  }

  url(path = '/hook'): string {
    return `http://127.0.0.1:${this.port}${path}`;
  }

  take(received: Received, response: ServerResponse): void {
    this.received.push(received);
    if (typeof this.answer === 'number') response.writeHead(this.answer).end();
    else this.answer(response, received);
    for (const wake of this.#waiting) wake();
  }

  /** Waits until `count` requests have come, on this path or at all. */
  async until(count: number, path?: string): Promise<Received[]> {
    for (;;) {
      const here = this.received.filter((one) => path === undefined || one.path === path);
      if (here.length >= count) return here;
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          this.#waiting.delete(wake);
          resolve();
        };
        this.#waiting.add(wake);
      });
    }
  }

  close(): Promise<void> {
    return this.#close();
  }
}

export async function startReceiver(): Promise<Receiver> {
  const sockets = new Set<Socket>();
  const server = createServer(async (request, response) => {
    let body = '';
    response.on('error', () => undefined);
    for await (const chunk of request) body += chunk;
    receiver.take({ path: request.url ?? '', headers: request.headers, body, at: Date.now() }, response);
  });
  server.on('connection', (socket) => sockets.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const receiver = new Receiver((server.address() as AddressInfo).port, async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  return receiver;
}

/** Verifies a message as a receiver does, with the package of Standard Webhooks; answers what it says. */
export function verified(
  { headers, body }: Received,
  secret: string,
): { type: string; timestamp: string; data: never } {
  return new Webhook(secret).verify(body, headers as Record<string, string>) as never;
}
