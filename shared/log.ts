import { type Logger, pino } from 'pino';

export type Log = Logger;

export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** Lines may wait this long for others to be written with them. */
const gatherMs = 50;

/** Writes a time as RFC 3339 once for all lines of one millisecond. */
function timestamps(): () => string {
  let last = 0;
  let text = '';
  return () => {
    const now = Date.now();
    if (now !== last) text = `,"time":"${new Date(now).toISOString()}"`;
    last = now;
    return text;
  };
}

/**
 * Makes the structured log of one process: JSON lines on standard output, each with the process's `part`.
 *
 * @param isBuffered writes lines together, up to 50 ms later, for a process that writes one for each of many requests; what is
 *   left is written when it exits, but lost when it is killed
 */
export function createLog(part: string, level: LogLevel, { isBuffered = false } = {}): Log {
  const options = { level, base: { part, pid: process.pid }, timestamp: timestamps() };
  const buffering = isBuffered ? { minLength: 8192, periodicFlush: gatherMs } : {};
  const output = pino.destination({ dest: 1, sync: false, ...buffering });
  // Nobody reads it any more, its terminal was closed, say: no reason to end, least of all while draining. What pino does for EPIPE.
  const nothing = () => undefined;
  output.on('error', () =>
    Object.assign(output, { write: nothing, flushSync: nothing, end: nothing, destroy: nothing }),
  );
  return pino(options, output);
}
