import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { AppError } from '../shared/errors.ts';
import { ArrivingBodies, longestArrivalMs } from './arriving-bodies.ts';
import type { Handle } from './handle.ts';
import { problemOf } from './middleware/errors.ts';

/** How long a server that drains still serves connections that are open or come. */
const lingerMs = 300;

type Timeouts = {
  /** How long the head may take to arrive. */
  headersMs: number;
  /** How long a body may stand still or trickle, see `ArrivingBodies`. */
  bodyMs: number;
  /** How long an answer that was begun may stand still: its reader takes no byte of it, and holds a file and a socket. */
  stillMs: number;
};

type Options = Partial<Timeouts> & {
  /** The largest body that any route accepts: one that comes steadily has the time that it needs. */
  mostBodyBytes?: number;
};

export type ApiServer = {
  server: Server;
  drain(options: { hurryMs: number; cutMs: number; hurry: () => void }): Promise<void>;
};

/** Makes the HTTP server: time limits against slow senders and readers, problems for what cannot be parsed, and a way to drain. */
export function createApiServer(
  handle: Handle,
  publicUrl: string,
  { headersMs = 10_000, bodyMs = 30_000, stillMs = 60_000, mostBodyBytes = 0 }: Options = {},
): ApiServer {
  // Of connections, not of answers: a listener for the end of each answer took 1 µs of every redirect.
  const sockets = new Set<Socket>();
  let draining = false;
  const bodies = new ArrivingBodies({
    spanMs: bodyMs,
    giveUp: (socket, isAnswered) => (isAnswered ? socket.destroy() : refuse(tooSlow, socket, publicUrl)),
  });

  const server = createServer(
    {
      headersTimeout: headersMs,
      requestTimeout: longestArrivalMs(bodyMs, mostBodyBytes),
      connectionsCheckingInterval: 1000,
      // Longer than the minute after which usual load balancers drop an idle connection: they close first, not we.
      keepAliveTimeout: 65_000,
    },
    (request, response) => {
      if (isAmbiguous(request)) return refuse('ambiguous', request.socket, publicUrl);
      bodies.add(request, response);
      if (draining) response.setHeader('Connection', 'close');
      void handle(request, response);
    },
  );
  server.once('listening', () => server.once('close', bodies.watch()));
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.setTimeout(stillMs, (socket) => {
    // Work that is waited for may take longer; what is closed here releases what was read for it.
    if (answerOn(socket)?.headersSent === false) socket.setTimeout(stillMs);
    else socket.destroy();
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => refuse(error.code, socket, publicUrl));

  return {
    server,
    /**
     * Lets requests in hand and on their way finish, each the last of its connection, stops accepting, and calls `hurry` after
     * `hurryMs` so that those which wait are answered; what is still open after `cutMs` is cut.
     */
    async drain({ hurryMs, cutMs, hurry }) {
      draining = true;
      for (const socket of sockets) {
        const response = answerOn(socket);
        if (response && !response.headersSent) response.setHeader('Connection', 'close');
      }
      await untilUnused(server);
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      const over = new AbortController();
      const { signal } = over;
      const hurried = pause(hurryMs, undefined, { signal }).then(hurry, () => undefined);
      const cut = pause(cutMs, undefined, { signal }).then(
        () => server.closeAllConnections(),
        () => undefined,
      );
      await closed;
      over.abort();
      await Promise.all([hurried, cut]);
    },
  };
}

/**
 * Waits until nobody is connected, for a moment at most: a connection that looks idle may have a request in its buffer, and one that
 * is not yet accepted has one perhaps; closing would reset both. Ends right after a look at all sockets.
 */
async function untilUnused(server: Server): Promise<void> {
  const connections = (): Promise<number> =>
    new Promise((resolve, reject) => server.getConnections((error, count) => (error ? reject(error) : resolve(count))));
  const until = performance.now() + lingerMs;
  while ((await connections()) > 0 && performance.now() < until) await pause(20);
  await new Promise(setImmediate);
}

/** What Node calls a request that took too long. */
const tooSlow = 'ERR_HTTP_REQUEST_TIMEOUT';

const refusals: Record<string, { error: AppError; status: number }> = {
  [tooSlow]: {
    error: new AppError('timeout', 'request_timeout', 'The request took too long to arrive'),
    status: 408,
  },
  HPE_INVALID_URL: {
    error: new AppError(
      'malformed',
      'malformed_url',
      'The URL has a character that must be escaped, as in %C3%A9 for é',
    ),
    status: 400,
  },
  HPE_HEADER_OVERFLOW: {
    error: new AppError('too-large', 'headers_too_large', 'The request line and headers are larger than 16 kB'),
    status: 431,
  },
};

/** Whether a request is without a version (HTTP/0.9), or names two hosts (RFC 9112, section 3.2): the parser lets both pass. */
function isAmbiguous({ httpVersionMajor, rawHeaders }: IncomingMessage): boolean {
  let hosts = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string;
    if (name.length === 4 && name.toLowerCase() === 'host') hosts++;
  }
  return hosts > 1 || httpVersionMajor < 1;
}

const malformed = {
  error: new AppError('malformed', 'malformed_request', 'This is not a valid HTTP request'),
  status: 400,
};

/** The answer that is under way on a connection. */
function answerOn(socket: Socket): ServerResponse | null {
  return (socket as Socket & { _httpMessage?: ServerResponse | null })._httpMessage ?? null;
}

/** Answers on the bare socket what never became a request; one that is cut or answered already is closed. */
function refuse(reason: string | undefined, socket: Socket, publicUrl: string): void {
  if (reason === 'ECONNRESET' || !socket.writable || answerOn(socket)?.headersSent) {
    socket.destroy();
    return;
  }
  const { error, status } = refusals[reason ?? ''] ?? malformed;
  const requestId = randomUUID();
  const body = JSON.stringify({ ...problemOf(error, { publicUrl, instance: '/', requestId }), status });
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    `Request-Id: ${requestId}`,
    'Cache-Control: no-store',
    'X-Content-Type-Options: nosniff',
    "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'",
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}
