import { createServer } from 'node:net';
import { expect, it } from 'vitest';
import { connectDatabase } from '../../../../shared/adapters/database/connect-database.ts';
import type { Database } from '../../../../shared/adapters/database/database.ts';
import { newRender, noon, renderResult } from '../../../suites/database/rows.ts';
import { silent } from '../../../suites/database.ts';
import { mongoDatabase } from '../../../support/mongo-database.ts';
import { describeOn, servers } from '../../../support/servers.ts';
import { proxyTo, type ServerProxy } from '../../../support/toxiproxy.ts';

const both = servers.mongo && servers.toxiproxy && { mongo: servers.mongo, toxiproxy: servers.toxiproxy };
const away = { kind: 'unavailable', code: 'database_unavailable' };

/** Well above the time limits of a call (server selection, socket, and one retry), well below "hangs". */
const patienceMs = 15_000;

async function reconnected(database: Database): Promise<void> {
  for (const until = Date.now() + 30_000; ; ) {
    try {
      return await database.ping();
    } catch (error) {
      if (Date.now() > until) throw error;
    }
  }
}

async function throughProxy(
  { mongo, toxiproxy }: { mongo: string; toxiproxy: string },
  use: (database: Database, proxy: ServerProxy) => Promise<void>,
): Promise<void> {
  const url = new URL(mongoDatabase(mongo));
  const proxy = await proxyTo(toxiproxy, url.host);
  url.host = proxy.host;
  const database = await connectDatabase({ mongoUrl: url.href, dataDir: '/nowhere' }, silent);
  try {
    await use(database, proxy);
  } finally {
    await database.close();
    await proxy.remove();
  }
}

describeOn('MongoDB behind a bad line', both, (urls) => {
  it('is unavailable soon after it was cut off, for every kind of call, and works again by itself', async () => {
    await throughProxy(urls, async (database, proxy) => {
      const row = newRender();
      await database.renders.accept([row], noon);
      await proxy.cut();
      const from = Date.now();
      const outcome = { id: row.id, at: noon, result: renderResult, error: null };
      const calls = [
        database.renders.find(row.id),
        database.renders.accept([newRender()], noon),
        database.renders.finish([outcome]),
        database.renders.requeue([{ id: row.id, jobId: 'job', suspect: false }], noon),
        database.renders.countStart(row.id, noon),
        database.claimSetting('name', 'value'),
        database.ping(),
      ];
      await Promise.all(calls.map((call) => expect(call).rejects.toMatchObject(away)));
      expect(Date.now() - from).toBeLessThan(patienceMs);
      await proxy.restore();
      await reconnected(database);
      expect(await database.renders.find(row.id)).toMatchObject({ status: 'queued' });
      expect(await database.renders.finish([outcome])).toEqual([row.id]);
    });
  });

  it('is unavailable soon after it froze, and works again by itself', async () => {
    await throughProxy(urls, async (database, proxy) => {
      const row = newRender();
      await database.renders.accept([row], noon);
      await proxy.slow(3_600_000);
      const from = Date.now();
      const calls = [database.renders.find(row.id), database.renders.accept([newRender()], noon), database.ping()];
      await Promise.all(calls.map((call) => expect(call).rejects.toMatchObject(away)));
      expect(Date.now() - from).toBeLessThan(patienceMs);
      await proxy.restore();
      await reconnected(database);
      expect(await database.renders.accept([row], noon + 1)).toMatchObject([{ started: true }]);
    });
  });

  it('ends every accept that it cut in the middle as stored or as unavailable', async () => {
    await throughProxy(urls, async (database, proxy) => {
      const groups = Array.from({ length: 20 }, () => Array.from({ length: 16 }, () => newRender()));
      const accepting = Promise.allSettled(groups.map((group) => database.renders.accept(group, noon)));
      await proxy.cut();
      const settled = await accepting;
      await proxy.restore();
      await reconnected(database);
      for (const [index, group] of groups.entries()) {
        const ids = group.map(({ id }) => id);
        const result = settled[index];
        if (result?.status === 'rejected') expect(result.reason).toMatchObject(away);
        else expect(await database.renders.findMany(ids)).toHaveLength(ids.length);
        const again = await database.renders.accept(group, noon + 1);
        expect(again.map(({ started }) => started)).toEqual(ids.map(() => true));
      }
    });
  });
});

it('MongoDB that is not there fails the start with a clear error, after a few tries', async () => {
  const server = createServer();
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
  });
  await new Promise((resolve) => server.close(resolve));
  const mongoUrl = `mongodb://user:secret-word@127.0.0.1:${port}/nothing`;
  const failure = await connectDatabase({ mongoUrl, dataDir: '/nowhere' }, silent).catch((error: unknown) => error);
  expect(failure).toMatchObject(away);
  expect(String(failure)).toMatch(/ECONNREFUSED/);
  expect(String(failure)).not.toMatch(/secret-word/);
});
