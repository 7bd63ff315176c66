import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from './errors.ts';
import type { Service } from './run-service.ts';

/**
 * Calls `connect` until it succeeds: for a server that is away while we start. Waits 1 s after the first failure, doubling
 * to 15 s, with a line in the log, and word to the parent process, each time.
 *
 * @throws what `connect` throws when that is not AppError `unavailable`; AbortError once `stopping` is aborted
 */
export async function untilAvailable<Handle>(
  what: string,
  connect: () => Promise<Handle>,
  { log, stopping, tellWaiting }: Pick<Service, 'log' | 'stopping' | 'tellWaiting'>,
): Promise<Handle> {
  for (let waitMs = 1000; ; waitMs = Math.min(waitMs * 2, 15_000)) {
    try {
      return await connect();
    } catch (error) {
      if (!(error instanceof AppError) || error.kind !== 'unavailable') throw error;
      log.warn({ err: error, waitMs }, `${what} does not answer; trying again`);
      tellWaiting?.(`${what.replace(/^The /, 'the ')}: ${error.message}`);
    }
    await delay(waitMs, undefined, { signal: stopping });
  }
}
