import { randomBytes } from 'node:crypto';
import { expectSame } from './expectations.ts';

export type Answer = { status: number; headers: Headers; bytes: Buffer; json: Record<string, unknown> };
export type RenderAnswer = { id: string; status: string; encodedText: string; completedAt: string; image: ImageAnswer };
type ImageAnswer = { url: string; contentType: string; width: number; sizeBytes: number; sha256: string };
type Sending = {
  headers?: Record<string, string>;
  body?: string | Uint8Array<ArrayBuffer>;
  keyless?: boolean;
  /** What a redirect is: followed, or the answer itself. Default: followed. */
  redirect?: 'follow' | 'manual';
};

/** A sentence that holds for every deployment, and what proves it: it throws when the sentence is false. */
export type Check = [name: string, run: () => Promise<void>];

/** A deployment as a caller sees it; what is made carries `mark`, and what can be deleted is in `made`. */
export class Deployment {
  readonly mark = `smoke-${randomBytes(8).toString('hex')}`;
  readonly made = new Set<string>();
  readonly #base: string;
  readonly #key: string;

  constructor(base: string, key: string) {
    this.#base = base;
    this.#key = key;
  }

  async send(method: string, path: string, sending: Sending = {}): Promise<Answer> {
    const { headers = {}, body, keyless, redirect = 'follow' } = sending;
    const authorization: Record<string, string> = keyless ? {} : { authorization: `Bearer ${this.#key}` };
    const signal = AbortSignal.timeout(60_000);
    const init = { method, headers: { ...authorization, ...headers }, redirect, signal };
    const response = await fetch(new URL(path, this.#base), body === undefined ? init : { ...init, body });
    const bytes = Buffer.from(await response.arrayBuffer());
    const isJson = /\bjson\b/.test(response.headers.get('content-type') ?? '');
    const json = isJson ? (JSON.parse(bytes.toString()) as Record<string, unknown>) : {};
    return { status: response.status, headers: response.headers, bytes, json };
  }

  async post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const json = { 'content-type': 'application/json', prefer: 'wait=20' };
    return this.send('POST', path, { headers: { ...json, ...headers }, body: JSON.stringify(body) });
  }

  /** Posts a render and waits for its end. */
  async render(spec: object): Promise<RenderAnswer> {
    const { status, json, bytes } = await this.post('/v1/renders', spec);
    if (status !== 200) throw new Error(`POST /v1/renders answered ${status}: ${bytes.toString()}`);
    const answer = json as unknown as RenderAnswer;
    this.made.add(`/v1/renders/${answer.id}`);
    expectSame('status', answer.status, 'completed');
    return answer;
  }
}
