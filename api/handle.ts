import type { IncomingMessage, ServerResponse } from 'node:http';

/** What a request of Node's HTTP server is given to. */
export type Handle<Result = unknown> = (request: IncomingMessage, response: ServerResponse) => Result;
