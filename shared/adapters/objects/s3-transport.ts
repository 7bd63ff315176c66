import http from 'node:http';
import https from 'node:https';

/** How long a request may take, and how much more for each megabyte that it sends or receives. */
const requestMs = 10_000;
const megabyteMs = 1000;

/** These make the minio client throw without reading the body, which would keep the connection occupied for ever. */
const unreadStatuses = new Set([408, 429, 499, 500, 502, 503, 504, 520]);

export type S3Transport = {
  agent: http.Agent;
  transport: Pick<typeof http, 'request'>;
};

/**
 * Makes what the minio client sends its requests through: kept connections, 64 at most, and a time limit over the whole request,
 * waiting for a connection and reading the answer included. The client itself has none.
 */
export function openS3Transport(secure: boolean): S3Transport {
  const protocol = secure ? https : http;
  const agent = new protocol.Agent({ keepAlive: true, maxSockets: 64, maxFreeSockets: 16 });
  const request = (options: http.RequestOptions, onResponse?: (response: http.IncomingMessage) => void) => {
    const sentBytes = Number((options.headers as http.OutgoingHttpHeaders | undefined)?.['content-length'] ?? 0);
    const sent = protocol.request(options, (response) => {
      limit.extend(Number(response.headers['content-length'] ?? 0));
      if (unreadStatuses.has(response.statusCode ?? 0)) response.on('error', () => undefined).resume();
      onResponse?.(response);
    });
    const limit = limitTime(sent, sentBytes);
    return sent;
  };
  return { agent, transport: { request: request as typeof http.request } };
}

function limitTime(request: http.ClientRequest, sentBytes: number) {
  const startedAt = performance.now();
  const give = (bytes: number): NodeJS.Timeout => {
    const givenMs = requestMs + (bytes / 1_000_000) * megabyteMs;
    const late = (): void => void request.destroy(new Error(`no answer within ${Math.round(givenMs)} ms`));
    return setTimeout(late, startedAt + givenMs - performance.now());
  };
  let timer = give(sentBytes);
  request.once('close', () => clearTimeout(timer));
  return {
    extend(receivedBytes: number): void {
      clearTimeout(timer);
      timer = give(sentBytes + receivedBytes);
    },
  };
}
