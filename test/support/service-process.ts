import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../../shared/adapters/embedded-redis.ts';
import { type Client, createClient, eventually } from './client.ts';
import { type OurProcess, signalIfAlive, startOurProcess } from './our-process.ts';

/** Everything that `npm start` runs, as one process of a test. */
export class ServiceProcess {
  readonly process: OurProcess;
  readonly dataDir: string;
  readonly port: number;

  constructor(process: OurProcess, dataDir: string, port: number) {
    this.process = process;
    this.dataDir = dataDir;
    this.port = port;
  }

  /** Waits until it has printed its greeting; rejects with what it wrote when it ends before. */
  async ready(): Promise<void> {
    const message = once(this.process.child, 'message').then(() => null);
    const ended = await Promise.race([message, this.process.ended]);
    if (ended !== null) throw new Error(`npm start ended with ${ended.code}:\n${this.process.lines.join('\n')}`);
  }

  async apiKey(): Promise<string> {
    return (await readFile(join(this.dataDir, 'api-key'), 'utf8')).trim();
  }

  async client(): Promise<Client> {
    return createClient(`http://127.0.0.1:${this.port}`, await this.apiKey());
  }

  /** The curl line that it printed. */
  async curlLine(): Promise<string> {
    return eventually('a curl line', async () => this.process.lines.find((line) => /^\s+curl /.test(line))?.trim());
  }

  /** The ids of the processes that it runs, by what they are. */
  async children(): Promise<{ api: number; workers: number; redis: number; all: number[] }> {
    const all = await this.process.descendants();
    const commands = await Promise.all(all.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
    const find = (pattern: RegExp): number => {
      const pid = all[commands.findIndex((command) => pattern.test(command))];
      if (pid === undefined) throw new Error(`No ${pattern} among ${commands.join(', ')}`);
      return pid;
    };
    return { api: find(/api\/main\.js/), workers: find(/workers\/main\.js/), redis: find(/redis|valkey/), all };
  }

  /** kill -9 of whatever still runs, also of a Redis that its parent left behind. */
  async destroy(): Promise<void> {
    await this.process.killTree();
    const record = await readFile(join(this.dataDir, 'redis/running.json'), 'utf8').catch(() => null);
    if (record === null) return;
    const { pid } = JSON.parse(record) as { pid: number };
    const workingDir = await realpath(`/proc/${pid}/cwd`).catch(() => null);
    if (workingDir === (await realpath(join(this.dataDir, 'redis')))) signalIfAlive(pid, 'SIGKILL');
  }
}

/** Starts what `npm start` starts, on a free port unless one is given. */
export async function startServiceProcess(
  dataDir: string,
  env: Record<string, string> = {},
  port?: number,
): Promise<ServiceProcess> {
  const chosen = port ?? (await freePort());
  const process = startOurProcess('start.js', {
    DATA_DIR: dataDir,
    PORT: String(chosen),
    WORKER_PROCESSES: '1',
    ...env,
  });
  return new ServiceProcess(process, dataDir, chosen);
}

/** Submits a render that nobody has asked for before and waits for its bytes. */
export async function renderOnce(client: Client): Promise<Buffer> {
  const body = { content: { type: 'text', text: randomUUID() } };
  const answer = await client.post('/v1/renders', body, { accept: 'image/png' });
  if (answer.status !== 200) throw new Error(`POST /v1/renders: ${answer.status} ${await answer.text()}`);
  return Buffer.from(await answer.arrayBuffer());
}

/** Waits until none of these processes is there any more. */
export async function gone(pids: number[]): Promise<void> {
  await eventually(`processes ${pids.join(', ')} end`, async () => {
    const states = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null)));
    return states.every((state) => state === null || /\) Z /.test(state));
  });
}
