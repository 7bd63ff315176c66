import type { ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { wrongConfigurationExit } from './config-error.ts';
import type { Log } from './log.ts';

/** A process that was just started, and what it tells once it can work; `ready` rejects when it ends before that. */
export type Launched<Facts> = { child: ChildProcess; ready: Promise<Facts> };

type ChildPlan<Facts> = {
  name: string;
  log: Log;
  /** Starts the process once. */
  launch: () => Launched<Facts> | Promise<Launched<Facts>>;
  /** The wait before the next start: `firstMs`, doubled at each death in a row up to `maxMs`. Default: 1 s to 30 s. */
  backoff?: { firstMs: number; maxMs: number };
  /** A child that lived this long was well: its death counts as the first in a row. Default: a minute. */
  healthyMs?: number;
  /** Gives up when the child ends before it was ever ready. */
  mustStart?: boolean;
};

type End = { pid: number | null; code: number | null; signal: NodeJS.Signals | null; err?: unknown };

/** A child refused its configuration and said why; another start would end alike. */
export class WrongConfiguration extends Error {
  override readonly name = 'WrongConfiguration';
}

/**
 * Keeps one child process running: a dead one is started again with backoff, for as long as it takes. Every death is an
 * error in the log that names the child and counts its deaths in a row. One that
 * refuses its configuration is not started again, but for one that was well with it: a file of it may be there again later.
 */
export class Supervised<Facts> {
  /** What the child told when it was ready for the first time; rejects when it `mustStart` and did not, refused its configuration, or was stopped before. */
  readonly ready: Promise<Facts>;
  readonly #plan: ChildPlan<Facts>;
  readonly #stopping = new AbortController();
  readonly #finished: Promise<void>;
  #child: ChildProcess | null = null;
  #resolveReady!: (facts: Facts) => void;
  #rejectReady!: (error: unknown) => void;

  constructor(plan: ChildPlan<Facts>) {
    this.#plan = plan;
    this.ready = new Promise((resolve, reject) => {
      this.#resolveReady = resolve;
      this.#rejectReady = reject;
    });
    this.ready.catch(() => undefined); // whoever does not ask for it must not die of it
    this.#finished = this.#keepRunning();
  }

  /** Ends the child (SIGTERM, and SIGKILL after `graceMs`) and starts none again; returns when it is gone. */
  async stop(graceMs: number): Promise<void> {
    const { name, log } = this.#plan;
    this.#stopping.abort();
    this.#child?.kill('SIGTERM');
    const kill = setTimeout(() => {
      log.error({ child: name, graceMs }, `${name} did not end in time and is killed`);
      this.#child?.kill('SIGKILL');
    }, graceMs);
    await this.#finished;
    clearTimeout(kill);
    this.#rejectReady(new Error(`${name} was stopped before it was ready`));
  }

  async #keepRunning(): Promise<void> {
    const { name, log, mustStart, backoff = { firstMs: 1000, maxMs: 30_000 }, healthyMs = 60_000 } = this.#plan;
    const { signal } = this.#stopping;
    let deaths = 0;
    let wasEverReady = false;
    while (!signal.aborted) {
      const startedAt = Date.now();
      const { end, wasReady } = await this.#runOnce();
      if (signal.aborted) return;
      wasEverReady ||= wasReady;
      if (end.code === wrongConfigurationExit && !wasEverReady)
        return this.#rejectReady(new WrongConfiguration(`${name} refused its configuration`, { cause: end.err }));
      if (mustStart && !wasReady && deaths === 0) return this.#rejectReady(end.err);
      const uptimeMs = Date.now() - startedAt;
      deaths = uptimeMs >= healthyMs ? 1 : deaths + 1;
      const restartInMs = Math.min(backoff.firstMs * 2 ** Math.min(deaths - 1, 20), backoff.maxMs);
      log.error({ child: name, ...end, uptimeMs, deaths, restartInMs }, `${name} died and is started again`);
      await delay(restartInMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async #runOnce(): Promise<{ end: End; wasReady: boolean }> {
    try {
      const { child, ready } = await this.#plan.launch();
      this.#child = child;
      if (this.#stopping.signal.aborted) child.kill('SIGTERM');
      const failure = ready.then(
        (facts) => this.#resolveReady(facts),
        (err: unknown) => ({ err }),
      );
      const end = await endOf(child);
      const failed = await failure;
      return { end: { ...end, ...failed }, wasReady: !failed };
    } catch (err) {
      return { end: { pid: null, code: null, signal: null, err }, wasReady: false };
    } finally {
      this.#child = null;
    }
  }
}

function endOf(child: ChildProcess): Promise<End> {
  const { pid = null } = child;
  if (child.exitCode !== null || child.signalCode !== null)
    return Promise.resolve({ pid, code: child.exitCode, signal: child.signalCode });
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve({ pid, code, signal }));
    // Without an id it was never started, and no exit follows; with one, the error is about a signal or a message.
    child.on('error', (err) => pid === null && resolve({ pid, code: null, signal: null, err }));
  });
}
