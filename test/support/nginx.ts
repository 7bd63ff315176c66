import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../../shared/adapters/embedded-redis.ts';
import { eventually } from './client.ts';

/** Tests run from the sources, benches from what was compiled into dist/. */
const root = join(import.meta.dirname, import.meta.filename.endsWith('.ts') ? '../..' : '../../..');
const example = join(root, 'ops/nginx/qrfactory.conf');
/** Debian's libnginx-mod-http-cache-purge. */
const purgeModule = '/usr/lib/nginx/modules/ngx_http_cache_purge_module.so';

export const hasNginx = spawnSync('nginx', ['-v'], { stdio: 'ignore' }).error === undefined && existsSync(purgeModule);

/** nginx with the repository's example configuration, on a free port; only addresses and the cache's folder are replaced. */
export class Nginx {
  readonly port: number;
  readonly #folder: string;
  #child: ChildProcess | null = null;

  constructor(port: number, folder: string) {
    this.port = port;
    this.#folder = folder;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Starts it in front of two processes of the API (host:port each), and waits until it answers. */
  async start(upstreams: readonly [string, string]): Promise<void> {
    const child = spawn('nginx', ['-p', this.#folder, '-c', await this.#configure(upstreams)], { stdio: 'ignore' });
    this.#child = child;
    await eventually('nginx answers', async () => (await fetch(`${this.url}/healthz`)).status < 600);
  }

  async stop(): Promise<void> {
    if (this.#child === null || this.#child.exitCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await ended;
  }

  /** What it could not do, in its own words. */
  errors(): Promise<string> {
    return readFile(join(this.#folder, 'error.log'), 'utf8');
  }

  async #configure([first, second]: readonly [string, string]): Promise<string> {
    const cache = join(this.#folder, 'cache');
    let site = await readFile(example, 'utf8');
    const put = (from: string, to: string): void => {
      if (!site.includes(from)) throw new Error(`The example configuration of nginx has no "${from}"`);
      site = site.replaceAll(from, to);
    };
    put('server 127.0.0.1:3000 ', `server ${first} `);
    put('server 127.0.0.1:3001 ', `server ${second} `);
    put('listen 8080;', `listen 127.0.0.1:${this.port};`);
    put('/var/cache/nginx/qrfactory', cache);
    await mkdir(cache);
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (what) => `${what}_temp_path ${join(this.#folder, what)};`,
    );
    const main = [
      `load_module ${purgeModule};`,
      // As root it would give its workers another user, who may not enter a temporary folder.
      ...(process.getuid?.() === 0 ? ['user root;'] : []),
      ...['daemon off;', 'worker_processes 1;', `pid ${join(this.#folder, 'pid')};`],
      `error_log ${join(this.#folder, 'error.log')} warn;`,
      ...['events { worker_connections 1024; }', 'http {', 'access_log off;', ...temporary, site, '}'],
    ];
    const file = join(this.#folder, 'nginx.conf');
    await writeFile(file, main.join('\n'));
    return file;
  }
}

/** Picks a port for an nginx that keeps what it has below `folder`, which exists; `start` runs it. */
export async function prepareNginx(folder: string): Promise<Nginx> {
  return new Nginx(await freePort(), folder);
}
