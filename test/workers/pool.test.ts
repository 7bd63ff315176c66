import { afterEach, describe, expect, it } from 'vitest';
import { startOurProcess } from '../support/our-process.ts';
import { redisUrl, temporaryFolder, uniquePrefix } from '../support/servers.ts';
import { gone } from '../support/service-process.ts';

const pools: ReturnType<typeof startOurProcess>[] = [];

afterEach(async () => {
  for (const pool of pools.splice(0)) await pool.killTree();
});

async function startPool(env: Record<string, string> = {}) {
  const pool = startOurProcess('workers/main.js', {
    DATA_DIR: await temporaryFolder(),
    REDIS_URL: redisUrl(),
    REDIS_PREFIX: uniquePrefix(),
    SECRET_KEY: 'only-for-this-test',
    WORKER_PROCESSES: '1',
    ...env,
  });
  pools.push(pool);
  return pool;
}

describe('the pool', () => {
  it('drains its children at SIGTERM and exits 0', async () => {
    const pool = await startPool({ WORKER_PROCESSES: '2' });
    await pool.logged('working');
    const children = await pool.descendants();
    expect(children).toHaveLength(3);
    expect(await pool.end('SIGTERM')).toEqual({ code: 0, signal: null });
    await gone(children);
  });

  it('starts a killed child again and names it', async () => {
    const pool = await startPool();
    await pool.logged('working');
    const [child] = await pool.descendants();
    process.kill(child ?? 0, 'SIGKILL');
    expect(await pool.logged('worker 1 died and is started again')).toMatchObject({ signal: 'SIGKILL', deaths: 1 });
    await expect.poll(async () => (await pool.descendants()).length, { timeout: 20_000 }).toBe(2);
    expect(await pool.end('SIGTERM')).toEqual({ code: 0, signal: null });
  });

  it('leaves no children behind when it dies by kill -9', async () => {
    const pool = await startPool();
    await pool.logged('working');
    const children = await pool.descendants();
    await pool.end('SIGKILL');
    await gone(children);
  });

  it('waits for a database that is away, says so, and still ends at once at SIGTERM', async () => {
    const pool = await startPool({ MONGO_URL: 'mongodb://127.0.0.1:1/qrf' });
    await pool.logged('The database does not answer; trying again');
    expect(await pool.end('SIGTERM')).toEqual({ code: 0, signal: null });
  });

  it('refuses another SECRET_KEY than that of its database with exit code 2', async () => {
    const folder = { DATA_DIR: await temporaryFolder() };
    const first = await startPool(folder);
    await first.logged('working');
    await first.end('SIGTERM');
    const second = await startPool({ ...folder, SECRET_KEY: 'another-key-than-before' });
    expect(await second.ended).toEqual({ code: 2, signal: null });
    expect(second.lines.join('\n')).toContain('the one that this database was made with');
  });

  it('refuses a wrong configuration with exit code 2', async () => {
    const pool = await startPool({ SECRET_KEY: '', WORKER_CONCURRENCY: '0' });
    expect(await pool.ended).toEqual({ code: 2, signal: null });
    expect(pool.lines.join('\n')).toMatch(/WORKER_CONCURRENCY[\s\S]*SECRET_KEY/);
  });
});
