import { setTimeout as delay } from 'node:timers/promises';
import { type Config, parseConfig, type Role } from './config.ts';
import { ConfigError, wrongConfigurationExit } from './config-error.ts';
import { AppError } from './errors.ts';
import { createLog, type Log } from './log.ts';
import { ReleaseStack } from './release-stack.ts';
import { WrongConfiguration } from './supervise.ts';

export type Service = {
  config: Config;
  log: Log;
  /** What is acquired is deferred here; it is released at the end, last acquired first. */
  releases: ReleaseStack;
  /** Aborted when the process is told to end: a start that still waits for something gives up. */
  stopping: AbortSignal;
  /** Tells the parent process, if there is one, what the start waits for, and why. */
  tellWaiting?: (what: string) => void;
};

/** How long a start that is under way may take to notice that it is not wanted any more. */
const abandonStartMs = 2000;

type ServiceOptions = {
  role: Role;
  /** Names the process in its log. */
  part: string;
  /** Whether the log writes lines together, see `createLog`. */
  logIsBuffered?: boolean;
  /** How long what is deferred may take to let go. */
  graceMs: number;
  /** Acquires everything; what it answers goes to the parent process, if there is one, as the child's facts. */
  start: (service: Service) => Promise<Record<string, unknown>>;
};

/**
 * Runs one service as the process `host`: reads the configuration, starts, and drains at SIGTERM, at SIGINT, at SIGHUP
 * (its terminal was closed), or when the parent process is gone. Further signals change nothing: npm sends the same one twice at Ctrl-C.
 *
 * Exit codes: 0 drained, 1 could not start or drain (in time), or a rejection that nobody handled, 2 wrong configuration (each mistake on standard error).
 */
export async function runService(host: NodeJS.Process, options: ServiceOptions): Promise<void> {
  const config = configOrExit(host, options.role);
  const log = createLog(options.part, config.logLevel, { isBuffered: options.logIsBuffered ?? false });
  host.on('unhandledRejection', (err) => {
    log.fatal({ err }, 'unhandled rejection');
    host.exit(1);
  });
  const releases = new ReleaseStack();
  const stopping = new AbortController();
  const tellWaiting = (what: string): void => void (host.connected && host.send?.({ waiting: what }));
  const started = options.start({ config, log, releases, stopping: stopping.signal, tellWaiting });

  const stop = (reason: string): void => {
    if (stopping.signal.aborted) return;
    stopping.abort();
    log.info({ reason }, 'draining');
    void drain(host, { log, releases, started, graceMs: options.graceMs });
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) host.on(signal, () => stop(signal));
  const parentGone = (): void => stop('the parent process is gone');
  if (host.connected) host.on('disconnect', parentGone);
  else if (host.send) parentGone(); // it was forked, and the parent died before anyone listened for that

  try {
    const facts = await started;
    if (host.connected) host.send?.({ ready: facts });
  } catch (error) {
    if (stopping.signal.aborted) return;
    // These were written for the person who starts this; anything else is for whoever looks for the bug.
    const isConfiguration = error instanceof ConfigError || error instanceof WrongConfiguration;
    if (error instanceof AppError || isConfiguration) host.stderr.write(`${error.message}\n`);
    else log.fatal({ err: error }, 'could not start');
    stopping.abort();
    await releases.release().catch((failure) => log.error({ err: failure }, 'could not release everything'));
    host.exit(isConfiguration ? wrongConfigurationExit : 1);
  }
}

function configOrExit(host: NodeJS.Process, role: Role): Config {
  try {
    return parseConfig(host.env, role);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    host.stderr.write(`${error.message}\n`);
    return host.exit(wrongConfigurationExit);
  }
}

async function drain(
  host: NodeJS.Process,
  { log, releases, started, graceMs }: { log: Log; releases: ReleaseStack; started: Promise<unknown>; graceMs: number },
): Promise<void> {
  setTimeout(() => {
    log.error({ graceMs }, 'did not drain in time');
    host.exit(1);
  }, graceMs);
  try {
    await releases.release();
    // A start that was told to stop may fail as it likes, or still hang on a connection: it has no work in hand.
    await Promise.race([started.catch(() => undefined), delay(abandonStartMs)]);
    await releases.release();
    log.info('drained');
    host.exit(0);
  } catch (error) {
    log.error({ err: error }, 'could not release everything');
    host.exit(1);
  }
}
