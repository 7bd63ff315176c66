import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** Where the compiled entries lie: tests run from the sources, benches from what was compiled. */
const dist = join(import.meta.dirname, import.meta.filename.endsWith('.ts') ? '../../dist' : '../..');

export type LogLine = Record<string, unknown> & { msg?: string };

/** One of our own processes under test, with what it has logged. */
export class OurProcess {
  readonly name: string;
  readonly child: ChildProcess;
  readonly lines: string[] = [];
  /** How it ended: exit code, or null and the signal. */
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  readonly #watchers = new Set<(line: LogLine) => void>();

  constructor(name: string, child: ChildProcess) {
    this.name = name;
    this.child = child;
    this.ended = once(child, 'exit').then(([code, signal]) => ({ code, signal }));
    for (const stream of [child.stdout, child.stderr]) {
      if (stream) createInterface({ input: stream }).on('line', (line) => this.#read(line));
    }
  }

  get pid(): number {
    if (this.child.pid === undefined) throw new Error(`${this.name} did not start`);
    return this.child.pid;
  }

  #read(line: string): void {
    this.lines.push(line);
    if (this.lines.length > 2000) this.lines.splice(0, 1000);
    const parsed = parseLogLine(line);
    if (parsed) for (const watcher of this.#watchers) watcher(parsed);
  }

  /** Waits for a log line with this message, one that is there already or the next. */
  async logged(msg: string, timeoutMs = 60_000): Promise<LogLine> {
    const earlier = this.lines.map(parseLogLine).find((line) => line?.msg === msg);
    if (earlier) return earlier;
    return new Promise((resolve, reject) => {
      const finish = (): void => {
        clearTimeout(timer);
        this.#watchers.delete(watcher);
      };
      const watcher = (line: LogLine): void => {
        if (line.msg !== msg) return;
        finish();
        resolve(line);
      };
      const fail = (why: string): void => {
        finish();
        reject(new Error(`${this.name} ${why} before it logged "${msg}":\n${this.lines.slice(-30).join('\n')}`));
      };
      const timer = setTimeout(() => fail(`took over ${timeoutMs} ms`), timeoutMs);
      this.#watchers.add(watcher);
      void this.ended.then(() => fail('ended'));
    });
  }

  /** Sends the signal and answers how the process ended. */
  async end(signal: NodeJS.Signals): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
    this.child.kill(signal);
    return this.ended;
  }

  /** Process ids of its children and their children, as /proc tells. */
  async descendants(): Promise<number[]> {
    return descendantsOf(this.pid);
  }

  /** kill -9 of the process and all below it at once. */
  async killTree(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const pids = [this.pid, ...(await this.descendants())];
    for (const pid of pids) signalIfAlive(pid, 'SIGKILL');
    await this.ended;
  }
}

export function parseLogLine(line: string): LogLine | null {
  if (!line.startsWith('{')) return null;
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    return null;
  }
}

async function descendantsOf(pid: number): Promise<number[]> {
  const listed = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  const children = listed.split(' ').filter(Boolean).map(Number);
  const below = await Promise.all(children.map(descendantsOf));
  return [...children, ...below.flat()];
}

export function signalIfAlive(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** A test is one caller who comes as often as he likes, unless it asks for limits. */
const unlimited = {
  RATE_LIMIT_PER_KEY: '0',
  RATE_LIMIT_PER_ADDRESS: '0',
  RATE_LIMIT_FAILED_AUTH: '0',
  RATE_LIMIT_UNKNOWN: '0',
};

/** Starts a compiled entry (a path below dist/) with nothing of our own environment but PATH and HOME. */
export function startOurProcess(entry: string, env: Record<string, string>, args: string[] = []): OurProcess {
  const child = spawn(process.execPath, ['--enable-source-maps', join(dist, entry), ...args], {
    cwd: join(dist, '..'),
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...unlimited, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  return new OurProcess(entry, child);
}
