import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** What a body must bring on average (20 kB/s): a slow line brings more, and who sends less holds a connection for next to nothing. */
const leastBytesPerMs = 20;

/** How long the largest body that is accepted may take, all of it, when each span brings enough. */
export function longestArrivalMs(spanMs: number, mostBytes: number): number {
  return spanMs + Math.ceil(mostBytes / leastBytesPerMs);
}

type Arriving = { request: IncomingMessage; response: ServerResponse; since: number; bytesRead: number };

/**
 * Gives up senders whose body stands still or trickles: each span must bring its end, or 20 kB for each second. However long a body
 * takes that keeps to this, it is waited for; a span in which we did not read what was there does not count. What still comes behind its
 * answer has one span.
 */
export class ArrivingBodies {
  readonly #last = new Map<Socket, Arriving>();
  readonly #spanMs: number;
  readonly #giveUp: (socket: Socket, isAnswered: boolean) => void;

  constructor({ spanMs, giveUp }: { spanMs: number; giveUp: (socket: Socket, isAnswered: boolean) => void }) {
    this.#spanMs = spanMs;
    this.#giveUp = giveUp;
  }

  /** Watches a request that has a body from its head on; only the last of a connection can be on its way. */
  add(request: IncomingMessage, response: ServerResponse): void {
    const { socket, headers } = request;
    if (headers['content-length'] === undefined && headers['transfer-encoding'] === undefined) return;
    this.#last.set(socket, { request, response, since: performance.now(), bytesRead: socket.bytesRead });
  }

  /** Looks at all of them until the returned function is called. */
  watch(): () => void {
    // Behind a look at all sockets: what lay there while this process was busy has come in time.
    const timer = setInterval(() => setImmediate(() => this.#look()), Math.min(this.#spanMs / 4, 1000));
    return () => clearInterval(timer);
  }

  #look(): void {
    const now = performance.now();
    for (const [socket, arriving] of this.#last) {
      const { request, response, since, bytesRead } = arriving;
      const isAnswered = response.writableFinished;
      if (request.complete || socket.destroyed) this.#last.delete(socket);
      else if (!isAnswered && (request.readableLength > 0 || this.#isEnough(socket.bytesRead - bytesRead))) {
        arriving.since = now;
        arriving.bytesRead = socket.bytesRead;
      } else if (now - since >= this.#spanMs) {
        this.#last.delete(socket);
        this.#giveUp(socket, isAnswered);
      }
    }
  }

  #isEnough(bytes: number): boolean {
    return bytes >= this.#spanMs * leastBytesPerMs;
  }
}
