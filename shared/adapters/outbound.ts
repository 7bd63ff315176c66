import { type LookupAddress, lookup as systemLookup } from 'node:dns';
import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import https from 'node:https';
import type { LookupFunction } from 'node:net';
import type { WorkError } from '../errors.ts';
import { type AddressRule, createAddressRule, literalAddress } from './outbound-addresses.ts';

/** Sockets to one origin that are open at once, and of these, idle ones that are kept for the next request. */
const maxSockets = 16;
const maxFreeSockets = 2;
const idleMs = 5000;

const maxHeaderBytes = 16 * 1024;
/** So much of an answer's body is kept, and so much is read, so that the connection can serve again; then it is cut. */
const keptBytes = 1024;
const readBytes = 64 * 1024;

/** What came of a request: an answer (with any status), or why there is none. */
export type OutboundAnswer = {
  httpStatus: number | null;
  error: WorkError | null;
  /** The first kilobyte of the body; null when no answer came. */
  body: string | null;
  retryAfter: string | null;
  latencyMs: number;
};

export type Outbound = {
  /** POSTs `body`. Redirects are not followed. Null when `close` cut it: that says nothing about who was called. Never throws. */
  post(url: string, request: { headers: Record<string, string>; body: string }): Promise<OutboundAnswer | null>;
  /** Closes idle connections and cuts requests under way, also those that wait for a connection; from then on none is made. */
  close(): void;
};

