import { type Logger, pino } from 'pino';

export type Log = Logger;

export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** Makes the structured log of one process: JSON lines on standard output, each with the process's `part`. */
export function createLog(part: string, level: LogLevel): Log {
  return pino({ level, base: { part, pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime });
}
