import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { DatabaseConfig } from '../../shared/config.ts';

export type DatabaseTask =
  | { does: 'accept'; config: DatabaseConfig; ids: string[] }
  | { does: 'accept for ever'; config: DatabaseConfig }
  | { does: 'connect'; config: DatabaseConfig };

const entry = fileURLToPath(new URL('../../dist/test/support/database-process.js', import.meta.url));

export type DatabaseProcess = {
  child: ChildProcess;
  /** What it has printed so far. */
  printed: string[];
  /** Waits until it has printed this many lines. */
  reaches(count: number): Promise<void>;
  /** All it printed, when it has ended well. @throws with its standard error otherwise. */
  lines(): Promise<string[]>;
};

/** Starts a process that does `task` on a database. */
export function startDatabaseProcess(task: DatabaseTask): DatabaseProcess {
  const child = spawn(process.execPath, [entry, JSON.stringify(task)], { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(child, 'close') as Promise<[number | null]>;
  const printed: string[] = [];
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaint += chunk;
  });
  const output = createInterface({ input: child.stdout });
  output.on('line', (line) => printed.push(line));
  return {
    child,
    printed,
    async reaches(count) {
      while (printed.length < count) await Promise.race([once(output, 'line'), ended.then(() => assertAlive())]);
    },
    async lines() {
      const [code] = await ended;
      if (code !== 0) throw new Error(`A process at the database ended with ${code}:\n${complaint}`);
      return printed;
    },
  };

  function assertAlive(): never {
    throw new Error(`A process at the database ended too early:\n${complaint}`);
  }
}
