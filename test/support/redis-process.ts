import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Redis } from 'ioredis';
import { findRedisServer, freePort } from '../../shared/adapters/embedded-redis.ts';

type RedisProcessOptions = {
  /** Where its data lie; it starts again with what is there. */
  folder: string;
  /** Whether it keeps an append-only file. Default: yes. */
  appendOnly?: boolean;
  /** As Redis writes it: `4mb`. Default: no limit. */
  maxMemory?: string;
  /** More of its configuration, such as `['--tls-port', '6380']`. */
  more?: string[];
};

/** A redis-server of a test's own, to be frozen, killed, emptied and started again on the same port and folder. */
export class RedisProcess {
  readonly port: number;
  readonly url: string;
  readonly #command: string;
  readonly #args: string[];
  #child: ChildProcess | null = null;

  constructor(command: string, port: number, options: RedisProcessOptions) {
    this.port = port;
    this.url = `redis://127.0.0.1:${port}`;
    this.#command = command;
    this.#args = [
      ...[
        '--port',
        String(port),
        '--bind',
        '127.0.0.1',
        '--dir',
        options.folder,
        '--save',
        '',
        '--loglevel',
        'warning',
      ],
      ...['--appendonly', options.appendOnly === false ? 'no' : 'yes', '--appendfsync', 'everysec'],
      ...['--maxmemory', options.maxMemory ?? '0', '--maxmemory-policy', 'noeviction'],
      ...(options.more ?? []),
    ];
  }

  get pid(): number {
    if (this.#child?.pid === undefined) throw new Error('redis-server is not running');
    return this.#child.pid;
  }

  /** Starts it, with what its folder holds, and waits until it answers. */
  async start(): Promise<void> {
    const child = spawn(this.#command, this.#args, { stdio: 'ignore' });
    this.#child = child;
    const kill = (): void => void child.kill('SIGKILL');
    process.once('exit', kill);
    const exit = once(child, 'exit').then(([code, signal]) => {
      process.off('exit', kill);
      throw new Error(`redis-server on port ${this.port} ended: ${code ?? signal}`);
    });
    exit.catch(() => undefined); // expected, once it runs
    await Promise.race([this.send('PING'), exit]);
  }

  /** SIGTERM, and waits for its end: what it holds is on disk then. */
  stop(): Promise<void> {
    return this.#end('SIGTERM');
  }

  /** SIGKILL, and waits for its end. */
  kill(): Promise<void> {
    return this.#end('SIGKILL');
  }

  /** SIGSTOP: connections stay, nothing answers. */
  freeze(): void {
    this.#child?.kill('SIGSTOP');
  }

  /** SIGCONT; does nothing to a server that runs. */
  thaw(): void {
    this.#child?.kill('SIGCONT');
  }

  async restart(): Promise<void> {
    await this.kill();
    await this.start();
  }

  /** Sends one command on a connection of its own; waits for a server that is still starting. */
  async send(command: string, ...args: (string | number)[]): Promise<unknown> {
    const client = new Redis(this.url, { retryStrategy: () => 20, maxRetriesPerRequest: null });
    client.on('error', () => undefined); // it tries again until the server is there
    try {
      return await client.call(command, ...args);
    } finally {
      client.disconnect();
    }
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill('SIGCONT');
    child.kill(signal);
    await exit;
  }
}

/** Starts a redis-server on a free port; the caller kills it. */
export async function startRedisProcess(options: RedisProcessOptions): Promise<RedisProcess> {
  const command = await findRedisServer();
  if (command === null) throw new Error('Neither redis-server nor valkey-server is on PATH');
  const redis = new RedisProcess(command, await freePort(), options);
  await redis.start();
  return redis;
}
