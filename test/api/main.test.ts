import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterAll, describe, expect, it } from 'vitest';
import { type OurProcess, startOurProcess } from '../support/our-process.ts';
import { redisUrl, temporaryFolder, uniquePrefix } from '../support/servers.ts';

const processes: OurProcess[] = [];
afterAll(() => Promise.all(processes.map((process) => process.killTree())));

const secretKey = 'a-secret-key-only-for-tests';
const apiKey = 'bootstrap-key-for-tests';

async function environment(): Promise<Record<string, string>> {
  const shared = {
    REDIS_URL: redisUrl(),
    REDIS_PREFIX: uniquePrefix(),
    SECRET_KEY: secretKey,
    BOOTSTRAP_API_KEY: apiKey,
  };
  return { ...shared, DATA_DIR: await temporaryFolder(), PORT: '0' };
}

function start(env: Record<string, string>): OurProcess {
  const process = startOurProcess('api/main.js', env);
  processes.push(process);
  return process;
}

describe('the API process', () => {
  it('listens, knows the bootstrap key, and ends in order on SIGTERM', async () => {
    const api = start(await environment());
    const { address } = await api.logged('listening');
    const answer = await fetch(`${address}/v1/renders`, { headers: { authorization: `Bearer ${apiKey}` } });
    expect(await answer.json()).toEqual({ data: [], nextCursor: null });
    const ready = await fetch(`${address}/readyz`);
    const stores = { database: 'ok', queue: 'ok', objectStore: 'ok' };
    // No worker runs.
    expect([ready.status, await ready.json()]).toEqual([
      200,
      { status: 'degraded', checks: { ...stores, workers: 'unavailable', journal: 'ok' } },
    ]);
    const { links } = (await (await fetch(`${address}/`)).json()) as { links: { docs: string } };
    // PORT is 0 here: links lead to the port that was chosen.
    expect(new URL(links.docs).port).toBe(new URL(address as string).port);
    expect(await api.end('SIGTERM')).toEqual({ code: 0, signal: null });
  });

  it('refuses another SECRET_KEY than the one its database was made with', async () => {
    const env = await environment();
    const first = start(env);
    await first.logged('listening');
    await first.end('SIGINT');
    const second = start({ ...env, SECRET_KEY: 'another-secret-key-for-tests' });
    expect((await second.ended).code).toBe(2);
    expect(second.lines.join('\n')).toContain(
      'SECRET_KEY="(another key)": expected the one that this database was made with',
    );
    const third = start(env);
    await third.logged('listening');
    await third.end('SIGTERM');
  });

  it('tells every mistake of its configuration at once', async () => {
    const api = start({ PORT: 'http', OPEN_QR: 'maybe' });
    expect((await api.ended).code).toBe(2);
    for (const variable of ['PORT', 'OPEN_QR', 'SECRET_KEY', 'REDIS_URL'])
      expect(api.lines.join('\n')).toContain(variable);
  });

  it('says so when its port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const port = String((other.address() as { port: number }).port);
    const api = start({ ...(await environment()), PORT: port });
    expect((await api.ended).code).toBe(1);
    expect(api.lines.join('\n')).toContain(`127.0.0.1:${port} is taken by another program`);
    other.close();
  });
});
