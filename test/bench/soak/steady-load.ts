import { Agent, request as send } from 'node:http';

/** One request and how it went; times are of `performance.now()`. */
export type Sample = { sentAt: number; doneAt: number; status: number | string };

export type Shot = { path: string; key: string; body: string };

/**
 * Sends requests at a fixed rate, whatever becomes of those before: a service that falls behind is asked no less. A sample ends with
 * the last byte of its answer.
 *
 * @param next makes the request of this number
 * @param on.sample called when a request is over; its status is what Node calls the error when no answer came
 */
export class SteadyLoad {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 2000, scheduling: 'lifo' });
  readonly #base: URL;
  readonly #next: (number: number) => Shot;
  readonly #perSecond: number;
  readonly samples: Sample[] = [];
  #sent = 0;
  #inFlight = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(base: string, { perSecond, next }: { perSecond: number; next: (number: number) => Shot }) {
    this.#base = new URL(base);
    this.#perSecond = perSecond;
    this.#next = next;
  }

  start(): void {
    const begun = performance.now();
    this.#timer = setInterval(() => {
      const due = ((performance.now() - begun) * this.#perSecond) / 1000;
      while (this.#sent < due) this.#shoot(this.#next(this.#sent++));
    }, 5);
  }

  /** Sends no more and waits until every request is over. */
  async stop(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer);
    while (this.#inFlight > 0) await new Promise((resolve) => setTimeout(resolve, 20));
    this.#agent.destroy();
  }

  #shoot({ path, key, body }: Shot): void {
    this.#inFlight++;
    const sentAt = performance.now();
    const over = (status: number | string): void => {
      this.#inFlight--;
      this.samples.push({ sentAt, doneAt: performance.now(), status });
    };
    const headers = {
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      accept: 'image/png',
    };
    const { hostname, port } = this.#base;
    const request = send({ hostname, port, path, method: 'POST', agent: this.#agent, headers, timeout: 60_000 });
    let isOver = false;
    const once = (status: number | string): void => {
      if (!isOver) over(status);
      isOver = true;
    };
    request.on('response', (response) => {
      response.on('data', () => undefined);
      response.on('end', () => once(response.statusCode ?? 0));
      response.on('error', (error: NodeJS.ErrnoException) => once(error.code ?? error.message));
    });
    request.on('timeout', () => request.destroy(new Error('no answer in a minute')));
    request.on('error', (error: NodeJS.ErrnoException) => once(error.code ?? error.message));
    request.end(body);
  }
}

/** The latency that this share (0…1) of the samples did not exceed, ms. */
export function percentile(samples: readonly Sample[], share: number): number {
  const sorted = samples.map(({ sentAt, doneAt }) => doneAt - sentAt).sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** Samples by status, most frequent first, as in `200: 990, 503: 10`. */
export function statuses(samples: readonly Sample[]): string {
  const counts = new Map<number | string, number>();
  for (const { status } of samples) counts.set(status, (counts.get(status) ?? 0) + 1);
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([status, count]) => `${status}: ${count}`)
    .join(', ');
}
