import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { pino } from 'pino';
import { expect, it, onTestFinished, vi } from 'vitest';
import { createRequestLog } from '../../api/middleware/request-log.ts';
import { type Redirects, startRedirects } from '../../api/start-redirects.ts';
import { connectDatabase } from '../../shared/adapters/database/connect-database.ts';
import type { Database } from '../../shared/adapters/database/database.ts';
import type { Queues } from '../../shared/adapters/queues.ts';
import type { Heard } from '../../shared/adapters/redis-channel.ts';
import { parseConfig } from '../../shared/config.ts';
import { unavailable } from '../../shared/errors.ts';
import { ReleaseStack } from '../../shared/release-stack.ts';
import { Tally } from '../../shared/tally.ts';
import { temporaryFolder } from '../support/servers.ts';
import { codeRow } from './support/code-row.ts';
import { noLimits } from './support/redirects-under-test.ts';

const log = pino({ level: 'silent' });

/** The redirects of one process over `dataDir`, whose database is there once it is told so. */
async function startIn(
  dataDir: string,
  followers = new Set<Heard['changed']>(),
): Promise<{ redirects: Redirects; there(database: Database): void; stop(): Promise<void> }> {
  const config = parseConfig({ DATA_DIR: dataDir }, 'start');
  const releases = new ReleaseStack();
  let database: Database | null = null;
  let tell = (): void => undefined;
  const databaseThere = new Promise<void>((resolve) => {
    tell = resolve;
  });
  const silent = { onForgotten: () => () => undefined, onEnded: () => () => undefined };
  const channel = {
    onChanged(listener: Heard['changed']) {
      followers.add(listener);
      return () => followers.delete(listener);
    },
    async announceChanged(slugs: string[]) {
      for (const follow of followers) follow(slugs);
    },
  };
  const queues = { ...silent, ...channel, enqueue: async () => undefined } as unknown as Queues;
  const tally = new Tally();
  const redirects = await startRedirects(
    { config, log, releases, stopping: new AbortController().signal },
    {
      database() {
        if (database === null) throw unavailable('database_unavailable', 'The database is not connected yet');
        return database;
      },
      databaseThere,
      queues,
      now: () => Date.now(),
      requests: createRequestLog(log, tally),
      tally,
      rateLimits: noLimits,
      clientAddress: () => null,
      graceMs: () => 0,
    },
  );
  return {
    redirects,
    there(connected) {
      database = connected;
      tell();
    },
    stop: () => releases.release(),
  };
}

it('leads where a code was last sent, and to one that no earlier process knew, when the database is there half a second late', async () => {
  const dataDir = await temporaryFolder();
  const database = await connectDatabase({ mongoUrl: null, dataDir }, log);
  onTestFinished(() => database.close());
  const row = codeRow();
  await database.codes.insert([row]);

  const first = await startIn(dataDir);
  first.there(database);
  first.redirects.codeChanged(row);
  await first.stop();
  const { version } = row.current;
  const current = { version: version + 1, target: 'https://example.com/new', from: 2000, changedBy: 'key_1' };
  await database.codes.replace({ ...row, current, revision: 2 });
  await database.codes.insert([codeRow({ id: 'cod_fresh', slug: 'fresh' })]);

  const next = await startIn(dataDir);
  const server = createServer((...both) => next.redirects.handle(...both)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.close();
    await next.stop();
  });
  expect(next.redirects.knownAtStart).toBe(1);
  const { port } = server.address() as AddressInfo;
  const get = (slug: string) => fetch(`http://127.0.0.1:${port}/${slug}`, { redirect: 'manual' });
  const answers = ['ab3de9xk', 'fresh'].map(get);
  await pause(500);
  next.there(database);
  expect((await Promise.all(answers)).map((answer) => answer.headers.get('location'))).toEqual([
    'https://example.com/new',
    'https://example.com/menu',
  ]);
});

it('leads where another process sent a code, although nobody scanned it here since and the database is away from the start on', async () => {
  const database = await connectDatabase({ mongoUrl: null, dataDir: await temporaryFolder() }, log);
  onTestFinished(() => database.close());
  const row = codeRow();
  await database.codes.insert([row]);
  const followers = new Set<Heard['changed']>();
  const dataDir = await temporaryFolder();
  const [here, there] = [await startIn(dataDir, followers), await startIn(await temporaryFolder(), followers)];
  onTestFinished(async () => {
    await here.stop();
    await there.stop();
  });
  for (const process of [here, there]) process.there(database);
  here.redirects.codeMade(row);
  const current = { version: 2, target: 'https://example.com/new', from: 2000, changedBy: 'key_1' };
  const changed = { ...row, current, revision: 2 };
  await database.codes.replace(changed);
  there.redirects.codeChanged(changed);

  // The process here is killed after that: nothing of it is stopped.
  const known = async () => readFile(join(dataDir, 'known-codes'), 'utf8').catch(() => '');
  await vi.waitFor(async () => expect(await known()).toContain('https://example.com/new'));
});
