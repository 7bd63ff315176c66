import { fork } from 'node:child_process';
import type { Launched } from './supervise.ts';

export type ForkOptions = {
  entry: string;
  env: NodeJS.ProcessEnv;
  args?: string[];
  /** Of the child, besides our own. */
  nodeFlags?: string[];
  /** Hears what the child waits for at its start, and why. */
  onWaiting?: (what: string) => void;
};

/**
 * Starts one of our services as a child process; ready when it says so over the channel between the two (`runService`).
 *
 * It is in a process group of its own, so Ctrl-C in a terminal reaches its parent alone, which then says who ends when; and
 * it drains by itself when the channel breaks because the parent died.
 */
export function forkService({
  entry,
  env,
  args = [],
  nodeFlags = [],
  onWaiting,
}: ForkOptions): Launched<Record<string, unknown>> {
  const child = fork(entry, args, {
    env,
    execArgv: [...process.execArgv, ...nodeFlags],
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const ready = new Promise<Record<string, unknown>>((resolve, reject) => {
    child.on('message', (message) => {
      if (isReadyMessage(message)) resolve(message.ready);
      if (isWaitingMessage(message)) onWaiting?.(message.waiting);
    });
    child.once('exit', (code, signal) =>
      reject(new Error(`It ended before it was ready: ${signal ?? `exit code ${code}`}`)),
    );
    child.once('error', reject);
  });
  return { child, ready };
}

function isReadyMessage(message: unknown): message is { ready: Record<string, unknown> } {
  return typeof message === 'object' && message !== null && 'ready' in message;
}

function isWaitingMessage(message: unknown): message is { waiting: string } {
  return typeof message === 'object' && message !== null && 'waiting' in message;
}
