import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { TestProject } from 'vitest/node';
import {
  canInstallRedisServer,
  findRedisServer,
  installRedisServer,
  startRedisServer,
} from '../../shared/adapters/embedded-redis.ts';
import type {} from './servers.ts';

const root = join(import.meta.dirname, '../..');

/** Compiles everything into dist/, for tests that start real processes and worker threads. */
async function compile(): Promise<void> {
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  try {
    await promisify(execFile)(process.execPath, [compiler, '-p', 'test/tsconfig.json'], { cwd: root });
  } catch (error) {
    // The compiler has written its output all the same, so that one wrong type does not stop every test.
    console.error(`The sources have type errors:\n${(error as { stdout?: string }).stdout ?? error}`);
  }
}

/** Compiles the sources and starts a Redis for this run; answers what stops and removes it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await compile();
  if (!(await findRedisServer()) && (await canInstallRedisServer(process.getuid?.() ?? null)))
    await installRedisServer();
  const folder = await mkdtemp(join(tmpdir(), 'qrf-redis-'));
  const { url, child } = await startRedisServer({ folder });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  project.provide('redisUrl', url);

  return async () => {
    process.off('exit', kill);
    const exit = once(child, 'exit');
    child.kill('SIGTERM');
    await exit;
    await rm(folder, { recursive: true, force: true });
  };
}
