import type { ChildProcess } from 'node:child_process';
import type { Log } from '../shared/log.ts';

const beatMs = 2000;
const signOfLife = 'alive';

/** Tells the parent process every two seconds that this one's event loop turns; returns how to stop it. */
export function showLife(host: NodeJS.Process): () => void {
  const timer = setInterval(() => {
    if (host.connected) host.send?.(signOfLife);
  }, beatMs);
  return () => clearInterval(timer);
}

/**
 * Kills a child that has shown no life for `silentMs`: a drawing that never returns is a crash that waits to be called one.
 *
 * Counts its own turns without a sign rather than time, so that a machine that slept, or a parent that was stopped itself,
 * takes nobody's life.
 */
export function killSilent(
  child: ChildProcess,
  { name, silentMs, log }: { name: string; silentMs: number; log: Log },
): void {
  const limit = Math.ceil(silentMs / beatMs);
  let silentTurns = 0;
  child.on('message', () => {
    silentTurns = 0;
  });
  const timer = setInterval(() => {
    silentTurns++;
    if (silentTurns < limit) return;
    log.error({ child: name, pid: child.pid, silentMs }, `${name} hangs and is killed`);
    child.kill('SIGKILL');
  }, beatMs);
  child.once('exit', () => clearInterval(timer));
  child.once('error', () => clearInterval(timer));
}