export type ResolveAll = (
  host: string,
  tell: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

type Options = {
  /** CIDRs that may be reached although they are not public. */
  allow: readonly string[];
  /** For all of it: look-up, connection, headers, body. */
  timeoutMs: number;
  /** Asks for all addresses of a name. */
  resolve?: ResolveAll;
};

const resolveBySystem: ResolveAll = (host, tell) =>
  systemLookup(host, { all: true }, (error, addresses) => tell(error, addresses));

/**
 * Makes the client for requests to addresses that users name: http and https, to public addresses only.
 *
 * A name is resolved and its addresses are checked when the connection is made, and only those that may be reached are
 * connected to: what a name said before, or says a moment later, counts for nothing.
 */
export function createOutbound({ allow, timeoutMs, resolve = resolveBySystem }: Options): Outbound {
  const mayReach = createAddressRule(allow);
  const options = { keepAlive: true, maxSockets, maxFreeSockets, scheduling: 'lifo', timeout: idleMs } as const;
  const agents = { 'http:': new http.Agent(options), 'https:': new https.Agent(options) };
  const lookup = guardedLookup(mayReach, resolve);
  const underWay = new Set<AbortController>();
  let isClosed = false;

  const start = (url: URL, headers: Record<string, string>): ClientRequest => {
    const { protocol } = url;
    if (protocol !== 'http:' && protocol !== 'https:') throw new Refusal(`${protocol} is neither http: nor https:`);
    if (url.username + url.password !== '') throw new Refusal('A URL with user and password is not called');
    const literal = literalAddress(url);
    if (literal !== null && !mayReach(literal)) throw new Refusal(`${literal} is not a public address`);
    return (protocol === 'https:' ? https : http).request(url, {
      method: 'POST',
      agent: agents[protocol],
      lookup,
      maxHeaderSize: maxHeaderBytes,
      headers,
    });
  };

  const attempt = (url: URL, headers: Record<string, string>, body: string, signal: AbortSignal): Promise<Answered> =>
    new Promise((resolveAnswer, reject) => {
      const request = start(url, headers);
      const onAbort = (): void => void request.destroy(new TimeUp());
      signal.addEventListener('abort', onAbort, { once: true });
      let isAnswered = false;
      request.once('response', (response) => {
        isAnswered = true;
        readAnswer(response, resolveAnswer);
      });
      request.on('error', (error) => {
        if (!isAnswered) reject(request.reusedSocket ? new StaleConnection(error) : error);
      });
      request.once('close', () => {
        signal.removeEventListener('abort', onAbort);
        if (!isAnswered) reject(new Error('The connection was closed before an answer came'));
      });
      if (signal.aborted) onAbort();
      else request.end(body);
    });

  return {
    async post(href, { headers, body }) {
      if (isClosed) return null;
      const began = performance.now();
      const answer = (rest: Omit<OutboundAnswer, 'latencyMs'>): OutboundAnswer => ({
        ...rest,
        latencyMs: Math.round(performance.now() - began),
      });
      const cut = new AbortController();
      underWay.add(cut);
      const timer = setTimeout(() => cut.abort(), timeoutMs);
      const all = { 'content-length': String(Buffer.byteLength(body)), 'accept-encoding': 'identity', ...headers };
      try {
        const url = new URL(href);
        const once = (): Promise<Answered> => attempt(url, all, body, cut.signal);
        const came = await once().catch((error: unknown) => {
          // The receiver closed an idle connection while we wrote to it: that is no failure of its.
          if (error instanceof StaleConnection && !cut.signal.aborted) return once();
          throw error;
        });
        return answer({ ...came, error: null });
      } catch (error) {
        if (isClosed) return null;
        return answer({ httpStatus: null, error: whyNot(error, timeoutMs), body: null, retryAfter: null });
      } finally {
        clearTimeout(timer);
        underWay.delete(cut);
      }
    },
    close() {
      isClosed = true;
      for (const cut of underWay) cut.abort();
      for (const agent of Object.values(agents)) agent.destroy();
    },
  };
}

type Answered = Pick<OutboundAnswer, 'httpStatus' | 'body' | 'retryAfter'>;

class Refusal extends Error {}
class TimeUp extends Error {}
class StaleConnection extends Error {
  constructor(cause: Error) {
    super(cause.message, { cause });
  }
}

function guardedLookup(mayReach: AddressRule, resolve: ResolveAll): LookupFunction {
  return (host, options, tell) => {
    resolve(host, (error, addresses) => {
      if (error) return tell(error, '');
      const reachable = addresses.filter(({ address }) => mayReach(address));
      const [first] = reachable;
      if (first === undefined) {
        const named = addresses.map(({ address }) => address).join(', ') || 'nothing';
        return tell(new Refusal(`${host} stands for ${named}, where no public address is`), '');
      }
      if (options.all) tell(null, reachable);
      else tell(null, first.address, first.family);
    });
  };
}

/** Tells the answer when its body is read as far as it is wanted, or is cut off. The status counts, however the body ends. */
function readAnswer(response: IncomingMessage, tell: (answer: Answered) => void): void {
  const kept: Buffer[] = [];
  let length = 0;
  response.on('data', (chunk: Buffer) => {
    if (length < keptBytes) kept.push(chunk.subarray(0, keptBytes - length));
    length += chunk.length;
    if (length > readBytes) response.destroy();
  });
  response.on('error', () => undefined); // 'close' follows
  response.once('close', () =>
    tell({
      httpStatus: response.statusCode ?? null,
      body: Buffer.concat(kept).toString('utf8'),
      retryAfter: response.headers['retry-after'] ?? null,
    }),
  );
}

/** Words a failure for its owner: what an address inside our network answered is none of his business, and none did. */
function whyNot(error: unknown, timeoutMs: number): WorkError {
  const because = (code: string, detail: string): WorkError => ({ code, detail, pointer: null });
  const root = error instanceof StaleConnection ? error.cause : error;
  if (root instanceof Refusal) return because('address_refused', root.message);
  if (root instanceof TimeUp) return because('timeout', `No answer came within ${timeoutMs / 1000} s`);
  const { code, message } = root as NodeJS.ErrnoException;
  if (code === 'HPE_HEADER_OVERFLOW')
    return because('answer_too_large', `The answer's headers are longer than ${maxHeaderBytes} bytes`);
  if (code?.startsWith('HPE_')) return because('invalid_answer', `The answer is no HTTP: ${message}`);
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN' || code === 'ENODATA')
    return because('host_not_found', `The host's name leads nowhere (${code})`);
  return because('connection_failed', code === undefined ? message : `${message} (${code})`);
}
